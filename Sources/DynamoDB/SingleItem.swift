import AWS
import JSON

extension ReadableTable {
    /// An answer without any other member would be no different from what a proxy may make up.
    static var proof: String { "ConsumedCapacity" }

    /// The item of this key as it stands now, all writes that were answered before included; nil
    /// when there is none. (API reference, GetItem.)
    /// - Parameter key: the key attributes, `{"id":{"S":"..."}}`.
    package func item(_ key: JSON) async throws(AWSError) -> JSON? {
        let reply = try await reader.call(
            .getItem,
            [
                "TableName": .string(name), "Key": key, "ConsistentRead": true,
                "ReturnConsumedCapacity": "TOTAL",
            ], member: Self.proof)
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
            ], repeatable: true, member: Self.proof)
    }
}
