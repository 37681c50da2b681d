import DynamoModel
import JSON
import LocalAWS
import TestSupport
import Testing

@testable import Transfer

@Suite struct SourceSafetyTests {
    @Test(.timeLimit(.minutes(20)))
    func `a copy makes no mutating call on its source`() async throws {
        let fixture = try CopyFixture { options in
            options.fills = [Fill(name: "source", items: 3_000)]
            options.denyWrites = ["source"]
        }
        let report = try await fixture.copy()
        #expect(report.outcome == .completed)
        let table = fixture.server.meter["tables"]?["source"]
        #expect(table?["mutating_calls"]?.int == 0)
        #expect(table?["items_written"]?.int == 0)
        fixture.expectEqual()
    }

    @Test(.timeLimit(.minutes(20)))
    func `a target that is the source is refused, by name and by ARN`() async throws {
        let fixture = try CopyFixture { $0.fills = [Fill(name: "source", items: 10)] }
        let byName = await CopyRefusal.of { try await fixture.prepare("source", "source") }
        #expect(byName?.message.contains("same table") == true)
        let arn = try #require(try await fixture.prepare("source", "other").source.arn)
        let byARN = await CopyRefusal.of {
            try await fixture.prepare("source", arn) { $0.mergesIntoItems = true }
        }
        #expect(byARN?.message.contains("same table") == true)
    }

    @Test(.timeLimit(.minutes(20)))
    func `other keys are refused and nothing is written`() async throws {
        let fixture = try CopyFixture { $0.fills = [Fill(name: "source", items: 10)] }
        try fixture.server.load(
            TableDefinition(
                name: "target", schema: KeySchema(partition: KeyAttribute(name: "x", type: .number))
            ))
        let refusal = await CopyRefusal.of { try await fixture.prepare() }
        #expect(refusal?.message.contains("keys differ") == true)
        #expect(fixture.server.count(of: "target") == 0)
    }

    @Test func `a missing source is refused and no target is made`() async throws {
        let fixture = try CopyFixture()
        let refusal = await CopyRefusal.of { try await fixture.prepare("nowhere", "target") }
        #expect(refusal?.message.contains("no source table nowhere") == true)
        #expect(fixture.server.count(of: "target") == nil)
    }

    @Test(.timeLimit(.minutes(20)))
    func `a created target has the source's keys, indexes and billing`() async throws {
        let fixture = try CopyFixture()
        let definition = TableDefinition(
            name: "source",
            attributes: [
                KeyAttribute(name: "pk", type: .string), KeyAttribute(name: "sk", type: .number),
                KeyAttribute(name: "day", type: .binary),
            ],
            keys: [
                KeyElement(attribute: "pk", role: .partition),
                KeyElement(attribute: "sk", role: .sort),
            ],
            globalIndexes: [
                IndexDefinition(
                    name: "by-day", keys: [KeyElement(attribute: "day", role: .partition)],
                    projection: .keysOnly, throughput: Throughput(readUnits: 3, writeUnits: 4))
            ],
            localIndexes: [
                IndexDefinition(
                    name: "local",
                    keys: [
                        KeyElement(attribute: "pk", role: .partition),
                        KeyElement(attribute: "day", role: .sort),
                    ], projection: .all)
            ],
            billing: .provisioned(Throughput(readUnits: 100, writeUnits: 200)))
        try fixture.server.load(definition)
        let copy = try await fixture.prepare()
        var expected = copy.source.definition
        expected.name = "target"
        #expect(copy.target.definition == expected)
        // A provisioned source is read at half of its units, a target written at all of them.
        #expect(try copy.limits().read.unitsPerSecond == 50)
        #expect(try copy.limits().write.table == 200)
        #expect(try copy.limits().write.indexes.first?.unitsPerSecond == 4)
    }
}
