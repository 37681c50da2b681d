import AWS
import DynamoDB
import DynamoModel
import Foundation
import JSON
import LocalAWS
import Testing

@testable import Connectors
@testable import Transfer

@Suite struct KeepingTests {
    private static let schema = KeySchema(partition: KeyAttribute(name: "id", type: .string))

    private static func items(_ range: Range<Int>, note: String) -> [JSON] {
        range.map { ["id": ["S": .string("item \($0)")], "note": ["S": .string(note)]] }
    }

    private static func text(_ item: [UInt8]) -> String { String(decoding: item, as: UTF8.self) }

    /// Goal: whatever fails, no item is replaced, and one that this copy has put counts as written,
    /// not as kept.
    /// Method: replies that are lost after the put was done, by seed, and a target that holds some.
    @Test(.timeLimit(.minutes(20)))
    func `through every kind of fault nothing is replaced and each item counts as what it is`()
        async throws
    {
        let fixture = try CopyFixture { options in
            options.faults = try FaultPlan(
                parsing: "error=0.05,throttle=0.1,drop=0.05,truncate=0.05,corrupt=0.05")
        }
        let table = TableDefinition(name: "source", schema: Self.schema)
        try fixture.server.load(table, items: Self.items(0..<3_000, note: "the source's"))
        var target = table
        target.name = "target"
        try fixture.server.load(target, items: Self.items(2_500..<3_500, note: "the target's"))
        let report = try await fixture.copy {
            ($0.mergesIntoItems, $0.keepsItems) = (true, true)
        }
        #expect(report.outcome == .completed)
        #expect(report.counters.itemsWritten == 2_500)
        #expect(report.counters.itemsKept == 500)
        #expect(report.counters.requestsFailed > 0 && report.counters.writesThrottled > 0)
        let stored = fixture.server.items(of: "target").map(Self.text)
        #expect(stored.count == 3_500)
        #expect(stored.count { $0.contains("the target's") } == 1_000)
    }

    /// Goal: an item that is refused for its content is a dead letter, alone, as in any copy;
    /// trying it again replaces nothing either.
    @Test(.timeLimit(.minutes(20)))
    func `what the target refuses is a dead letter, and a retry keeps what is there`() async throws
    {
        let fixture = try CopyFixture()
        var items = Self.items(0..<100, note: "the source's")
        items[7]["day"] = ["S": "monday"]
        try fixture.server.load(
            TableDefinition(name: "source", schema: Self.schema), items: items)
        var definition = TableDefinition(name: "target", schema: Self.schema)
        definition.attributes.append(KeyAttribute(name: "day", type: .number))
        definition.globalIndexes = [
            IndexDefinition(
                name: "by-day", keys: [KeyElement(attribute: "day", role: .partition)])
        ]
        try fixture.server.load(definition)
        let job = try await fixture.prepare {
            ($0.mergesIntoItems, $0.keepsItems) = (true, true)
        }
        let report = await job.run()
        #expect(report.outcome == .completed)
        #expect(report.counters.itemsWritten == 99 && report.counters.deadLetters == 1)
        let client = try await fixture.client()
        let table = TargetTable(name: "target", client: client)
        try await table.put(["id": ["S": "item 7"], "note": ["S": "the target's"]])
        // Now it would be accepted, if there were none.
        try await SourceMending(client).mend(items[7], in: "source")
        let findings = try await DeadLetterRetry(
            from: ReadOnlyClient(client), to: client, keepsItems: { _ in true }
        ).run(try #require(job.id), in: fixture.jobs)
        #expect(findings.kept == 1 && findings.written == 0 && findings.refused == 0)
        let stored = fixture.server.items(of: "target").map(Self.text)
        #expect(stored.count { $0.contains("the target's") } == 1)
    }

    @Test(arguments: [
        ("{\"a\":{\"N\":\"1.50\"},\"b\":{\"SS\":[\"x\",\"y\"]}}", true),
        ("{\"b\":{\"SS\":[\"y\",\"x\"]},\"a\":{\"N\":\"15e-1\"}}", true),
        ("{\"a\":{\"N\":\"1.51\"},\"b\":{\"SS\":[\"x\",\"y\"]}}", false),
        ("{\"a\":{\"N\":\"1.5\"}}", false), ("nonsense", false),
    ])
    func `items are the same by value`(text: String, areSame: Bool) throws {
        let item = try JSON(parsing: "{\"a\":{\"N\":\"1.5\"},\"b\":{\"SS\":[\"x\",\"y\"]}}")
        #expect(ItemComparison.areEqual(item, Array(text.utf8)) == areSame)
    }
}

/// What the owner of a source does to an item.
private struct SourceMending {
    private let client: Client

    init(_ client: Client) { self.client = client }

    func mend(_ item: JSON, in table: String) async throws {
        var item = item
        item["day"] = ["N": "1"]
        try await TargetTable(name: table, client: client).put(item)
    }
}
