import JSON
import Pacing
import System
import Testing

@testable import LocalAWS

/// Bulk operations into a table that is there (developer guide, "Bulk put items").
@Suite(.timeLimit(.minutes(20))) struct BulkTests {
    /// The table `loaded` with one item, the bucket `inbox`, and `reports` for what goes wrong.
    private struct Site {
        let site: ImportSite
        let client: RawClient

        static func request(_ changes: JSON = [:]) -> JSON {
            var request: JSON = [
                "TableName": "loaded",
                "InputS3Configuration": [
                    "S3Bucket": "inbox", "S3KeyPrefix": "in/", "InputFormat": "DYNAMODB_JSON",
                ],
                "OutputS3Configuration": [
                    "S3Bucket": "reports", "S3KeyPrefix": "out", "OutputType": ["ERROR"],
                ],
            ]
            for member in changes.members ?? [] { request[member.name] = member.value }
            return request
        }

        func start(_ changes: JSON = [:]) throws -> RawClient.Reply {
            try client.call("StartBulkPutItems", Self.request(changes))
        }

        /// Starts an operation, which must be accepted.
        func begin(_ changes: JSON = [:]) throws -> JSON {
            let reply = try start(changes)
            return try #require(reply.json?["BulkOperationDescription"], "\(reply.text)")
        }

        func describe(_ begun: JSON) throws -> JSON {
            let reply = try client.call(
                "DescribeBulkOperation", ["BulkOperationArn": begun["BulkOperationArn"] ?? .null])
            return try #require(reply.json?["BulkOperationDescription"], "\(reply.text)")
        }

        func cancel(_ begun: JSON) throws -> RawClient.Reply {
            try client.call(
                "CancelBulkOperation", ["BulkOperationArn": begun["BulkOperationArn"] ?? .null])
        }

        func run(_ changes: JSON = [:]) throws -> JSON {
            let begun = try begin(changes)
            site.finish()
            return try describe(begun)
        }

        func report(_ begun: JSON, _ name: String) -> String? {
            let id = begun["BulkOperationArn"]?.string?.split(separator: "/").last ?? ""
            return site.server.object("out/AWSDynamoDB/\(id)/\(name)", in: "reports")
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private func withTable(
        _ change: (inout ServerOptions) -> Void = { _ in }, _ body: (Site) throws -> Void
    ) throws {
        let make: (inout ServerOptions) -> Void = {
            $0.buckets.append(BucketSetting("reports"))
            change(&$0)
        }
        try ImportSite.with(make) { site in
            #expect(try site.client.call("CreateTable", ImportSite.creation).status == 200)
            site.finish()
            let put: JSON = [
                "TableName": "loaded", "Item": ["pk": ["S": "old"], "v": ["N": "1"]],
            ]
            #expect(try site.client.call("PutItem", put).status == 200)
            try body(Site(site: site, client: site.client))
        }
    }

    @Test func `items of all objects are put over those that are there`() throws {
        try withTable { table in
            let lines = ImportSite.line("old", #","v":{"N":"2"}"#) + ImportSite.line("a")
            try table.site.put(lines, "in/1")
            try table.site.put(ImportSite.line("b"), "in/2")
            try table.site.put(ImportSite.line("c"), "inside")
            let begun = try table.begin(["MaxWriteRequestUnits": 2_000])
            #expect(begun["BulkOperationStatus"] == "IN_PROGRESS")
            #expect(begun["TotalInputBytes"] == nil && begun["EndTime"] == nil)
            #expect(begun["PerformanceTier"] == "STANDARD")
            #expect(begun["MaxWriteRequestUnits"] == 2_000)
            #expect(
                begun["InputS3Configuration"] == Site.request()["InputS3Configuration"])
            table.site.finish()
            let ended = try table.describe(begun)
            #expect(ended["BulkOperationStatus"] == "COMPLETED")
            #expect(ended["ProcessedItemCount"] == 3 && ended["FailedItemCount"] == 0)
            #expect(ended["TotalInputBytes"] == ended["ProcessedInputBytes"])
            #expect(ended["EndTime"]?.double == (begun["StartTime"]?.double ?? 0) + 13)
            #expect(ended["FailureCode"] == nil)
            #expect(
                try table.site.items()
                    == [
                        #"{"pk":{"S":"a"}}"#, #"{"pk":{"S":"b"}}"#,
                        #"{"pk":{"S":"old"},"v":{"N":"2"}}"#,
                    ])
            let usage = ended["BulkOperationUsage"]?.array?.first
            #expect(usage?["BulkPutBytes"]?.int == 3 + 3 + 5 + 3)
            let manifest = try JSON(parsing: try #require(table.report(begun, "manifest.json")))
            #expect(manifest["processedItemCount"] == 3 && manifest["outputs"] == [])
            #expect(table.report(begun, "error/0001.json") == nil)
            #expect(table.site.server.meter["bulk_operations_started"] == 1)
            #expect(table.site.server.meter["tables"]?["loaded"]?["items_written"] == 1)
        }
    }

    @Test func `objects are read one after the other while the operation runs`() throws {
        try withTable { table in
            for key in 1...4 { try table.site.put(ImportSite.line("k\(key)"), "in/\(key)") }
            let begun = try table.begin()
            var counts: [Int?] = []
            for _ in 0..<6 {
                counts.append(try table.describe(begun)["ProcessedItemCount"]?.int)
                table.site.time.advance(by: .seconds(2))
            }
            #expect(counts == [0, 0, 0, 1, 2, 3])
            #expect(try table.describe(begun)["ProcessedItemCount"] == 4)
            #expect(try table.describe(begun)["BulkOperationStatus"] == "IN_PROGRESS")
            table.site.time.advance(by: .seconds(1))
            #expect(try table.describe(begun)["BulkOperationStatus"] == "COMPLETED")
        }
    }

    @Test func `what fails is counted and reported, and the rest is written`() throws {
        try withTable { table in
            let bad = #"{"Item":{"v":{"S":"x"}}}"# + "\n"
            try table.site.put(ImportSite.line("a") + bad + ImportSite.line("b"), "in/1")
            try table.site.put(ImportSite.line("c") + "no JSON\n" + ImportSite.line("d"), "in/2")
            let begun = try table.begin()
            table.site.finish()
            let ended = try table.describe(begun)
            #expect(ended["BulkOperationStatus"] == "COMPLETED_WITH_ERRORS")
            #expect(ended["ProcessedItemCount"] == 5 && ended["FailedItemCount"] == 2)
            #expect(try table.site.items().count == 4)
            let lines = try #require(table.report(begun, "error/0001.json")).split(separator: "\n")
            let faults = try lines.map { try JSON(parsing: String($0)) }
            #expect(faults.count == 2)
            #expect(
                faults[0]
                    == [
                        "itemS3Pointer": ["bucket": "inbox", "key": "in/1", "itemIndex": 1],
                        "errorMessage": ImportSite.missingKey,
                        "Item": ["v": ["S": "x"]],
                    ])
            #expect(faults[1]["itemS3Pointer"]?["itemIndex"] == 1 && faults[1]["Item"] == nil)
            let manifest = try JSON(parsing: try #require(table.report(begun, "manifest.json")))
            #expect(manifest["status"] == "COMPLETED_WITH_ERRORS")
            let output = manifest["outputs"]?.array?.first
            #expect(output?["itemCount"] == 2 && output?["outputType"] == "ERROR")
        }
    }

    @Test func `errors that are not asked for are counted and not reported`() throws {
        try withTable { table in
            try table.site.put("no JSON", "in/1")
            let begun = try table.run([
                "OutputS3Configuration": [
                    "S3Bucket": "reports", "S3KeyPrefix": "out",
                    "OutputType": ["CONDITION_CHECK_FAILURE"],
                ]
            ])
            #expect(begun["FailedItemCount"] == 1)
            #expect(table.report(begun, "manifest.json") != nil)
            #expect(table.report(begun, "error/0001.json") == nil)
        }
    }

    /// The server has no conditions: to write such an item would be worse than to fail.
    @Test func `a line with a condition fails, and is not written`() throws {
        try withTable { table in
            let line =
                #"{"Item":{"pk":{"S":"old"}},"ConditionExpression":"attribute_not_exists(pk)"}"#
            try table.site.put(line, "in/1")
            #expect(try table.run()["BulkOperationStatus"] == "COMPLETED_WITH_ERRORS")
            #expect(try table.site.items() == [#"{"pk":{"S":"old"},"v":{"N":"1"}}"#])
        }
    }

    @Test func `what is cancelled stops, and what was written stays`() throws {
        try withTable { table in
            for key in 1...4 { try table.site.put(ImportSite.line("k\(key)"), "in/\(key)") }
            let begun = try table.begin()
            table.site.time.advance(by: .seconds(8))
            #expect(try table.cancel(begun).json?["BulkOperationStatus"] == "CANCELLING")
            #expect(try table.describe(begun)["BulkOperationStatus"] == "CANCELLING")
            #expect(try table.cancel(begun).json?["BulkOperationStatus"] == "CANCELLING")
            table.site.finish()
            let ended = try table.describe(begun)
            #expect(ended["BulkOperationStatus"] == "CANCELLED")
            #expect(ended["FailureCode"] != nil && ended["FailureMessage"] != nil)
            #expect(ended["EndTime"]?.double == (begun["StartTime"]?.double ?? 0) + 12)
            #expect(ended["ProcessedItemCount"] == 2)
            #expect(try table.site.items().count == 3)
            #expect(table.report(begun, "manifest.json") != nil)
            #expect(try table.cancel(begun).error == "ValidationException")
            #expect(
                try table.client.call(
                    "CancelBulkOperation", ["BulkOperationArn": "arn:none"]
                ).error == "ResourceNotFoundException")
        }
    }

    @Test func `an operation fails without its buckets, its rights or its table`() throws {
        try withTable { table in
            try table.site.put(ImportSite.line("a"), "in/1")
            let input: JSON = ["S3Bucket": "none-such", "InputFormat": "ION"]
            let missing = try table.run(["InputS3Configuration": input])
            #expect(missing["BulkOperationStatus"] == "FAILED")
            #expect(missing["FailureCode"] == "S3NoSuchBucket")
            let output: JSON = ["S3Bucket": "none-such", "OutputType": ["ERROR"]]
            let unreported = try table.run(["OutputS3Configuration": output])
            #expect(unreported["FailureCode"] == "S3NoSuchBucket")
            let foreign: JSON = [
                "S3Bucket": "inbox", "S3BucketOwner": "111111111111",
                "InputFormat": "DYNAMODB_JSON",
            ]
            #expect(
                try table.run(["InputS3Configuration": foreign])["FailureCode"] == "S3AccessDenied")
            #expect(try table.site.items().count == 1)
            let begun = try table.begin()
            #expect(
                try table.client.call("DeleteTable", ["TableName": "loaded"]).status == 200)
            table.site.finish()
            #expect(try table.describe(begun)["BulkOperationStatus"] == "FAILED")
        }
    }

    @Test func `a token gives the same operation for eight hours, to the same request`() throws {
        try withTable { table in
            let token: JSON = ["ClientToken": "t"]
            let begun = try table.begin(token)
            #expect(begun["ClientToken"] == "t")
            table.site.finish()
            let arn = begun["BulkOperationArn"]
            #expect(try table.begin(token)["BulkOperationArn"] == arn, "after its end too")
            let other = try table.start(["ClientToken": "t", "MaxWriteRequestUnits": 1_024])
            #expect(other.error == "IdempotentParameterMismatchException")
            table.site.time.advance(by: .seconds(8 * 3600))
            #expect(try table.begin(token)["BulkOperationArn"] != arn)
            #expect(try table.begin()["ClientToken"] != nil)
        }
    }

    @Test func `requests that break a rule are refused`() throws {
        try withTable { table in
            func without(_ name: String) -> JSON {
                var request = Site.request()
                request[name] = nil
                return request
            }
            func output(_ changes: JSON) -> JSON {
                var output: JSON = ["S3Bucket": "reports", "OutputType": ["ERROR"]]
                for member in changes.members ?? [] { output[member.name] = member.value }
                return Site.request(["OutputS3Configuration": output])
            }
            func input(_ changes: JSON) -> JSON {
                var input: JSON = ["S3Bucket": "inbox", "InputFormat": "ION"]
                for member in changes.members ?? [] { input[member.name] = member.value }
                return Site.request(["InputS3Configuration": input])
            }
            let requests: [(JSON, String)] = [
                (without("TableName"), "TableName"),
                (without("InputS3Configuration"), "inputS3Configuration"),
                (without("OutputS3Configuration"), "outputS3Configuration"),
                (input(["InputFormat": "CSV"]), "[DYNAMODB_JSON, ION]"),
                (input(["InputCompressionType": "LZ4"]), "[GZIP, ZSTD, NONE]"),
                (input(["S3Bucket": .null]), "inputS3Configuration.s3Bucket"),
                (output(["OutputType": []]), "outputType"),
                (output(["OutputType": ["ALL"]]), "outputType"),
                (output(["OutputType": .null]), "outputType"),
                (output(["S3SseAlgorithm": "aws:kms"]), "[AES256, KMS]"),
                (output(["S3SseAlgorithm": "AES256", "S3SseKmsKeyId": "k"]), "S3SseKmsKeyId"),
                (Site.request(["MaxWriteRequestUnits": 1_023]), "greater than or equal to 1024"),
                (Site.request(["PerformanceTier": "FAST"]), "[STANDARD, ACCELERATED]"),
                (Site.request(["ClientToken": "$"]), "clientToken"),
            ]
            for (request, text) in requests {
                let reply = try table.client.call("StartBulkPutItems", request)
                #expect(reply.error == "ValidationException", "\(text): \(reply.text)")
                #expect(reply.message.contains(text), "\(text): \(reply.text)")
            }
            #expect(
                try table.start(["TableName": "none-such"]).error == "ResourceNotFoundException")
            #expect(table.site.server.meter["bulk_operations_started"] == 0)
        }
    }

    @Test func `a table that is being made, or gets an index, is refused`() throws {
        try withTable { (table) throws in
            var creation = ImportSite.creation
            creation["TableName"] = "young"
            #expect(try table.client.call("CreateTable", creation).status == 200)
            #expect(try table.start(["TableName": "young"]).error == "ResourceInUseException")
            let index: JSON = [
                "TableName": "loaded",
                "AttributeDefinitions": [["AttributeName": "v", "AttributeType": "N"]],
                "GlobalSecondaryIndexUpdates": [
                    [
                        "Create": [
                            "IndexName": "by-v", "Projection": ["ProjectionType": "ALL"],
                            "KeySchema": [["AttributeName": "v", "KeyType": "HASH"]],
                        ]
                    ]
                ],
            ]
            #expect(try table.client.call("UpdateTable", index).status == 200)
            #expect(try table.start().error == "ResourceInUseException")
            table.site.finish()
            #expect(try table.start().status == 200)
        }
    }

    @Test func `operations are listed, the newest first`() throws {
        try withTable { table in
            let arns = try (0..<12).map { _ in try table.begin()["BulkOperationArn"] }
            let first = try table.client.call("ListBulkOperations", [:]).json
            let shown = first?["BulkOperationsSummaryList"]?.array ?? []
            #expect(shown.map { $0["BulkOperationArn"] } == arns.suffix(10).reversed())
            let rest = try table.client.call(
                "ListBulkOperations", ["NextToken": first?["NextToken"] ?? .null]
            ).json
            #expect(
                rest?["BulkOperationsSummaryList"]?.array?.map { $0["BulkOperationArn"] }
                    == arns.prefix(2).reversed())
            #expect(rest?["NextToken"] == nil)
            #expect(
                try table.client.call("ListBulkOperations", ["MaxResults": 26]).error
                    == "ValidationException")
        }
    }

    @Test func `Ion and zstd are read`() throws {
        try withTable { table in
            let output = ByteBuffer()
            let writer = ZstdWriter(level: 1)
            Array("$ion_1_0 {Item:{pk:\"a\"}}\n".utf8).withUnsafeBytes {
                writer.write($0, into: output)
            }
            writer.finish(into: output)
            try table.site.put(Array(output.bytes), "in/1")
            let input: JSON = [
                "S3Bucket": "inbox", "S3KeyPrefix": "in/", "InputFormat": "ION",
                "InputCompressionType": "ZSTD",
            ]
            let ended = try table.run(["InputS3Configuration": input])
            #expect(ended["BulkOperationStatus"] == "COMPLETED")
            #expect(ended["ProcessedInputBytes"]?.int == output.count)
            #expect(try table.site.items().count == 2)
        }
    }
}
