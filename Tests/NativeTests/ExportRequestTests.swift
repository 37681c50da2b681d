import DynamoDB
import DynamoModel
import JSON
import Testing

/// What DynamoDB is asked, word for word.
@Suite struct ExportRequestTests {
    private static let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"

    @Test func `a full export names its time and its type and nothing that was not asked for`() {
        let request = ExportRequest(
            Self.arn, .full(time: 1_764_000_000, filter: nil), token: "t", bucket: "dumps",
            prefix: "2026-11")
        #expect(
            request.body == [
                "TableArn": .string(Self.arn), "S3Bucket": "dumps", "ClientToken": "t",
                "ExportFormat": "DYNAMODB_JSON", "S3Prefix": "2026-11",
                "ExportType": "FULL_EXPORT", "ExportTime": 1_764_000_000,
            ])
    }

    @Test func `changes are asked for with both images`() {
        var request = ExportRequest(
            Self.arn, .changes(from: 10, to: 20), token: "t", bucket: "dumps", prefix: nil)
        request.bucketOwner = "210987654321"
        request.encryption = .kms(key: "alias/k")
        let body = request.body
        #expect(body["S3Prefix"] == nil)
        #expect(body["S3BucketOwner"] == "210987654321")
        #expect(body["S3SseAlgorithm"] == "KMS")
        #expect(body["S3SseKmsKeyId"] == "alias/k")
        #expect(
            body["IncrementalExportSpecification"] == [
                "ExportFromTime": 10, "ExportToTime": 20, "ExportViewType": "NEW_AND_OLD_IMAGES",
            ])
    }

    @Test func `a condition is taken only where the service judges all of it`() throws {
        let keys = KeySchema(
            partition: KeyAttribute(name: "pk", type: .string),
            sort: KeyAttribute(name: "sk", type: .number))
        func isWhole(_ text: String) throws -> Bool? {
            try ItemFilter(text).pushed(keys: keys)?.isWhole
        }
        #expect(try isWhole("status = 'open'") == true)
        #expect(try isWhole("pk = 'a' AND sk > 3") == true)
        #expect(try isWhole("pk = 'a' AND total > 3") == true)
        #expect(try isWhole("status = 'open' AND lower(name) = 'x'") == false)
        #expect(try isWhole("pk = 'a' AND sk > 3 AND sk < 5") == false)
        let pushed = try #require(try ItemFilter("status = 'open'").pushed(keys: keys))
        let request = ExportRequest(
            Self.arn, .full(time: 1, filter: pushed), token: "t", bucket: "b", prefix: nil)
        #expect(request.body["FilterSpecification"]?["FilterExpression"] != nil)
    }

    @Test func `what ImportTable can't make is not asked of it`() {
        var table = TableDefinition(
            name: "orders-new",
            attributes: [KeyAttribute(name: "pk", type: .string)],
            keys: [KeyElement(attribute: "pk", role: .partition)],
            globalIndexes: [], localIndexes: [], billing: .onDemand(Throughput()))
        table.tableClass = "STANDARD_INFREQUENT_ACCESS"
        table.warmWriteUnits = 10_000
        let body = ImportRequest(table, token: "t", bucket: "b", prefix: "p/data/", .gzip).body
        let parameters = body["TableCreationParameters"]
        #expect(parameters?["TableClass"] == nil)
        #expect(parameters?["WarmThroughput"] == nil)
        #expect(parameters?["BillingMode"] == "PAY_PER_REQUEST")
        #expect(body["InputCompressionType"] == "GZIP")
        #expect(body["S3BucketSource"] == ["S3Bucket": "b", "S3KeyPrefix": "p/data/"])
    }
}
