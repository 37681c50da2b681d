import JSON

/// How often each operation was asked for, of each table too, and each error answered. May be used
/// from any thread.
package final class RequestCounts: @unchecked Sendable {
    // @unchecked: the dictionaries are guarded by `lock`.
    private let lock = Lock()
    private var operations: [Operation: Int] = [:]
    private var tables: [String: [Operation: Int]] = [:]
    private var errors: [String: Int] = [:]

    func count(_ operation: Operation) {
        lock.withLock { operations[operation, default: 0] += 1 }
    }

    /// Counts a request by a table that it names, whatever comes of it.
    func count(_ operation: Operation, table: String) {
        lock.withLock { tables[table, default: [:]][operation, default: 0] += 1 }
    }

    func countError(_ name: String) {
        lock.withLock { errors[name, default: 0] += 1 }
    }

    package var json: (operations: JSON, tables: JSON, errors: JSON) {
        lock.withLock {
            (
                Self.json(operations),
                .object(
                    tables.sorted { $0.key < $1.key }
                        .map { JSON.Member($0.key, Self.json($0.value)) }),
                .object(
                    errors.sorted { $0.key < $1.key }.map { JSON.Member($0.key, JSON($0.value)) })
            )
        }
    }

    private static func json(_ counts: [Operation: Int]) -> JSON {
        .object(
            counts.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { JSON.Member($0.key.rawValue, JSON($0.value)) })
    }
}
