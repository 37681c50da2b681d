import JSON
import System
import Testing

@testable import LocalAWS

/// How an import goes, from its request to its end (developer guide, "DynamoDB data import").
@Suite(.timeLimit(.minutes(20))) struct ImportTests {
    @Test func `no operation knows the table at first, and it is active before the import is over`()
        throws
    {
        try ImportSite.with { site in
            try site.put(ImportSite.line("a"), "data/one.json")
            let reply = try site.start(prefix: "data/")
            let first = try #require(reply.json?["ImportTableDescription"])
            let arn = try #require(first["ImportArn"]?.string)
            #expect(first["ImportStatus"] == "IN_PROGRESS")
            for name in ["EndTime", "FailureCode", "FailureMessage", "ProcessedSizeBytes"] {
                #expect(first[name] == nil, "\(name)")
            }
            let unknown = try site.client.call("DescribeTable", ["TableName": "loaded"])
            #expect(unknown.error == "ResourceNotFoundException")
            site.time.advance(by: ImportSite.phase)
            #expect(try site.tableStatus() == "CREATING")
            #expect(
                try site.client.call("Scan", ["TableName": "loaded"]).error
                    == "ResourceNotFoundException")
            #expect(try site.describe(arn).counts == [0, 0, 0])
            site.time.advance(by: ImportSite.phase * 2)
            #expect(try site.tableStatus() == "ACTIVE")
            #expect(try site.items().count == 1, "items are there as soon as it is ACTIVE")
            let late = try site.describe(arn)
            #expect(late["ImportStatus"] == "IN_PROGRESS")
            #expect(late.counts == [0, 0, 0])
            #expect(late["ProcessedSizeBytes"] == nil && late["EndTime"] == nil)
            site.time.advance(by: ImportSite.phase / 4)
            let last = try site.describe(arn)
            #expect(last["ImportStatus"] == "COMPLETED")
            #expect(last.counts == [1, 1, 0])
            #expect(last["ProcessedSizeBytes"]?.int == ImportSite.line("a").utf8.count)
            #expect(last["EndTime"]?.double == (first["StartTime"]?.double ?? 0) + 13)
            #expect(last["FailureCode"] == nil)
            #expect(last["TableId"] == first["TableId"])
            let table = try site.client.call("DescribeTable", ["TableName": "loaded"]).json
            #expect(table?["Table"]?["TableId"] == first["TableId"])
            #expect(table?["Table"]?["TableArn"] == first["TableArn"])
        }
    }

    @Test func `a description repeats what was asked for`() throws {
        try ImportSite.with { site in
            let csv: JSON = ["Csv": ["Delimiter": ";", "HeaderList": ["pk", "n"]]]
            let reply = try site.start([
                "InputFormat": "CSV", "InputFormatOptions": csv, "InputCompressionType": "ZSTD",
                "ClientToken": "once",
            ])
            let json = try #require(reply.json?["ImportTableDescription"])
            #expect(json["TableCreationParameters"] == ImportSite.creation)
            #expect(json["InputFormat"] == "CSV" && json["InputCompressionType"] == "ZSTD")
            #expect(json["InputFormatOptions"] == csv)
            #expect(json["ClientToken"] == "once")
            #expect(
                json["S3BucketSource"]
                    == [
                        "S3Bucket": "inbox", "S3KeyPrefix": "", "S3BucketOwner": "000000000000",
                    ])
            #expect(
                json["CloudWatchLogGroupArn"]?.string
                    == "arn:aws:logs:us-east-1:000000000000:log-group:/aws-dynamodb/imports:*")
            let arn = try #require(json["ImportArn"]?.string)
            let prefix = "arn:aws:dynamodb:us-east-1:000000000000:table/loaded/import/"
            #expect(arn.hasPrefix(prefix + "01795000000000-"))
            #expect(arn.utf8.count == prefix.utf8.count + 23)
        }
    }

    @Test func `a prefix is plain text, and an empty match makes an empty table`() throws {
        try ImportSite.with { site in
            for key in ["data", "data/1", "data2/1", "date"] {
                try site.put(ImportSite.line(key), key)
            }
            #expect(try site.run(prefix: "data").counts == [3, 3, 0])
            var creation = ImportSite.creation
            creation["TableName"] = "one-object"
            #expect(try site.run(prefix: "data2/1", creation: creation).counts == [1, 1, 0])
            creation["TableName"] = "nothing"
            let none = try site.run(prefix: "none/", creation: creation)
            #expect(none["ImportStatus"] == "COMPLETED")
            #expect(none.counts == [0, 0, 0] && none["ProcessedSizeBytes"] == 0)
            #expect(try site.tableStatus("nothing") == "ACTIVE")
            #expect(try site.items("nothing").isEmpty)
        }
    }

    @Test func `of two imports into one name one ends with TableAlreadyExists`() throws {
        try ImportSite.with { site in
            try site.put(ImportSite.line("a"), "a")
            let (first, second) = (try site.begin(), try site.begin())
            #expect(first != second)
            site.finish()
            #expect(try site.describe(first)["ImportStatus"] == "COMPLETED")
            let failed = try site.describe(second)
            #expect(failed["ImportStatus"] == "FAILED")
            #expect(failed["FailureCode"] == "TableAlreadyExists")
            #expect(failed.counts == [0, 0, 0])
        }
    }

    @Test func `a name that exists is refused until its table is gone`() throws {
        try ImportSite.with { site in
            _ = try site.run()
            let active = try site.start()
            #expect(active.error == "ResourceInUseException")
            #expect(active.message == "Table already exists: loaded")
            #expect(try site.client.call("DeleteTable", ["TableName": "loaded"]).status == 200)
            #expect(try site.start().error == "ResourceInUseException", "it is DELETING")
            site.finish()
            #expect(try site.run()["ImportStatus"] == "COMPLETED")
        }
    }

    @Test func `a token protects while its import runs, and no longer`() throws {
        try ImportSite.with { site in
            try site.put(ImportSite.line("a"), "one/a")
            try site.put(ImportSite.line("b"), "two/b")
            let token: JSON = ["ClientToken": "t"]
            let arn = try site.begin(token, prefix: "one/")
            #expect(try site.begin(token, prefix: "two/") == arn, "another prefix is ignored")
            site.time.advance(by: ImportSite.phase * 2)
            #expect(try site.begin(token) == arn, "the table is there already")
            var creation = ImportSite.creation
            creation["TableName"] = "other"
            #expect(try site.start(token, creation: creation).error == "ImportConflictException")
            site.finish()
            #expect(try site.items() == [#"{"pk":{"S":"a"}}"#])
            #expect(try site.start(token).error == "ResourceInUseException")
            #expect(try site.begin(token, creation: creation) != arn)
            #expect(site.server.meter["imports_started"]?.int == 2)
        }
    }

    @Test func `of items with one key any may stay, and all are counted`() throws {
        try ImportSite.with { site in
            let lines = (0..<40).map { key in
                (0..<2).map { ImportSite.line("k\(key)", #","v":{"N":"\#($0)"}"#) }.joined()
            }
            try site.put(lines.joined(), "a")
            #expect(try site.run().counts == [80, 80, 0])
            let items = site.server.items(of: "loaded").map { String(decoding: $0, as: UTF8.self) }
            #expect(items.count == 40)
            let firsts = items.count { $0.contains(#""N":"0""#) }
            #expect((1..<40).contains(firsts), "\(firsts)")
        }
    }

    @Test func `a table is made as it is asked for, and its indexes are filled`() throws {
        try ImportSite.with { site in
            try site.put(
                ImportSite.line("a", #","g":{"N":"7"}"#) + ImportSite.line("b"), "a")
            var creation = ImportSite.creation
            creation["AttributeDefinitions"] = [
                ["AttributeName": "pk", "AttributeType": "S"],
                ["AttributeName": "g", "AttributeType": "N"],
            ]
            creation["BillingMode"] = "PROVISIONED"
            creation["ProvisionedThroughput"] = ["ReadCapacityUnits": 3, "WriteCapacityUnits": 4]
            creation["SSESpecification"] = ["Enabled": true, "SSEType": "KMS"]
            creation["GlobalSecondaryIndexes"] = [
                [
                    "IndexName": "by-g", "KeySchema": [["AttributeName": "g", "KeyType": "HASH"]],
                    "Projection": ["ProjectionType": "ALL"],
                    "ProvisionedThroughput": ["ReadCapacityUnits": 1, "WriteCapacityUnits": 1],
                ]
            ]
            #expect(try site.run(creation: creation)["ImportStatus"] == "COMPLETED")
            let table = try site.client.call("DescribeTable", ["TableName": "loaded"]).json?[
                "Table"]
            #expect(table?["ProvisionedThroughput"]?["WriteCapacityUnits"] == 4)
            #expect(table?["SSEDescription"]?["SSEType"] == "KMS")
            let index = try site.client.call(
                "Scan", ["TableName": "loaded", "IndexName": "by-g"])
            #expect(index.json?["Count"] == 1)
            #expect(
                site.server.meter["tables"]?["loaded"]?["write_units"]?.double == 0,
                "an import takes no units")
        }
    }

    @Test func `imports are listed, the newest first, running ones too`() throws {
        try ImportSite.with { site in
            var arns: [String] = []
            for place in 0..<30 {
                var creation = ImportSite.creation
                creation["TableName"] = .string("table-\(place % 2)-\(place)")
                arns.append(try site.begin(creation: creation))
            }
            func list(_ request: JSON) throws -> (arns: [String?], next: JSON?) {
                let json = try site.client.call("ListImports", request).json
                let summaries = json?["ImportSummaryList"]?.array ?? []
                return (summaries.map { $0["ImportArn"]?.string }, json?["NextToken"])
            }
            let first = try list([:])
            #expect(first.arns == arns.suffix(25).reversed().map { $0 })
            let token = try #require(first.next)
            #expect((token.string ?? "").utf8.count >= 112)
            #expect(try list(["NextToken": token]).arns == arns.prefix(5).reversed().map { $0 })
            #expect(try list(["NextToken": token]).next == nil)
            #expect(try list(["PageSize": 2]).arns.count == 2)
            let table = "arn:aws:dynamodb:us-east-1:000000000000:table/table-1-29"
            #expect(try list(["TableArn": .string(table)]).arns == [arns[29]])
            let wrong = try site.client.call("ListImports", ["NextToken": "x"])
            #expect(wrong.error == "ValidationException")
            let many = try site.client.call("ListImports", ["PageSize": 26])
            #expect(many.message.contains("less than or equal to 25"))
        }
    }

    @Test func `fifty imports run at once, and no more`() throws {
        try ImportSite.with { site in
            for place in 0..<50 {
                var creation = ImportSite.creation
                creation["TableName"] = .string("table-\(place)")
                _ = try site.begin(creation: creation)
            }
            #expect(try site.start().error == "LimitExceededException")
            site.finish()
            #expect(try site.start().status == 200)
        }
    }

    @Test func `with phases of no length an import is over at the next look`() throws {
        let configure = { (options: inout ServerOptions) in options.phaseDuration = .zero }
        try ImportSite.with(configure) { site in
            try site.put(ImportSite.line("a"), "a")
            let arn = try site.begin()
            #expect(try site.items().count == 1)
            #expect(try site.describe(arn)["ImportStatus"] == "COMPLETED")
        }
    }
}
