/// A DynamoDB operation that the client may be asked to send.
package enum Operation: Int, CaseIterable, Sendable {
    case batchGetItem, batchWriteItem, createTable, deleteItem, deleteTable
    case describeContinuousBackups, describeLimits, describeTable, describeTimeToLive
    case getItem, getResourcePolicy, listTables, listTagsOfResource, putItem, query, scan
    case tagResource, updateContinuousBackups, updateItem, updateTable, updateTimeToLive

    /// As AWS spells it, `BatchWriteItem`.
    package var name: String { Self.names[rawValue] }

    /// The value of `X-Amz-Target`.
    package var target: String { "DynamoDB_20120810." + name }

    /// Whether it changes a table or its items, which is never done to a source.
    package var mutates: Bool {
        switch self {
        case .batchGetItem, .describeContinuousBackups, .describeLimits, .describeTable,
            .describeTimeToLive, .getItem, .getResourcePolicy, .listTables, .listTagsOfResource,
            .query, .scan:
            false
        case .batchWriteItem, .createTable, .deleteItem, .deleteTable, .putItem, .tagResource,
            .updateContinuousBackups, .updateItem, .updateTable, .updateTimeToLive:
            true
        }
    }

    /// Pages of items come in large replies.
    var replies: HTTPReplySize {
        switch self {
        case .batchGetItem, .query, .scan: .large
        default: .small
        }
    }

    // Cases are spelt as AWS's names but for the first letter.
    private static let names = allCases.map { operation in
        let name = "\(operation)"
        return name.prefix(1).uppercased() + name.dropFirst()
    }
}
