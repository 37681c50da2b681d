import Foundation
import JSON
import Status
import System
import TestSupport
import Testing

@testable import Arguments
@testable import dynaferry

/// Goal: `--skip-expired` leaves out what has expired, nothing else, and says how much it was.
@Suite(.timeLimit(.minutes(20))) struct SkipExpiredTests {
    private let server: Served
    private let folder: TemporaryFolder
    private let now = Int(clamping: Date().timeIntervalSince1970)

    init() throws {
        server = try Served(["--fill", "Plain=10"])
        folder = try TemporaryFolder()
        try server.call(
            "CreateTable",
            [
                "TableName": "Sessions", "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [["AttributeName": "id", "KeyType": "HASH"]],
                "AttributeDefinitions": [["AttributeName": "id", "AttributeType": "S"]],
            ])
        while try server.call("DescribeTable", ["TableName": "Sessions"])["Table"]?[
            "TableStatus"]?.string != "ACTIVE"
        { usleep(5_000) }
        // Every third has expired; of the others some have no time at all, or no number.
        for first in stride(from: 0, to: 300, by: 25) {
            let puts = (first..<first + 25).map { number -> JSON in
                var item: JSON = ["id": ["S": .string("session-\(number)")]]
                switch number % 6 {
                case 0, 3: item["until"] = ["N": .string("\(now - 3_600 - number)")]
                case 1: item["until"] = ["N": .string("\(now + 86_400)")]
                case 2: item["until"] = ["S": .string("\(now - 3_600)")]
                case 4: item["until"] = ["N": "1"]
                default: break
                }
                return ["PutRequest": ["Item": item]]
            }
            try server.call("BatchWriteItem", ["RequestItems": ["Sessions": .array(puts)]])
        }
        try server.call(
            "UpdateTimeToLive",
            [
                "TableName": "Sessions",
                "TimeToLiveSpecification": ["AttributeName": "until", "Enabled": true],
            ])
    }

    private func run(_ words: String...) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" \"$@\"",
            words + [
                "--endpoint", server.url, "--region", "us-east-1", "--state-dir",
                folder.path("jobs"),
            ], environment: CopySite.credentials)
    }

    private func report() throws -> JSON {
        try JSON(parsing: String(contentsOfFile: folder.path("report"), encoding: .utf8))
    }

    @Test func `what has expired is left out and counted wherever items are`() throws {
        let result = try run(
            "copy", "Sessions", "Copy", "--skip-expired", "--progress", "json", "--report",
            folder.path("report"), "--job", "one")
        #expect(result.status == 0, "\(result)")
        #expect(
            result.out.contains("200 written of 300 read, 0 dead letters, 100 left out"),
            "\(result.out)")
        #expect(result.err.contains("\"itemsLeftOut\":100"), "\(result.err)")
        let report = try report()
        #expect(report["itemsRead"]?.int == 300)
        #expect(report["itemsWritten"]?.int == 200)
        #expect(report["itemsLeftOut"]?.int == 100)
        #expect(report["exitCode"]?.int == 0)
        let page = try server.call("Scan", ["TableName": "Copy"])
        let items = try #require(page["Items"]?.array)
        #expect(items.count == 200)
        let isExpired = items.contains { item in
            item["until"]?["N"]?.string.flatMap(Int.init).map { $0 > 1 && $0 < now } ?? false
        }
        #expect(!isExpired)
        let jobs = try Binary.shell(
            "exec \"$0\" jobs report one --format json --state-dir \"$1\"", [folder.path("jobs")])
        let table = try JSON(parsing: jobs.out)["tables"]?.array?.first
        #expect(table?["itemsLeftOut"]?.int == 100)
        #expect(table?["itemsDone"]?.int == 300)
        let text = try Binary.shell(
            "exec \"$0\" jobs report one --state-dir \"$1\"", [folder.path("jobs")])
        #expect(text.out.contains("100 left out"), "\(text.out)")
    }

    @Test func `without it nothing is left out`() throws {
        #expect(try run("copy", "Sessions", "Copy", "--progress", "none").status == 0)
        #expect(try server.count("Copy") == 300)
    }

    @Test func `where nothing expires it is a note, and a copy like any other`() throws {
        let result = try run("copy", "Plain", "Copy", "--skip-expired", "--progress", "none")
        #expect(result.status == 0, "\(result)")
        #expect(
            result.err.contains(
                "--skip-expired: nothing expires in Plain, which has no time to live"),
            "\(result.err)")
        #expect(try server.count("Copy") == 10)
    }

    @Test func `it goes on by the same command only, and takes no value`() throws {
        #expect(try run("copy", "Sessions", "Copy", "--skip-expired=yes").status == 2)
        let first = try ChildProcess(
            "/bin/sh",
            [
                "-c", "exec \"$0\" \"$@\" 2>/dev/null", Binary.path, "copy", "Sessions", "Copy",
                "--skip-expired", "--endpoint", server.url, "--region", "us-east-1",
                "--state-dir", folder.path("jobs"), "--write-units", "40", "--progress", "none",
            ], environment: CopySite.credentials.map { "\($0)=\($1)" }, input: .null,
            output: .pipe)
        while ((try? server.count("Copy")) ?? 0) < 20 { sched_yield() }
        first.signal(SIGKILL)
        _ = first.wait()
        let other = try run("copy", "Sessions", "Copy", "--progress", "none")
        #expect(other.status == 1, "\(other)")
        #expect(other.err.contains("holds items"), "\(other.err)")
        let again = try run(
            "copy", "Sessions", "Copy", "--skip-expired", "--progress", "none", "--report",
            folder.path("report"))
        #expect(again.status == 0, "\(again)")
        #expect(try server.count("Copy") == 200)
        #expect(try report()["itemsInAll"]?.int == 300)
    }
}
