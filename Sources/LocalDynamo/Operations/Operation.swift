import Glibc

/// The operations that the server has, by the name in `X-Amz-Target`.
enum Operation: String, CaseIterable, Sendable {
    case batchGetItem = "BatchGetItem"
    case batchWriteItem = "BatchWriteItem"
    case createTable = "CreateTable"
    case deleteItem = "DeleteItem"
    case deleteTable = "DeleteTable"
    case describeTable = "DescribeTable"
    case getItem = "GetItem"
    case listTables = "ListTables"
    case putItem = "PutItem"
    case scan = "Scan"
    case updateItem = "UpdateItem"
    case updateTable = "UpdateTable"

    private static let prefix: StaticString = "DynamoDB_20120810."

    /// The operation that a target names; nil when the server does not have it.
    init?(target: UnsafeRawBufferPointer) {
        let prefix = Self.prefix
        guard target.count > prefix.utf8CodeUnitCount,
            memcmp(target.baseAddress!, prefix.utf8Start, prefix.utf8CodeUnitCount) == 0
        else { return nil }
        let name = UnsafeRawBufferPointer(rebasing: target[prefix.utf8CodeUnitCount...])
        self.init(rawValue: String(decoding: name, as: UTF8.self))
    }

    /// Whether it changes items or tables.
    var isMutating: Bool {
        switch self {
        case .batchWriteItem, .createTable, .deleteItem, .deleteTable, .putItem, .updateItem,
            .updateTable:
            true
        case .batchGetItem, .describeTable, .getItem, .listTables, .scan: false
        }
    }
}
