import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import dynaferry

/// Goal: many tables are one job, as its user meets it.
@Suite(.timeLimit(.minutes(20))) struct ManyTablesTests {
    private let server: Served
    private let folder: TemporaryFolder

    init() throws {
        server = try Served([
            "--fill", "stage-orders=1500", "--fill", "stage-users=300", "--fill", "stage-tmp=5",
            "--fill", "other=3",
        ])
        folder = try TemporaryFolder()
    }

    private func copy(_ words: String...) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" \"$@\"",
            ["copy"] + words + [
                "--endpoint", server.url, "--region", "us-east-1", "--state-dir",
                folder.path("jobs"), "--report", folder.path("report"),
            ],
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
    }

    private func report() throws -> JSON {
        try JSON(parsing: String(contentsOfFile: folder.path("report"), encoding: .utf8))
    }

    @Test func `a pattern copies what it matches, renamed, but for what is left out`() throws {
        let result = try copy(
            "stage-*", "*-dev", "--exclude", "*-tmp", "--rename", "other=another")
        #expect(result.status == 0, "\(result)")
        #expect(
            try server.tables()
                == [
                    "another", "orders-dev", "other", "stage-orders", "stage-tmp", "stage-users",
                    "users-dev",
                ])
        #expect(try server.count("orders-dev") == 1_500)
        #expect(try server.count("users-dev") == 300)
        #expect(try server.count("another") == 3)
        let tables = try #require(try report()["tables"]?.array)
        #expect(
            tables.compactMap { $0["source"]?.string } == ["other", "stage-orders", "stage-users"])
        #expect(tables.allSatisfy { $0["outcome"]?.string == "complete" })
        #expect(try report()["itemsWritten"]?.int == 1_803)
        #expect(result.out.contains("stage-orders"), "\(result.out)")
        let id = try #require(try report()["job"]?.string)
        func jobReport(_ format: String) throws -> String {
            try Binary.shell(
                "exec \"$0\" jobs report \"$@\"",
                [id, "--format", format, "--state-dir", folder.path("jobs")]
            ).out
        }
        #expect(
            try jobReport("text").contains("1,803 of about 1,803 items, 1,803 written in 1 run"))
        #expect(try jobReport("md").contains("| stage-users | users-dev | 300 |"))
        let reported = try JSON(parsing: jobReport("json"))["tables"]?.array ?? []
        #expect(reported.compactMap { $0["itemsDone"]?.int } == [3, 1_500, 300])
    }

    @Test func `a job of many tables goes on with those that are not done`() throws {
        let words = ["stage-*", "*-dev", "--write-units", "400"]
        let first = try ChildProcess(
            "/bin/sh",
            ["-c", "exec \"$0\" \"$@\" 2>/dev/null", Binary.path, "copy"] + words + [
                "--endpoint", server.url, "--region", "us-east-1", "--state-dir",
                folder.path("jobs"),
            ], environment: ["AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret"],
            input: .null, output: .pipe)
        while ((try? server.count("users-dev")) ?? 0) < 300 { sched_yield() }
        first.signal(SIGKILL)
        _ = first.wait()
        #expect(try server.count("orders-dev") < 1_500)
        let again = try copy("stage-*", "*-dev")
        // The set of tables is another now: it holds the copies, which `stage-*` does not match.
        #expect(again.status == 0, "\(again)")
        #expect(again.err.contains("resuming job stage-orders-"), "\(again.err)")
        #expect(again.out.contains("1,805 items in 2 runs"), "\(again.out)")
        #expect(try server.count("orders-dev") == 1_500)
        #expect(try server.count("users-dev") == 300)
    }

    @Test func `nothing is begun when one table is refused`() throws {
        try server.call(
            "CreateTable",
            [
                "TableName": "users-dev", "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [["AttributeName": "x", "KeyType": "HASH"]],
                "AttributeDefinitions": [["AttributeName": "x", "AttributeType": "S"]],
            ])
        let before = try server.tables()
        let cases = [
            (["stage-*", "*-dev"], "the keys differ"),
            (["stage-*", "*-dev", "--rename", "stage-tmp=orders-dev"], "would both be copied"),
            (["stage-orders", "other"], "other holds items"),
            (["stage-*", "*", "--rename", "stage-users=stage-tmp"], "is a source itself"),
            (["nothing-*", "*"], "no source table matches nothing-*"),
        ]
        for (words, message) in cases {
            let result = try Binary.shell(
                "exec \"$0\" copy \"$@\"",
                words + [
                    "--endpoint", server.url, "--region", "us-east-1", "--state-dir",
                    folder.path("jobs"),
                ], environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
            #expect(result.status == 1, "\(words)")
            #expect(result.err.contains(message), "\(words): \(result.err)")
        }
        #expect(try server.tables() == before)
        let jobs = try Binary.shell(
            "exec \"$0\" jobs --state-dir \"$1\"", [folder.path("jobs")])
        #expect(jobs.err.contains("there are no jobs"), "\(jobs)")
    }
}
