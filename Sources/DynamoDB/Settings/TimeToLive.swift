import AWS
import DynamoModel
import JSON

extension ReadableTable {
    /// The attribute whose time says when an item expires; nil when nothing does.
    package func timeToLive() async throws(AWSError) -> String? {
        let reply = try await ask(.describeTimeToLive)
        let description = reply["TimeToLiveDescription"]
        switch description?["TimeToLiveStatus"]?.string {
        case "ENABLED", "ENABLING": return description?["AttributeName"]?.string
        default: return nil
        }
    }
}

extension TargetTable {
    /// (API reference, UpdateTimeToLive.) A table takes one such change an hour.
    package func setTimeToLive(_ attribute: String) async throws(AWSError) {
        guard try await timeToLive() != attribute else { return }
        try await set(
            .updateTimeToLive,
            [
                "TableName": .string(name),
                "TimeToLiveSpecification": ["Enabled": true, "AttributeName": .string(attribute)],
            ])
    }
}

extension ReadOperation {
    package static let describeTimeToLive = ReadOperation(
        "DescribeTimeToLive",
        reply: ReplyShape([
            .required(
                "TimeToLiveDescription",
                .object([
                    .optional("TimeToLiveStatus", .name),
                    .optional("AttributeName", .attributeName),
                ]))
        ]))
}

extension Operation {
    package static let updateTimeToLive = Operation(writing: "UpdateTimeToLive", reply: .empty)
}
