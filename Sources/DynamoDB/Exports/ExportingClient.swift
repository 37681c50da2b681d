import AWS
import DynamoModel
import JSON

/// Has DynamoDB export tables, and looks how far it has come. Nothing else of a table can be asked
/// by it: exporting changes no table, but it costs money, and it writes into a bucket.
package struct ExportingClient: Sendable {
    private let client: Client

    package init(_ client: Client) { self.client = client }

    package var endpoint: Endpoint { client.endpoint }

    /// Asks for an export. Its token protects until eight hours after its end: when the outcome is
    /// unknown exports are looked at first. (API reference, ClientToken.)
    /// - Parameter body: an ``ExportRequest/body``.
    package func ask(_ body: JSON) async throws(AWSError) -> ExportDescription {
        let reply = try await client.call(.exportTable, body, repeatable: false)
        return ExportDescription(reply["ExportDescription"] ?? [:])
    }

    package func describe(_ arn: String) async throws(AWSError) -> ExportDescription {
        let reply = try await client.call(
            .describeExport, ["ExportArn": .string(arn)], repeatable: true)
        return ExportDescription(reply["ExportDescription"] ?? [:])
    }

    /// A page of a table's exports, the newest first.
    /// - Returns: their ARNs, and where the next page begins.
    package func list(
        ofTable arn: String, from next: String?
    ) async throws(AWSError) -> (arns: [String], next: String?) {
        let page = try await client.page(
            .listExports, ["TableArn": .string(arn), "MaxResults": 25], "ExportSummaries",
            from: next)
        return (page.elements.compactMap { $0["ExportArn"]?.string }, page.next)
    }

    /// See ``Client/faultsPass()``.
    package func faultsPass() { client.faultsPass() }
}

extension Operation {
    package static let exportTable = Operation(
        writing: "ExportTableToPointInTime",
        reply: ReplyShape([.required("ExportDescription", .object(exportFields))]))

    package static let describeExport = ReadOperation(
        "DescribeExport",
        reply: ReplyShape([.required("ExportDescription", .object(exportFields))])
    ).operation

    package static let listExports = ReadOperation(
        "ListExports",
        reply: ReplyShape([
            .optional("ExportSummaries", .list(.object([.required("ExportArn", .arn)]))),
            .optional("NextToken", .text(max: 8_192)),
        ])
    ).operation

    private static let exportFields: [ReplyField] = [
        .required("ExportArn", .arn),
        .required("ExportStatus", .word(ExportDescription.State.allCases.map(\.rawValue))),
        .optional("ClientToken", .name),
        .informing("ItemCount", .whole(ServiceRanges.itemCount)),
        .informing("FailureCode", .name),
        .informing("FailureMessage", .anyText),
        .optional("ExportTime", .number(ServiceRanges.timestamps)),
        .optional(
            "IncrementalExportSpecification",
            .object([.optional("ExportToTime", .number(ServiceRanges.timestamps))])),
    ]
}
