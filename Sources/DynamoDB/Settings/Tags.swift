import AWS
import DynamoModel
import JSON

extension ReadableTable {
    func tags(ofARN arn: String) async throws(AWSError) -> [TableSettings.Tag] {
        let tags = try await reader.list(
            .listTagsOfResource, ["ResourceArn": .string(arn)], "Tags"
        ).map { tag in
            TableSettings.Tag(key: tag["Key"]?.string ?? "", value: tag["Value"]?.string ?? "")
        }
        return tags.sorted { $0.key < $1.key }
    }
}

extension TargetTable {
    /// Adds tags, replacing values; others stay. (API reference, TagResource.)
    package func setTags(
        _ tags: [TableSettings.Tag], ofARN arn: String
    ) async throws(AWSError) {
        guard !tags.isEmpty else { return }
        try await set(
            .tagResource, ["ResourceArn": .string(arn), "Tags": .array(tags.map(\.json))])
    }
}

extension ReadOperation {
    package static let listTagsOfResource = ReadOperation(
        "ListTagsOfResource",
        reply: ReplyShape([
            .required(
                "Tags", .list(.object([.required("Key", .name), .optional("Value", .anyText)]))),
            .optional("NextToken", .text(max: 65_536)),
        ]))
}

extension Operation {
    package static let tagResource = Operation(writing: "TagResource", reply: .empty)
}
