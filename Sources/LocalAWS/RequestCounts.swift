import System

/// How often each operation was asked for, of each table too, and each error answered. May be used
/// from any thread.
package final class RequestCounts: @unchecked Sendable {
    // @unchecked: the counts are guarded by `lock`.
    private let lock = Lock()
    private var operations = OperationCounts()
    private var tables: [String: OperationCounts] = [:]
    private var errors: [String: Int] = [:]
    /// By operation of S3, then by bucket; the empty name is that of ListBuckets.
    private var s3: [S3Operation: [String: Int]] = [:]

    func count(_ operation: Operation) {
        lock.withLock { operations.add(operation) }
    }

    /// Counts a request by a table that it names, whatever comes of it.
    func count(_ operation: Operation, table: String) {
        lock.withLock { tables[table, default: OperationCounts()].add(operation) }
    }

    /// Counts a request to S3 by the bucket that it names, whatever comes of it.
    func count(_ operation: S3Operation, bucket: String?) {
        lock.withLock { s3[operation, default: [:]][bucket ?? "", default: 0] += 1 }
    }

    func countError(_ name: String) {
        lock.withLock { errors[name, default: 0] += 1 }
    }

    package var countedOfS3: [S3Operation: [String: Int]] { lock.withLock { s3 } }

    package var counted:
        (operations: OperationCounts, tables: [String: OperationCounts], errors: [String: Int])
    {
        lock.withLock { (operations, tables, errors) }
    }
}

/// How often each of some operations was asked for. There are few: each is looked for in turn.
package struct OperationCounts: Sendable {
    package private(set) var counts: [(operation: Operation, count: Int)] = []

    mutating func add(_ operation: Operation) {
        for place in counts.indices where counts[place].operation == operation {
            counts[place].count += 1
            return
        }
        counts.append((operation, 1))
    }
}
