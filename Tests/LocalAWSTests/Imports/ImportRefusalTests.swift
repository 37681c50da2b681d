import JSON
import Testing

@testable import LocalAWS

/// What ImportTable refuses at once, and what ends an import later.
@Suite(.timeLimit(.minutes(20))) struct ImportRefusalTests {
    @Test func `requests that break a rule are refused, and nothing is begun`() throws {
        try ImportSite.with { site in
            func without(_ name: String) -> JSON {
                var request = ImportSite.request()
                request[name] = nil
                return request
            }
            func creation(_ name: String, _ value: JSON?) -> JSON {
                var creation = ImportSite.creation
                creation[name] = value
                return ImportSite.request(creation: creation)
            }
            let csv: JSON = ["Csv": ["Delimiter": "#"]]
            let requests: [(JSON, String)] = [
                (without("S3BucketSource"), "'s3BucketSource' failed to satisfy"),
                (without("InputFormat"), "'inputFormat' failed to satisfy"),
                (without("TableCreationParameters"), "'tableCreationParameters' failed"),
                (creation("TableName", nil), "'tableCreationParameters.tableName' failed"),
                (creation("TableName", "a b"), "regular expression pattern"),
                (creation("KeySchema", nil), "'keySchema' failed"),
                (
                    creation("BillingMode", nil),
                    "One or more parameter values were invalid: ReadCapacityUnits and "
                        + "WriteCapacityUnits must both be specified when BillingMode is "
                        + "PROVISIONED"
                ),
                (creation("LocalSecondaryIndexes", []), "LocalSecondaryIndexes"),
                (creation("Tags", []), "Tags"),
                (creation("VectorIndexes", []), "VectorIndexes"),
                (ImportSite.request(["S3BucketSource": ["S3KeyPrefix": "a"]]), "s3Bucket"),
                (ImportSite.request(["S3BucketSource": ["S3Bucket": "-"]]), "s3Bucket"),
                (
                    ImportSite.request([
                        "S3BucketSource": ["S3Bucket": "inbox", "S3BucketOwner": "me"]
                    ]), "s3BucketOwner"
                ),
                (ImportSite.request(["InputFormat": "PARQUET"]), "enum value set"),
                (ImportSite.request(["InputCompressionType": "LZ4"]), "[GZIP, ZSTD, NONE]"),
                (ImportSite.request(["ClientToken": "a$b"]), "clientToken"),
                (
                    ImportSite.request(["InputFormatOptions": ["Csv": ["Delimiter": ";"]]]),
                    "when InputFormat is CSV"
                ),
                (
                    ImportSite.request(["InputFormat": "CSV", "InputFormatOptions": csv]),
                    "delimiter"
                ),
                (
                    ImportSite.request([
                        "InputFormat": "CSV",
                        "InputFormatOptions": ["Csv": ["HeaderList": ["a", "a"]]],
                    ]), "headerList"
                ),
            ]
            for (request, text) in requests {
                let reply = try site.client.call("ImportTable", request)
                #expect(reply.error == "ValidationException", "\(text): \(reply.text)")
                #expect(reply.message.contains(text), "\(text): \(reply.text)")
            }
            #expect(site.server.meter["imports_started"]?.int == 0)
        }
    }

    @Test func `a bucket that is not there or not one's own ends the import, and makes no table`()
        throws
    {
        try ImportSite.with { site in
            let missing = try site.run(["S3BucketSource": ["S3Bucket": "none-such"]])
            #expect(missing["ImportStatus"] == "FAILED")
            #expect(missing["FailureCode"] == "S3NoSuchBucket")
            #expect(
                missing["FailureMessage"]?.string?.hasPrefix("The specified bucket does not exist")
                    == true)
            #expect(missing.counts == [0, 0, 0] && missing["ProcessedSizeBytes"] == 0)
            #expect(try site.tableStatus() == nil)
            let foreign = try site.run([
                "S3BucketSource": ["S3Bucket": "inbox", "S3BucketOwner": "111111111111"]
            ])
            #expect(foreign["FailureCode"] == "S3AccessDenied")
            #expect(try site.tableStatus() == nil)
        }
    }

    @Test func `an import that fails early is over when it has looked at the bucket`() throws {
        try ImportSite.with { site in
            let arn = try site.begin(["S3BucketSource": ["S3Bucket": "none-such"]])
            #expect(try site.describe(arn)["ImportStatus"] == "IN_PROGRESS")
            site.time.advance(by: ImportSite.phase)
            #expect(try site.describe(arn)["ImportStatus"] == "FAILED")
        }
    }

    @Test func `only imports are described, and only those that were`() throws {
        try ImportSite.with { (site) throws in
            let table = "arn:aws:dynamodb:us-east-1:000000000000:table/loaded"
            func error(_ request: JSON) throws -> String? {
                try site.client.call("DescribeImport", request).error
            }
            #expect(try error([:]) == "ValidationException")
            #expect(try error(["ImportArn": .string(table)]) == "ValidationException")
            #expect(
                try error(["ImportArn": .string("\(table)/import/01795000000000-00000000")])
                    == "ImportNotFoundException")
        }
    }

    @Test func `a table that is guarded against writes is guarded against imports`() throws {
        let configure = { (options: inout ServerOptions) in options.denyWrites = ["loaded"] }
        try ImportSite.with(configure) { (site) throws in
            #expect(try site.start().error == "AccessDeniedException")
            #expect(site.server.meter["imports_started"]?.int == 0)
            let count = site.server.meter["requests_by_table"]?["loaded"]?["ImportTable"]?.int
            #expect(count == 1)
        }
    }
}
