import JSON

/// How often each operation was asked for and each error answered. May be used from any thread.
final class RequestCounts: @unchecked Sendable {
    // @unchecked: both dictionaries are guarded by `lock`.
    private let lock = Lock()
    private var operations: [Operation: Int] = [:]
    private var errors: [String: Int] = [:]

    func count(_ operation: Operation) {
        lock.withLock { operations[operation, default: 0] += 1 }
    }

    func countError(_ name: String) {
        lock.withLock { errors[name, default: 0] += 1 }
    }

    var json: (operations: JSON, errors: JSON) {
        lock.withLock {
            (
                .object(
                    operations.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                        JSON.Member($0.key.rawValue, JSON($0.value))
                    }),
                .object(
                    errors.sorted { $0.key < $1.key }.map { JSON.Member($0.key, JSON($0.value)) })
            )
        }
    }
}
