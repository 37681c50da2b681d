import Foundation
import JSON
import TestSupport
import Testing

@testable import dynaferry

/// Goal: `--merge=keep` adds what the target lacks, never replaces anything, and says how much
/// stayed.
/// Method: a target that has some of the source's keys with other contents, and keys of its own.
@Suite(.timeLimit(.minutes(20))) struct KeepTests {
    private static let held = 20
    private let site: CopySite

    init() throws {
        site = try CopySite()
        try site.create("Copy", keys: CopySite.keys)
    }

    private func key(_ item: JSON) -> JSON {
        ["accountId": item["accountId"] ?? nil, "sequence": item["sequence"] ?? nil]
    }

    /// Puts items of the source's first keys, and one of a key of its own, into the target.
    private func fillTarget() throws -> [JSON] {
        let page = try site.server.call("Scan", ["TableName": "Orders", "Limit": 20])
        var items = try #require(page["Items"]?.array).map { item -> JSON in
            var mine = key(item)
            mine["note"] = ["S": "mine"]
            return mine
        }
        #expect(items.count == Self.held)
        items.append(["accountId": ["S": "nobody's"], "sequence": ["N": "1"]])
        let puts = items.map { item -> JSON in ["PutRequest": ["Item": item]] }
        try site.server.call("BatchWriteItem", ["RequestItems": ["Copy": .array(puts)]])
        return items
    }

    private func target() throws -> [JSON] {
        try site.server.call("Scan", ["TableName": "Copy"])["Items"]?.array ?? []
    }

    @Test func `what the target has stays, what it lacks is added, and both are counted`() throws {
        let before = try fillTarget()
        let refused = try site.run()
        #expect(refused.status == 1)
        #expect(refused.err.contains("--merge=keep keeps them too"), "\(refused.err)")
        let result = try site.run(
            ["--merge=keep", "--job", "one", "--progress", "json", "--write-units", "5000"])
        #expect(result.status == 0, "\(result)")
        #expect(
            result.out.contains(
                "1,480 written of 1,500 read, 0 dead letters, 20 kept as the target has them"),
            "\(result.out)")
        #expect(result.err.contains("\"itemsKept\":20"), "\(result.err)")
        let report = try site.report()
        #expect(report["itemsWritten"]?.int == 1_480)
        #expect(report["itemsKept"]?.int == 20)
        let after = try target()
        #expect(after.count == CopySite.items + 1)
        #expect(before.allSatisfy(after.contains))
        let jobs = try Binary.shell(
            "exec \"$0\" jobs report one --format json --state-dir \"$1\"",
            [site.folder.path("jobs")])
        let table = try JSON(parsing: jobs.out)["tables"]?.array?.first
        #expect(table?["itemsKept"]?.int == 20)
        #expect(table?["itemsDone"]?.int == 1_500)
        let again = try site.run(["--merge=keep", "--write-units", "5000"])
        #expect(again.status == 0)
        #expect(again.out.contains("0 written of 1,500 read, 0 dead letters, 1,500 kept"))
        #expect(try target() == after)
    }

    @Test func `to replace instead is another job`() throws {
        try site.runAndKill(["--merge=keep", "--write-units", "300"])
        let other = try site.run(["--merge=replace", "--write-units", "5000"])
        #expect(other.status == 0, "\(other)")
        #expect(!other.err.contains("resuming"), "\(other.err)")
        try site.expectExact()
    }

    @Test func `a killed run is gone on with, and nothing it wrote counts as kept`() throws {
        try site.runAndKill(["--merge=keep", "--write-units", "300"])
        let result = try site.run(["--merge=keep", "--write-units", "5000"])
        #expect(result.status == 0, "\(result)")
        #expect(result.err.contains("resuming job"), "\(result.err)")
        #expect(try site.report()["itemsKept"]?.int == 0)
        #expect(try site.report()["itemsInAll"]?.int == CopySite.items)
        try site.expectExact()
    }

    @Test func `another word than replace or keep is refused`() throws {
        let result = try site.run(["--merge=kept"])
        #expect(result.status == 2)
        #expect(result.err.contains("--merge takes replace or keep"), "\(result.err)")
        #expect(try target().isEmpty)
    }

    @Test func `an empty target takes everything, limits and all`() throws {
        let result = try site.run(["--merge=keep", "--total-write-units", "1000"])
        #expect(result.status == 0, "\(result)")
        #expect(result.out.contains("1,500 written of 1,500 read, 0 dead letters\n"))
        try site.expectExact()
    }
}
