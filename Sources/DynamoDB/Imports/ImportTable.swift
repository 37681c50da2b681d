import AWS
import DynamoModel
import JSON

extension TargetTable {
    /// Has DynamoDB make the table of files. Its token protects only while the import is under way:
    /// after an unknown outcome imports are looked at first. (API reference, ImportTable.)
    /// - Parameter body: an ``ImportRequest/body``.
    package func importTable(_ body: JSON) async throws(AWSError) -> ImportDescription {
        ImportDescription(
            try await client.call(.importTable, body, repeatable: false)["ImportTableDescription"]
                ?? [:])
    }

    package func describeImport(_ arn: String) async throws(AWSError) -> ImportDescription {
        let reply = try await client.call(
            .describeImport, ["ImportArn": .string(arn)], repeatable: true)
        return ImportDescription(reply["ImportTableDescription"] ?? [:])
    }

    /// A page of the account's imports, the newest first.
    /// - Returns: the ARNs of those into a table of this name, and where the next page begins.
    package func imports(
        from next: String?
    ) async throws(AWSError) -> (arns: [String], next: String?) {
        var body: JSON = ["PageSize": 25]
        if let next { body["NextToken"] = .string(next) }
        let reply = try await client.call(.listImports, body, repeatable: true)
        let summaries = reply["ImportSummaryList"]?.array ?? []
        // A table that is not made yet has no ARN that could be asked for.
        let own = summaries.filter { $0["TableArn"]?.string?.hasSuffix(":table/\(name)") != false }
        let following = reply["NextToken"]?.string
        guard following == nil || following != next else {
            throw AWSError(absurd: .listImports, "NextToken does not lead on")
        }
        return (own.compactMap { $0["ImportArn"]?.string }, following)
    }
}

extension Operation {
    package static let importTable = Operation(
        writing: "ImportTable",
        reply: ReplyShape([.required("ImportTableDescription", .object(importFields))]))

    package static let describeImport = ReadOperation(
        "DescribeImport",
        reply: ReplyShape([.required("ImportTableDescription", .object(importFields))])
    ).operation

    package static let listImports = ReadOperation(
        "ListImports",
        reply: ReplyShape([
            .optional(
                "ImportSummaryList",
                .list(.object([.required("ImportArn", .arn), .optional("TableArn", .arn)]))),
            .optional("NextToken", .text(max: 8_192)),
        ])
    ).operation

    private static let importFields: [ReplyField] = [
        .required("ImportArn", .arn),
        .required("ImportStatus", .word(ImportDescription.State.allCases.map(\.rawValue))),
        .optional("ClientToken", .name),
        .informing("ImportedItemCount", .whole(ServiceRanges.itemCount)),
        .informing("ErrorCount", .whole(ServiceRanges.itemCount)),
        .informing("FailureCode", .name),
        .informing("FailureMessage", .anyText),
    ]
}
