import AWS
import DynamoModel
import JSON

extension TargetTable {
    /// Has DynamoDB make the table of files. Its token protects only while the import is under way:
    /// after an unknown outcome imports are looked at first. (API reference, ImportTable.)
    /// - Parameter body: an ``ImportRequest/body``.
    package func importTable(_ body: JSON) async throws(AWSError) -> LoadDescription {
        let reply = try await client.call(.importTable, body, repeatable: false)
        return LoadDescription(ofImport: reply["ImportTableDescription"] ?? [:])
    }

    package func describeImport(_ arn: String) async throws(AWSError) -> LoadDescription {
        let reply = try await client.call(
            .describeImport, ["ImportArn": .string(arn)], repeatable: true)
        return LoadDescription(ofImport: reply["ImportTableDescription"] ?? [:])
    }

    /// A page of the account's imports.
    /// - Returns: the ARNs of those into a table of this name, and where the next page begins.
    package func imports(
        from next: String?
    ) async throws(AWSError) -> (arns: [String], next: String?) {
        let page = try await client.page(
            .listImports, ["PageSize": 25], "ImportSummaryList", from: next)
        // A table that is not made yet has no ARN that could be asked for.
        let own = page.elements.filter {
            $0["TableArn"]?.string?.hasSuffix(":table/\(name)") != false
        }
        return (own.compactMap { $0["ImportArn"]?.string }, page.next)
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
        .required("ImportStatus", LoadDescription.State.words),
        .optional("ClientToken", .name),
        .optional("ImportedItemCount", .whole(ServiceRanges.itemCount)),
        .optional("ErrorCount", .whole(ServiceRanges.itemCount)),
        .informing("FailureCode", .name),
        .informing("FailureMessage", .anyText),
    ]
}
