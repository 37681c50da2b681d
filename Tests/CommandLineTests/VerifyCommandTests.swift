import Foundation
import JSON
import TestSupport
import Testing

@testable import dynaferry

/// Goal: what a verification says, and how it ends, as its user meets it. Method: tables of the
/// same seed are equal; others are made unequal by hand.
@Suite(.timeLimit(.minutes(20))) struct VerifyCommandTests {
    private let server: Served
    private let folder: TemporaryFolder

    init() throws {
        server = try Served([
            "--fill", "stage-orders=600", "--fill", "orders-dev=600", "--fill", "stage-users=50",
            "--fill", "users-dev=50", "--fill", "small=3:100B",
        ])
        folder = try TemporaryFolder()
    }

    private func verify(_ words: String...) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" \"$@\"",
            ["verify"] + words + [
                "--endpoint", server.url, "--region", "us-east-1", "--progress", "none",
                "--state-dir", folder.path("jobs"),
            ],
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
    }

    /// Changes one item of `orders-dev`, deletes another and adds a third.
    private func spoil() throws {
        let page = try server.call("Scan", ["TableName": "orders-dev", "Limit": 2])
        let items = try #require(page["Items"]?.array)
        var changed = items[0]
        changed["status"] = ["S": "secret value"]
        try server.call("PutItem", ["TableName": "orders-dev", "Item": changed])
        let key: JSON = [
            "accountId": try #require(items[1]["accountId"]),
            "sequence": try #require(items[1]["sequence"]),
        ]
        try server.call("DeleteItem", ["TableName": "orders-dev", "Key": key])
        let extra: JSON = ["accountId": ["S": "extra"], "sequence": ["N": "1"]]
        try server.call("PutItem", ["TableName": "orders-dev", "Item": extra])
    }

    @Test func `equal tables end with 0, and the report says what was not seen`() throws {
        let result = try verify("stage-orders", "orders-dev")
        #expect(result.status == 0, "\(result)")
        #expect(result.out.hasPrefix("stage-orders and orders-dev are equal"))
        #expect(result.out.contains("600 equal"))
        #expect(result.out.contains("not seen"))
    }

    @Test func `differences end with 3, are shown by key and attribute, and listed in a file`()
        throws
    {
        try spoil()
        let list = folder.path("list")
        let result = try verify("stage-orders", "orders-dev", "--output", list)
        #expect(result.status == 3, "\(result)")
        #expect(result.out.contains("598 equal, 1 different, 1 only in source, 1 only in target"))
        #expect(result.out.contains("  status  (differed at the first read)"), "\(result)")
        #expect(result.out.contains("3 differed at the first read"), "\(result)")
        #expect(!result.out.contains("secret value"))
        let lines = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n")
            .map { try JSON(parsing: String($0)) }
        #expect(
            Set(lines.compactMap { $0["kind"]?.string })
                == ["different", "onlyInSource", "onlyInTarget"])
        #expect(
            lines.allSatisfy { $0["cause"] == "differedAtFirstRead" && $0["sourceItem"] == nil })
    }

    @Test func `values are shown when they are asked for`() throws {
        try spoil()
        let list = folder.path("list")
        let result = try verify("stage-orders", "orders-dev", "--values", "--output", list)
        #expect(result.out.contains(#"{"S":"secret value"}"#))
        let text = try String(contentsOfFile: list, encoding: .utf8)
        #expect(text.contains("targetItem"))
    }

    @Test func `the report for programs has each table's counts`() throws {
        try spoil()
        let path = folder.path("report")
        let result = try verify(
            "stage-*", "*-dev", "--show", "1", "--json", "--report", path)
        #expect(result.status == 3)
        let report = try JSON(parsing: result.out)
        #expect(report == (try JSON(parsing: String(contentsOfFile: path, encoding: .utf8))))
        #expect(report["counts"]?["equal"]?.int == 648)
        let tables = try #require(report["tables"]?.array)
        #expect(tables.map { $0["source"]?.string } == ["stage-orders", "stage-users"])
        #expect(tables.map { $0["outcome"]?.string } == ["different", "equal"])
        #expect(tables[0]["counts"]?["onlyInTarget"]?.int == 1)
        #expect(report["differences"]?.array?.count == 1)
    }

    @Test func `one table that is missing does not keep the others from being compared`() throws {
        try server.delete("users-dev")
        let result = try verify("stage-*", "*-dev")
        #expect(result.status == 1, "\(result)")
        #expect(result.err.contains("stage-users: there is no target table users-dev"))
        #expect(result.out.contains("600 equal"))
    }

    @Test func `what can't be compared ends with 1 and says why`() throws {
        let keys = try verify("stage-orders", "small")
        #expect(keys.status == 1)
        #expect(keys.err.contains("the keys differ"))
        let memory = try verify("stage-orders", "orders-dev", "--memory", "1MiB")
        #expect(memory.status == 1)
        #expect(memory.err.contains("give at least 13MiB"))
    }

    @Test func `samples and counts say what they did not look at`() throws {
        let sample = try verify("stage-orders", "orders-dev", "--sample", "10%")
        #expect(sample.status == 0, "\(sample)")
        #expect(sample.out.contains("with a probability of 95 %"))
        let count = try verify("stage-orders", "orders-dev", "--count")
        #expect(count.status == 0, "\(count)")
        #expect(count.out.contains("have as many items"))
        #expect(count.out.contains("the contents of items"))
    }

    @Test func `options that contradict each other are wrong usage`() throws {
        #expect(try verify("stage-orders", "orders-dev", "--count", "--sample", "1%").status == 2)
        #expect(try verify("stage-orders", "stage-orders").status == 2)
        #expect(try verify("stage-orders", "orders-dev", "--sample", "0%").status == 2)
    }

    @Test func `a list that can't be written is found out before anything is read`() throws {
        let result = try verify(
            "stage-orders", "orders-dev", "--output", folder.path("no/such/list"))
        #expect(result.status == 1)
        #expect(result.err.contains("cannot write"))
    }
}
