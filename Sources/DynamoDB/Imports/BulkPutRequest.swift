import AWS
import DynamoModel
import JSON

/// All that DynamoDB is asked when it is to put items of files into a table that is there. (API
/// reference, StartBulkPutItems.)
package struct BulkPutRequest: Equatable, Sendable {
    package var table: String
    package var token: String
    package var bucket: String
    package var bucketOwner: String?
    /// What keys begin with, with its `/`.
    package var prefix: String
    package var compression: ImportRequest.Compression
    /// Where what could not be written is reported, in the same bucket.
    package var reportPrefix: String
    /// At least ``writeUnitsMin``; nil: as fast as the service does.
    package var writeUnits: Int?

    /// (API reference, MaxWriteRequestUnits.)
    package static let writeUnitsMin = 1_024

    package init(
        into table: String, token: String, bucket: String, prefix: String,
        _ compression: ImportRequest.Compression, reportPrefix: String
    ) {
        self.table = table
        self.token = token
        self.bucket = bucket
        self.prefix = prefix
        self.compression = compression
        self.reportPrefix = reportPrefix
    }

    package var body: JSON {
        var input: JSON = [
            "S3Bucket": .string(bucket), "S3KeyPrefix": .string(prefix),
            "InputFormat": "DYNAMODB_JSON", "InputCompressionType": .string(compression.rawValue),
        ]
        var output: JSON = [
            "S3Bucket": .string(bucket), "S3KeyPrefix": .string(reportPrefix),
            "OutputType": ["ERROR"],
        ]
        if let bucketOwner {
            input["S3BucketOwner"] = .string(bucketOwner)
            output["S3BucketOwner"] = .string(bucketOwner)
        }
        var body: JSON = [
            "TableName": .string(table), "InputS3Configuration": input,
            "OutputS3Configuration": output, "ClientToken": .string(token),
        ]
        body["MaxWriteRequestUnits"] = writeUnits.map { JSON($0) }
        return body
    }
}

extension TargetTable {
    /// Has DynamoDB put items of files. Its token protects for eight hours: after an unknown
    /// outcome operations are looked at first. (API reference, StartBulkPutItems.)
    /// - Parameter body: a ``BulkPutRequest/body``.
    package func startBulkPut(_ body: JSON) async throws(AWSError) -> LoadDescription {
        let reply = try await client.call(.startBulkPutItems, body, repeatable: false)
        return LoadDescription(ofBulkPut: reply["BulkOperationDescription"] ?? [:])
    }

    package func describeBulk(_ arn: String) async throws(AWSError) -> LoadDescription {
        let reply = try await client.call(
            .describeBulkOperation, ["BulkOperationArn": .string(arn)], repeatable: true)
        return LoadDescription(ofBulkPut: reply["BulkOperationDescription"] ?? [:])
    }

    /// A page of the account's bulk operations, and where the next begins.
    package func bulkOperations(
        from next: String?
    ) async throws(AWSError) -> (arns: [String], next: String?) {
        let page = try await client.page(
            .listBulkOperations, ["MaxResults": 25], "BulkOperationsSummaryList", from: next)
        return (page.elements.compactMap { $0["BulkOperationArn"]?.string }, page.next)
    }
}

extension Operation {
    package static let startBulkPutItems = Operation(
        writing: "StartBulkPutItems",
        reply: ReplyShape([.required("BulkOperationDescription", .object(bulkFields))]))

    package static let describeBulkOperation = ReadOperation(
        "DescribeBulkOperation",
        reply: ReplyShape([.required("BulkOperationDescription", .object(bulkFields))])
    ).operation

    package static let listBulkOperations = ReadOperation(
        "ListBulkOperations",
        reply: ReplyShape([
            .optional(
                "BulkOperationsSummaryList", .list(.object([.required("BulkOperationArn", .arn)]))),
            .optional("NextToken", .text(max: 8_192)),
        ])
    ).operation

    private static let bulkFields: [ReplyField] = [
        .required("BulkOperationArn", .arn),
        .required("BulkOperationStatus", LoadDescription.State.words),
        .optional("ClientToken", .name),
        .optional("ProcessedItemCount", .whole(ServiceRanges.itemCount)),
        .optional("FailedItemCount", .whole(ServiceRanges.itemCount)),
        .informing("FailureCode", .name),
        .informing("FailureMessage", .anyText),
    ]
}
