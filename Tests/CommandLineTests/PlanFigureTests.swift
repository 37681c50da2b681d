import Foundation
import JSON
import TestSupport
import Testing

@testable import dynaferry

/// Goal: the units and the time of a plan are those of the copy, indexes included.
/// Method: a table with a sparse global index of keys only, one of all, and a local index, whose
/// copy is counted by the server. Time is units by the limits, so that no machine is too slow.
@Suite(.timeLimit(.minutes(20))) struct PlanFigureTests {
    private let server: Served
    private let folder: TemporaryFolder

    init() throws {
        server = try Served(["--live-counts", "--settle-ms", "0"])
        folder = try TemporaryFolder()
    }

    private func run(_ words: [String]) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" \"$@\"",
            words + [
                "--endpoint", server.url, "--region", "us-east-1", "--state-dir",
                folder.path("jobs"),
            ],
            environment: CopySite.credentials)
    }

    private func plan(_ words: String...) throws -> JSON {
        let result = try run(["plan", "orders", "copy", "--json"] + words)
        #expect(result.status == 0, "\(result)")
        return try #require(JSON(parsing: result.out)["tables"]?.array?.first)
    }

    private func meter() throws -> JSON {
        let result = try Binary.shell("curl -sS \"$1/_meter\"", [server.url])
        return try #require(JSON(parsing: result.out)["tables"])
    }

    /// Items of 600 and 1,400 bytes in turn: 1 and 2 units. Every third has an email, and every
    /// second a day.
    private func fill(items: Int) throws {
        func key(_ name: String, _ role: String) -> JSON {
            ["AttributeName": .string(name), "KeyType": .string(role)]
        }
        func index(_ name: String, _ keys: JSON, _ projection: String) -> JSON {
            [
                "IndexName": .string(name), "KeySchema": keys,
                "Projection": ["ProjectionType": .string(projection)],
            ]
        }
        try server.call(
            "CreateTable",
            [
                "TableName": "orders", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": .array(
                    ["id", "line", "email", "day"].map {
                        ["AttributeName": .string($0), "AttributeType": "S"]
                    }),
                "KeySchema": [key("id", "HASH"), key("line", "RANGE")],
                "GlobalSecondaryIndexes": [
                    index("by-email", [key("email", "HASH")], "KEYS_ONLY"),
                    index("by-line", [key("line", "HASH")], "ALL"),
                ],
                "LocalSecondaryIndexes": [
                    index("by-day", [key("id", "HASH"), key("day", "RANGE")], "ALL")
                ],
            ])
        for first in stride(from: 0, to: items, by: 25) {
            let puts = (first..<min(first + 25, items)).map { number -> JSON in
                let bytes = number % 2 == 0 ? 600 : 1_400
                var item: JSON = [
                    "id": ["S": .string("order-\(number)")], "line": ["S": .string("\(number)")],
                    "text": ["S": .string(String(repeating: "x", count: bytes))],
                ]
                if number % 3 == 0 { item["email"] = ["S": .string("\(number)@example.com")] }
                if number % 4 < 2 { item["day"] = ["S": "2026-11-30"] }
                return ["PutRequest": ["Item": item]]
            }
            try server.call("BatchWriteItem", ["RequestItems": ["orders": .array(puts)]])
        }
    }

    @Test func `of a table that fits on a page units and time are exact`() throws {
        try fill(items: 480)
        let words = ["--target-capacity", "500:2000"]
        let planned = try plan("--target-capacity", "500:2000")
        // 240 items of 1 unit and 240 of 2, and half of each in the local index.
        #expect(planned["writeUnits"]?.double == 1_080)
        #expect(planned["writeUnitsPlusMinus"]?.double == 0)
        #expect(planned["indexUnits"] == ["by-email": 160, "by-line": 720])
        // 1,080 units at 2,000 a second: 0.54 s.
        #expect(planned["seconds"]?.double == 0.54)
        #expect(planned["heldBackBy"]?.string == "target capacity")

        let copied = try run(["copy", "orders", "copy", "--progress", "none"] + words)
        #expect(copied.status == 0, "\(copied)")
        let target = try #require(meter()["copy"])
        #expect(target["write_units"]?.double == 1_080)
        #expect(target["indexes"]?["by-email"]?["write_units"]?.double == 160)
        #expect(target["indexes"]?["by-line"]?["write_units"]?.double == 720)
    }

    @Test func `of a larger one units are within two per cent, and an index within its range`()
        throws
    {
        try fill(items: 2_400)
        let limit = 2_000.0
        let planned = try plan("--write-units", "\(Int(limit))")
        let copied = try run([
            "copy", "orders", "copy", "--progress", "none", "--write-units", "\(Int(limit))",
        ])
        #expect(copied.status == 0, "\(copied)")
        let target = try #require(meter()["copy"])
        let written = try #require(target["write_units"]?.double)
        let estimate = try #require(planned["writeUnits"]?.double)
        #expect(abs(estimate - written) <= 0.02 * written, "\(estimate) of \(written)")
        let seconds = try #require(planned["seconds"]?.double)
        #expect(abs(seconds - written / limit) <= 0.02 * written / limit, "\(seconds)")
        #expect(planned["heldBackBy"]?.string == "write limit")
        for name in ["by-email", "by-line"] {
            let units = try #require(target["indexes"]?[name]?["write_units"]?.double)
            let estimate = try #require(planned["indexUnits"]?[name]?.double)
            let range = try #require(planned["indexUnitsPlusMinus"]?[name]?.double)
            #expect(range > 0 && range < 0.2 * units)
            #expect(abs(estimate - units) <= range, "\(name): \(estimate) ± \(range) of \(units)")
        }
    }

    @Test func `indexes that are made later cost no writes, but storage`() throws {
        try fill(items: 480)
        let with = try plan("--indexes", "with")
        let after = try plan("--indexes", "after")
        #expect(after["indexUnits"] == [:])
        #expect(after["cost"]?["indexWrites"]?.double == 0)
        #expect(with["cost"]?["indexWrites"]?.double ?? 0 > 0)
        #expect(after["cost"]?["storageMonth"] == with["cost"]?["storageMonth"])
    }

    @Test func `without items nothing is written and stored`() throws {
        try fill(items: 480)
        let planned = try plan("--schema-only")
        #expect(planned["items"]?.int == 0 && planned["writeUnits"]?.double == 0)
        #expect(planned["cost"]?["once"]?.double == 0)
        #expect(planned["cost"]?["storageMonth"]?.double == 0)
    }

    @Test func `an on-demand target takes at once what it is warm for`() throws {
        try fill(items: 480)
        func table(warm units: Int) -> JSON {
            [
                "TableName": "copy", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    ["AttributeName": "id", "AttributeType": "S"],
                    ["AttributeName": "line", "AttributeType": "S"],
                ],
                "KeySchema": [
                    ["AttributeName": "id", "KeyType": "HASH"],
                    ["AttributeName": "line", "KeyType": "RANGE"],
                ],
                "WarmThroughput": [
                    "ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": JSON(units),
                ],
            ]
        }
        // 1,080 units at 4,000 a second; and without the local index 720 at 8,000.
        let new = try plan()
        #expect(new["seconds"]?.double == 1_080.0 / 4_000)
        #expect(new["heldBackBy"]?.string == "on-demand growth of the target")
        try server.call("CreateTable", table(warm: 8_000))
        let warm = try plan("--data-only")
        #expect(warm["writeUnits"]?.double == 720)
        #expect(warm["seconds"]?.double == 720.0 / 8_000)
    }

    @Test func `a boost is compared with the copy without it`() throws {
        try fill(items: 480)
        // 1,080 units at 1 a second: 18 minutes. At 1,000 a second: 1.08 s, and 999 more units of
        // the table and of each of two indexes for an hour: 3 * 999 * 0.00065.
        let asked = try plan("--target-capacity", "1:1", "--boost-write", "1000")
        #expect(asked["boost"]?["isAsked"] == true)
        #expect(asked["seconds"]?.double == 1.08)
        #expect(asked["boost"]?["secondsWithout"]?.double == 1_080)
        let dollars = try #require(asked["boost"]?["dollars"]?.double)
        #expect(abs(dollars - 1.94805) < 1e-9)
        #expect(asked["cost"]?["boost"]?.double == dollars)
        let without = try plan("--target-capacity", "1:1")
        #expect(without["boost"]?["isAsked"] == false)
        #expect(without["boost"]?["units"]?.int == 1_000)
        #expect(without["boost"]?["seconds"]?.double == 1.08)
        #expect(without["seconds"]?.double == 1_080)
        #expect(without["cost"]?["boost"]?.double == 0)
        // What a table that is made warm costs is not among the prices.
        let warm = try plan("--boost-write", "8000")
        #expect(warm["seconds"]?.double == 1_080.0 / 8_000)
        #expect(warm["boost"]?["dollars"] == .null)
    }
}
