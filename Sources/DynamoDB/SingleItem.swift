import AWS
import DynamoModel
import JSON

extension ReadableTable {
    /// The item of this key as it stands now, all writes that were answered before included; nil
    /// when there is none. (API reference, GetItem.)
    /// - Parameter key: the key attributes, `{"id":{"S":"..."}}`.
    package func item(_ key: JSON) async throws(AWSError) -> JSON? {
        let reply = try await reader.call(
            .getItem,
            [
                "TableName": .string(name), "Key": key, "ConsistentRead": true,
                "ReturnConsumedCapacity": "TOTAL",
            ])
        return reply["Item"]
    }
}

extension TargetTable {
    /// Puts one item, whatever stands there. (API reference, PutItem.)
    package func put(_ item: JSON) async throws(AWSError) {
        _ = try await client.call(
            .putItem,
            [
                "TableName": .string(name), "Item": item, "ReturnConsumedCapacity": "TOTAL",
            ], repeatable: true)
    }
}

// An answer without any other member would be no different from what a proxy may make up.

extension ReadOperation {
    package static let getItem = ReadOperation(
        "GetItem", items: true,
        reply: ReplyShape([
            .optional("Item", .item),
            .reported("ConsumedCapacity", .consumed(ServiceRanges.readUnits)),
        ]))
}

extension Operation {
    /// Read in place, by `PutReplyCutter`, where items are copied.
    package static let putItem = Operation(
        writing: "PutItem",
        reply: ReplyShape([
            .optional("Attributes", .item),
            .reported("ConsumedCapacity", .consumed(ServiceRanges.writeUnits)),
        ]))
}
