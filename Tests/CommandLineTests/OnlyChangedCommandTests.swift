import Foundation
import JSON
import Jobs
import TestSupport
import Testing

@testable import dynaferry

/// Goal: `--only-changed` writes what has changed since the last copy, tells the rest, and goes on
/// after a kill.
/// Method: a copy that is done, then edits of some items at its source, and items of the target's
/// own.
@Suite(.timeLimit(.minutes(20))) struct OnlyChangedCommandTests {
    private let site: CopySite

    init() throws {
        site = try CopySite()
        let first = try site.run(["--write-units", "20000"])
        #expect(first.status == 0, "\(first)")
    }

    /// Changes `count` items of the source, each within a kilobyte.
    private func edit(_ count: Int) throws {
        let page = try site.server.call("Scan", ["TableName": "Orders", "Limit": JSON(count)])
        let items = try #require(page["Items"]?.array)
        for start in stride(from: 0, to: items.count, by: 25) {
            let puts = items[start..<min(start + 25, items.count)].map { item -> JSON in
                [
                    "PutRequest": [
                        "Item": [
                            "accountId": item["accountId"] ?? nil,
                            "sequence": item["sequence"] ?? nil, "note": ["S": "changed"],
                        ]
                    ]
                ]
            }
            try site.server.call("BatchWriteItem", ["RequestItems": ["Orders": .array(puts)]])
        }
    }

    private func put(_ item: JSON) throws {
        try site.server.call("PutItem", ["TableName": "Copy", "Item": item])
    }

    @Test func `a second run writes what has changed, and leaves alone what is extra`() throws {
        try edit(40)
        try put(["accountId": ["S": "extra"], "sequence": ["N": "1"]])
        let result = try site.run(["--only-changed", "--job", "two", "--progress", "json"])
        #expect(result.status == 0, "\(result)")
        #expect(
            result.out.contains("40 written of 1,500 read, 0 dead letters, 1,460 equal already"),
            "\(result.out)")
        #expect(result.out.contains("1 item only in target"), "\(result.out)")
        #expect(result.err.contains("--repair --delete-extra"), "\(result.err)")
        #expect(result.err.contains("\"itemsWritten\":40"), "\(result.err)")
        let report = try site.report()
        #expect(report["itemsWritten"]?.int == 40)
        #expect(report["itemsEqual"]?.int == 1_460)
        #expect(report["itemsOnlyInTarget"]?.int == 1)
        #expect(report["itemsInAll"]?.int == CopySite.items)
        for (format, told) in [("text", "equal already: 1,460"), ("md", "target only: 1 item")] {
            let jobs = try Binary.shell(
                "exec \"$0\" jobs report two --format \"$2\" --state-dir \"$1\"",
                [site.folder.path("jobs"), format])
            #expect(jobs.out.contains(told), "\(jobs)")
        }
        try site.server.call(
            "DeleteItem",
            [
                "TableName": "Copy",
                "Key": ["accountId": ["S": "extra"], "sequence": ["N": "1"]],
            ])
        try site.expectExact()
        let again = try site.run(["--only-changed"])
        #expect(again.out.contains("0 written of 1,500 read, 0 dead letters, 1,500 equal"))
        #expect(try site.report()["writeUnits"]?.double == 0)
    }

    @Test func `a killed run is gone on with to the same end`() throws {
        try edit(800)
        let words = ["--only-changed", "--job", "two"]
        let copy = try site.start(words + ["--write-units", "200"])
        let path = site.jobs.databasePath("two")
        func written() -> Int {
            (try? JobFile.open(path, readOnly: true).job())?.progress.counters.itemsWritten ?? 0
        }
        while written() < 50 { usleep(5_000) }
        copy.process.signal(SIGKILL)
        #expect(try copy.end().status == -SIGKILL)
        let result = try site.run(words + ["--write-units", "5000"])
        #expect(result.status == 0, "\(result)")
        #expect(result.err.contains("resuming job two"), "\(result.err)")
        let report = try site.report()
        #expect((1..<800).contains(report["itemsWritten"]?.int ?? 0))
        #expect(report["itemsInAll"]?.int == CopySite.items)
        try site.expectExact()
    }

    @Test func `an item that the target refuses is a dead letter`() throws {
        try site.server.call(
            "UpdateTable",
            [
                "TableName": "Copy",
                "AttributeDefinitions": [["AttributeName": "note", "AttributeType": "N"]],
                "GlobalSecondaryIndexUpdates": [
                    [
                        "Create": [
                            "IndexName": "by-note",
                            "KeySchema": [["AttributeName": "note", "KeyType": "HASH"]],
                            "Projection": ["ProjectionType": "KEYS_ONLY"],
                        ]
                    ]
                ],
            ])
        try edit(2)
        let path = site.folder.path("letters.jsonl")
        let words = ["--only-changed", "--dead-letters", path]
        let result = try site.run(words)
        #expect(result.status == 3, "\(result)")
        #expect(result.out.contains("0 written of 1,500 read, 2 dead letters, 1,498 equal"))
        let letters = try String(contentsOfFile: path, encoding: .utf8)
        #expect(letters.split(separator: "\n").count == 2)
        let failed = try site.run(words + ["--max-dead-letters", "0"])
        #expect(failed.status == 1 && failed.err.contains("raise --max-dead-letters"), "\(failed)")
    }

    @Test(arguments: [
        ["--merge=keep"], ["--skip-expired"], ["--schema-only"], ["--verify"],
    ])
    func `what contradicts it is refused, and says why`(_ words: [String]) throws {
        let result = try site.run(["--only-changed"] + words)
        #expect(result.status == 2)
        #expect(result.err.contains("--only-changed"), "\(result.err)")
        #expect(result.err.contains("hint:"), "\(result.err)")
    }

    @Test func `what contradicts it is refused of a file's table too`() throws {
        let path = site.folder.path("config.json")
        let text = """
            {"only-changed": true, "tables": [
                {"source": "Orders", "target": "Copy", "merge": "keep"}
            ]}
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let result = try Binary.run("copy", "--config", path, "--region", "us-east-1")
        #expect(result.status == 2 && result.err.contains("--merge=keep keeps them"), "\(result)")
    }

    @Test func `a plan of it is refused, but not its policies`() throws {
        let words = ["plan", "Orders", "Copy", "--region", "us-east-1", "--only-changed"]
        let line = "exec \"$0\" \"$@\""
        let plan = try Binary.shell(line, words)
        #expect(plan.status == 2 && plan.err.contains("can't tell"), "\(plan)")
        let policies = try Binary.shell(line, words + ["--iam"])
        let json = try JSON(parsing: policies.out)
        for (side, actions) in [
            ("source", ["BatchGetItem", "GetItem", "Scan"]),
            ("target", ["BatchGetItem", "GetItem", "PutItem", "Scan"]),
        ] {
            let allowed = json[side]?["Statement"]?.array?.first?["Action"]?.array ?? []
            for action in actions { #expect(allowed.contains(.string("dynamodb:\(action)"))) }
        }
    }
}
