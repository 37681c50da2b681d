import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import LocalAWS

/// What becomes of an export that was accepted, and how it is found again.
@Suite(.timeLimit(.minutes(20))) struct ExportLifeTests {
    private static let running: Set = [
        "ClientToken", "DestinationType", "ExportArn", "ExportFormat", "ExportStatus",
        "ExportTime", "S3Bucket", "S3SseAlgorithm", "StartTime", "TableArn", "TableId",
    ]

    private func names(_ description: JSON) -> Set<String> {
        Set((description.members ?? []).map(\.name))
    }

    @Test func `an export runs, then it is completed, and tells what it came to`() throws {
        try ExportSite.with(items: [Orders.item("p", 1)]) { site in
            let reply = try site.export(["ClientToken": "one"])
            let arn = try site.arn(of: reply)
            let first = try site.describe(arn)
            #expect(reply.json?["ExportDescription"] == first)
            #expect(names(first) == Self.running)
            #expect(first["ExportStatus"]?.string == "IN_PROGRESS")
            #expect(first["StartTime"]?.double == Double(site.now))
            #expect(first["ExportTime"] == first["StartTime"])
            #expect(site.server.keys(in: "things").map { $0.hasSuffix("/_started") } == [true])
            site.time.advance(by: .seconds(59.9))
            #expect(try site.describe(arn) == first)
            site.time.advance(by: .seconds(0.1))
            let last = try site.describe(arn)
            #expect(
                names(last)
                    == Self.running.union([
                        "BilledSizeBytes", "EndTime", "ExportManifest", "ItemCount",
                    ]))
            #expect(last["ExportStatus"]?.string == "COMPLETED")
            #expect(last["EndTime"]?.double == Double(site.now))
            #expect(last["ItemCount"]?.int == 1)
        }
    }

    @Test func `an incremental export tells its window and its type`() throws {
        try ExportSite.with { site in
            let start = site.now
            site.time.advance(by: .seconds(1_000))
            let export = try site.finish(ExportSite.window(start, nil))
            #expect(export["ExportType"]?.string == "INCREMENTAL_EXPORT")
            #expect(export["ExportTime"] == nil)
            #expect(
                export["IncrementalExportSpecification"] == [
                    "ExportFromTime": JSON(Double(start)),
                    "ExportToTime": JSON(Double(start + 1_000)),
                    "ExportViewType": "NEW_AND_OLD_IMAGES",
                ])
        }
    }

    @Test func `who looks at S3 alone finds a completed export too`() throws {
        try ExportSite.with { site in
            _ = try site.export()
            site.time.advance(by: .seconds(60))
            let s3 = try RawClient(port: site.server.port)
            try s3.send("GET /things?list-type=2 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            #expect(try S3Site.keys(s3.reply()).count == 9)
        }
    }

    @Test func `what is wrong with the bucket or the key fails the export later`() throws {
        let cases: [(JSON, String, String)] = [
            (
                ["S3Bucket": "none-such"], "S3NoSuchBucket",
                "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; "
                    + "Error Code: NoSuchBucket; Request ID: "
            ),
            (["S3BucketOwner": "111111111111"], "S3AccessDenied", "Access Denied (Service: "),
            (
                [
                    "S3SseAlgorithm": "KMS",
                    "S3SseKmsKeyId": "arn:aws:kms:eu-west-1:000000000000:key/1",
                ], "KmsNotFoundException", "Invalid arn eu-west-1 (Service: Amazon S3; "
            ),
        ]
        try ExportSite.with { site in
            for (request, code, words) in cases {
                let arn = try site.arn(of: site.export(request))
                #expect(try site.describe(arn)["ExportStatus"]?.string == "IN_PROGRESS")
                site.time.advance(by: .seconds(60))
                let export = try site.describe(arn)
                #expect(export["ExportStatus"]?.string == "FAILED")
                #expect(export["FailureCode"]?.string == code)
                #expect(export["FailureMessage"]?.string?.hasPrefix(words) == true)
                #expect(export["ExportManifest"] == nil && export["ItemCount"] == nil)
            }
            let arn = try site.arn(of: site.export())
            try site.server.service.s3.stored { store in
                for key in try store.keys(in: "things") { try store.remove(key, in: "things") }
                try store.removeBucket(named: "things")
            }
            site.time.advance(by: .seconds(60))
            #expect(try site.describe(arn)["FailureCode"]?.string == "S3NoSuchBucket")
        }
    }

    @Test func `a server can be told that exports fail, and how`() throws {
        let failures = [ExportFailure(.accessDenied, message: "No"), .init(.noSuchKey)]
        let configure = { (options: inout ServerOptions) in options.exportFailures = failures }
        try ExportSite.with(options: configure) { site in
            let first = try site.finish()
            #expect(first["FailureCode"]?.string == "S3AccessDenied")
            #expect(first["FailureMessage"]?.string?.hasPrefix("No (Service: ") == true)
            #expect(try site.finish()["FailureCode"]?.string == "KmsNotFoundException")
            #expect(try site.finish()["ExportStatus"]?.string == "COMPLETED")
            site.server.failExports([ExportFailure(.noSuchBucket)])
            #expect(try site.finish()["FailureCode"]?.string == "S3NoSuchBucket")
        }
    }

    @Test func `a token stands for one export until 8 hours after its end`() throws {
        try ExportSite.with { site in
            let request: JSON = ["ClientToken": "once", "S3Prefix": "a"]
            let arn = try site.arn(of: site.export(request))
            #expect(try site.arn(of: site.export(request)) == arn)
            let conflict = try site.export(request.with("S3Prefix", "b"))
            #expect(conflict.error == "ExportConflictException")
            #expect(
                conflict.message
                    == "Export conflict: Duplicate request detected with conflicting parameters")
            site.time.advance(by: .seconds(60 + 8 * 3_600 - 1))
            #expect(try site.arn(of: site.export(request)) == arn)
            #expect(
                site.server.meter["exports"]?["orders"] == ["full": 1, "incremental": 0])
            site.time.advance(by: .seconds(1))
            #expect(try site.arn(of: site.export(request.with("S3Prefix", "b"))) != arn)
            #expect(try site.arn(of: site.export()) != site.arn(of: site.export()))
            #expect(
                site.server.meter["exports"]?["orders"] == ["full": 4, "incremental": 0])
            #expect(try site.export(["ClientToken": "bad", "S3Bucket": ""]).status == 400)
            #expect(try site.export(["ClientToken": "bad"]).status == 200)
        }
    }

    @Test func `the list is of all exports, the newest first, ten to a page`() throws {
        try ExportSite.with { site in
            var arns: [String] = []
            for _ in 0..<23 {
                arns.append(try site.arn(of: site.export()))
                site.time.advance(by: .milliseconds(5))
            }
            var found: [String] = []
            var pages: [Int] = []
            var body: JSON = ["TableArn": .string(ExportSite.arn)]
            repeat {
                let page = try #require(site.client.call("ListExports", body).json)
                let summaries = page["ExportSummaries"]?.array ?? []
                pages.append(summaries.count)
                found += summaries.compactMap { $0["ExportArn"]?.string }
                #expect(summaries.allSatisfy { $0["ExportType"]?.string == "FULL_EXPORT" })
                #expect(summaries.allSatisfy { $0["ExportStatus"]?.string == "IN_PROGRESS" })
                body["NextToken"] = page["NextToken"]
            } while body["NextToken"] != nil
            #expect(pages == [10, 10, 3])
            #expect(found == arns.reversed())
            let all = try site.client.call("ListExports", ["MaxResults": 25]).json
            #expect(all?["ExportSummaries"]?.array?.count == 23)
            #expect(try site.client.call("ListExports", ["MaxResults": 26]).status == 400)
            let wrong = try site.client.call("ListExports", ["NextToken": "abcd"])
            #expect(wrong.message == "Invalid Request: Provided nextToken is invalid: abcd")
        }
    }

    @Test func `an export outlives its table, but is not listed under the table's name`() throws {
        try ExportSite.with(items: [Orders.item("p", 1)]) { site in
            let arn = try site.arn(of: site.export())
            let delete = try site.client.call("DeleteTable", ["TableName": "orders"])
            #expect(delete.status == 200)
            let list: JSON = ["TableArn": .string(ExportSite.arn)]
            #expect(try site.client.call("ListExports", list).json == ["ExportSummaries": []])
            #expect(try site.export().error == "TableNotFoundException")
            #expect(try site.client.call("CreateTable", Orders.creation).status == 200)
            site.time.advance(by: .seconds(60))
            #expect(try site.describe(arn)["ItemCount"]?.int == 1)
            #expect(try site.client.call("ListExports", list).json == ["ExportSummaries": []])
            let all = try site.client.call("ListExports", [:]).json?["ExportSummaries"]?.array
            #expect(all?.count == 1)
        }
    }

    @Test func `a record is kept for 90 days`() throws {
        try ExportSite.with { site in
            let arn = try #require(site.finish()["ExportArn"]?.string)
            site.time.advance(by: .seconds(90 * 86_400 - 61))
            #expect(try site.describe(arn)["ExportStatus"]?.string == "COMPLETED")
            site.time.advance(by: .seconds(1))
            let reply = try site.client.call("DescribeExport", ["ExportArn": .string(arn)])
            #expect(reply.error == "ExportNotFoundException")
        }
    }

    @Test func `the service's date can be advanced, and the machine's stays`() throws {
        try ExportSite.with { site in
            let arn = try site.arn(of: site.export())
            let before = site.now
            site.server.advanceClock(by: .seconds(59))
            #expect(try site.describe(arn)["ExportStatus"]?.string == "IN_PROGRESS")
            let control = try RawClient(port: site.server.port)
            func advance(_ query: String) throws -> RawClient.Reply {
                try control.send(
                    "POST /_clock\(query) HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                return try control.reply()
            }
            #expect(try advance("?advance=1").json?["now"]?.double == Double(before + 60))
            #expect(try site.describe(arn)["ExportStatus"]?.string == "COMPLETED")
            for query in ["", "?advance=", "?advance=-1", "?advance=x", "?advance=99999999999"] {
                #expect(try advance(query).status == 400)
            }
            #expect(try advance("?advance=86340").status == 200)
            let backups = try site.client.call(
                "DescribeContinuousBackups", ["TableName": "orders"])
            let recovery = backups.json?["ContinuousBackupsDescription"]?[
                "PointInTimeRecoveryDescription"]
            #expect(
                recovery?["LatestRestorableDateTime"]?.double == Double(before + 86_400 - 300))
            #expect(backups.headers["date"] == "Wed, 18 Nov 2026 11:06:41 GMT")
        }
    }
}
