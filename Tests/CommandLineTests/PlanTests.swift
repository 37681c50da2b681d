import Foundation
import JSON
import TestSupport
import Testing

@testable import dynaferry

/// Goal: a plan says what the copy then does, and changes nothing.
@Suite(.timeLimit(.minutes(20))) struct PlanTests {
    private let server: Served
    private let folder: TemporaryFolder

    init() throws {
        server = try Served([
            "--live-counts", "--fill", "stage-a=9000", "--fill", "stage-b=40:4KB", "--fill",
            "stage-c=0",
        ])
        folder = try TemporaryFolder()
    }

    private func run(_ words: String...) throws -> Binary.Result { try run(words) }

    private func run(_ words: [String]) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" \"$@\"",
            words + [
                "--endpoint", server.url, "--region", "us-east-1", "--state-dir",
                folder.path("jobs"),
            ],
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
    }

    private func meter() throws -> JSON {
        let result = try Binary.shell("curl -sS \"$1/_meter\"", [server.url])
        return try JSON(parsing: result.out)
    }

    @Test func `estimated units are those that the copy consumes, within five per cent`() throws {
        let before = try server.tables()
        let planned = try run("plan", "stage-*", "*-dev", "--json", "--write-units", "3000")
        #expect(planned.status == 0, "\(planned)")
        let plan = try JSON(parsing: planned.out)
        let calls = try meter()["requests"]?.members?.map(\.name) ?? []
        let reading = ["Describe", "Get", "List", "Scan"]
        #expect(
            calls.allSatisfy { name in reading.contains { name.hasPrefix($0) } }, "\(calls)")
        #expect(try server.tables() == before)
        let unchecked = plan["unchecked"]?.array?.compactMap(\.string) ?? []
        #expect(unchecked.contains("dynamodb:BatchWriteItem"))
        #expect(!unchecked.contains("dynamodb:Scan"))
        let tables = try #require(plan["tables"]?.array)
        #expect(tables.compactMap { $0["items"]?.int } == [9_000, 40, 0])
        #expect(tables[0]["heldBackBy"]?.string == "write limit")
        #expect(tables[0]["seconds"]?.double == 3)

        let spent = try meter()
        #expect(try run("copy", "stage-*", "*-dev", "--progress", "none").status == 0)
        let after = try meter()
        for table in tables {
            let name = try #require(table["source"]?.string)
            let target = try #require(table["target"]?.string)
            func units(_ meter: JSON) -> Double {
                meter["tables"]?[name]?["read_units"]?.double ?? 0
            }
            let written = try #require(after["tables"]?[target]?["write_units"]?.double)
            let read = units(after) - units(spent)
            let estimate = try #require(table["readUnits"]?.double)
            #expect(table["writeUnits"]?.double == written, "\(name)")
            // What the copy reads to see that the table is there is not in the estimate.
            #expect(abs(estimate - read) <= max(6, read * 0.05), "\(name): \(estimate), \(read)")
        }
    }

    @Test func `what copy would refuse is told, table by table, with exit code 1`() throws {
        let result = try run("plan", "stage-*", "new-*", "--rename", "stage-a=stage-b")
        #expect(result.status == 1, "\(result)")
        #expect(result.err.contains("error: stage-a: "), "\(result.err)")
        #expect(result.out.contains("refused"), "\(result.out)")
        let copied = try run("copy", "stage-b", "full", "--progress", "none")
        #expect(copied.status == 0)
        #expect(try run("plan", "stage-b", "full").err.contains("holds items"))
    }

    @Test func `policies name the actions that each side needs, and no others`() throws {
        func statements(_ side: String, _ options: String...) throws -> [JSON] {
            let words = ["plan", "stage-*", "*-dev", "--iam"] + options
            return try JSON(parsing: run(words).out)[side]?["Statement"]?.array ?? []
        }
        func actions(_ statements: [JSON]) -> [String] {
            statements.flatMap { $0["Action"]?.array?.compactMap(\.string) ?? [] }
        }
        let items = try statements("source", "--data-only")
        #expect(
            actions(items) == [
                "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Scan",
                "dynamodb:ListTables",
            ])
        let target = try statements("target", "--data-only")
        #expect(target.first?["Resource"] == ["arn:aws:dynamodb:us-east-1:*:table/*-dev"])
        #expect(!actions(target).contains("dynamodb:CreateTable"))
        let all = try actions(statements("source"))
        #expect(all.contains("dynamodb:ListTagsOfResource"))
        #expect(all.contains("application-autoscaling:DescribeScalingPolicies"))
        #expect(
            try !actions(statements("source", "--no-tags")).contains {
                $0 == "dynamodb:ListTagsOfResource"
            })
        #expect(try actions(statements("target")).contains("dynamodb:UpdateTimeToLive"))
    }

    @Test func `other prices may be given`() throws {
        let path = folder.path("prices.json")
        try #"{"region":"mars","date":"2030-01-01","writeMillion":1000000,"readMillion":0,"#
            .appending(#""writeUnitHour":0,"readUnitHour":0,"transferGB":0}"#)
            .write(toFile: path, atomically: true, encoding: .utf8)
        let plan = try JSON(parsing: run("plan", "stage-b", "new", "--prices", path, "--json").out)
        #expect(plan["dollars"]?.double == 160)
        #expect(plan["prices"]?["region"]?.string == "mars")
        let bad = try run("plan", "stage-b", "new", "--prices", "/dev/null")
        #expect(bad.status == 1 && bad.err.contains("is no table of prices"), "\(bad)")
    }
}
