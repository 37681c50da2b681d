import Connectors
import DynamoDB
import DynamoModel
import Foundation
import JSON
import LocalAWS
import Pacing
import System
import Testing

@testable import Transfer

/// Verification through the real client against the embedded server: what it reports is what was
/// done to the tables, always.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct VerifyTests {
    @Test("of 60 random pairs of tables, what is reported is what was edited")
    func edits() async throws {
        for seed in 0..<60 as Range<UInt64> {
            let fixture = try CopyFixture { $0.keepNumbers = true }
            let tables = EditedTables(
                seed: seed, items: [0, 1, 30, 700][Int(seed % 4)],
                edits: [0, 0.01, 0.3, 1][Int(seed / 4 % 4)])
            try tables.load(into: fixture)
            let found = try await fixture.verify {
                $0.segments = [1, 4, 64][Int(seed % 3)]
                $0.memory = VerifyMemory.totalMin(repairs: false)
            }
            for kind in VerifyFinding.Kind.allCases {
                #expect(found.keys(kind) == tables.expected[kind] ?? [], "\(kind), seed \(seed)")
            }
            // Nobody writes: what differs does so from the start.
            #expect(found.findings.allSatisfy { $0.cause == .differedAtFirstRead }, "seed \(seed)")
            #expect(found.counters.causes.differedAtFirstRead == found.counters.differences)
            let isEqual = tables.expected.isEmpty
            #expect(found.comparison.result == (isEqual ? .equal : .different), "seed \(seed)")
            #expect(found.counters.itemsInSource == tables.source.count)
            #expect(found.counters.itemsInTarget == tables.target.count)
            let unequal = found.counters.different + found.counters.onlyInSource
            #expect(found.counters.equal == tables.source.count - unequal)
        }
    }

    @Test("a fault in every tenth reply, and pages that must be asked for again, change no result")
    func faults() async throws {
        let fixture = try CopyFixture {
            $0.keepNumbers = true
            $0.faults = try FaultPlan(
                parsing: "error=0.05,throttle=0.05,drop=0.02,truncate=0.02,corrupt=0.02")
        }
        let tables = EditedTables(seed: 9, items: 3_000, edits: 0.1)
        try tables.load(into: fixture)
        let found = try await fixture.verify { $0.segments = 64 }
        for kind in VerifyFinding.Kind.allCases {
            #expect(found.keys(kind) == tables.expected[kind] ?? [], "\(kind)")
        }
        #expect(found.comparison.source.counters.requestsFailed > 0)
    }

    @Test("only segments that differ are read again")
    func segments() async throws {
        let fixture = try CopyFixture()
        let items = EditedTables(seed: 3, items: 2_000, edits: 0).source
        var definition = EditedTables.definition
        try fixture.server.load(definition, items: items)
        definition.name = "target"
        try fixture.server.load(definition, items: Array(items.dropLast()))
        let found = try await fixture.verify { $0.segments = 128 }
        #expect(found.comparison.segmentsReadAgain == 1)
        #expect(found.counters.onlyInSource == 1)
        #expect(found.comparison.source.counters.itemsRead < 2_100)
        #expect(found.comparison.looks.counters.itemsRead == 1)
    }

    @Test("attributes that differ are named, those of equal value are not")
    func attributes() async throws {
        let fixture = try CopyFixture { $0.keepNumbers = true }
        var definition = EditedTables.definition
        let item: JSON = [
            "id": ["S": "a"], "n": ["N": "1"], "same": ["NS": ["1.0", "2"]],
            "gone": ["S": "x"], "changed": ["N": "1"],
        ]
        let other: JSON = [
            "id": ["S": "a"], "n": ["N": "1.0"], "same": ["NS": ["2", "1"]],
            "new": ["S": "y"], "changed": ["N": "2"],
        ]
        try fixture.server.load(definition, items: [item])
        definition.name = "target"
        try fixture.server.load(definition, items: [other])
        let found = try await fixture.verify()
        #expect(found.findings.map(\.kind) == [.different])
        let attributes = try #require(found.findings.first?.attributes)
        #expect(attributes.map(\.name) == ["changed", "gone", "new"])
        #expect(attributes[0].target == ["N": "2"])
        #expect(attributes[1].target == nil)
    }

    @Test("items past their time to live on one side make no difference")
    func timeToLive() async throws {
        let fixture = try CopyFixture()
        let now = Int(clamping: MonotonicTime().secondsSinceEpoch)
        func item(_ id: String, _ expires: Int) -> JSON {
            ["id": ["S": .string(id)], "n": ["N": "1"], "ttl": ["N": .string("\(expires)")]]
        }
        var definition = EditedTables.definition
        try fixture.server.load(
            definition, items: [item("both", now - 100), item("left", now - 100)])
        definition.name = "target"
        try fixture.server.load(definition, items: [item("both", now - 100)])
        try await fixture.expire("source", "ttl")
        let found = try await fixture.verify { $0.settings = nil }
        #expect(found.comparison.result == .equal)
        #expect(found.counters.pastTTL == 1)
        #expect(found.counters.equal == 1)
        // On the side that has no time to live it will stay.
        let other = try await fixture.verify("target", "source") { $0.settings = nil }
        #expect(other.comparison.result == .equal)
        try await fixture.put(item("right", now - 100), into: "target")
        let third = try await fixture.verify()
        #expect(third.comparison.settingDifferences == ["TTL on ttl: not there"])
        #expect(third.comparison.result == .different)
        #expect(third.counters.onlyInTarget == 1)
    }

    @Test("a sample finds damage in its segments, and says what it would have seen")
    func sample() async throws {
        let fixture = try CopyFixture()
        let tables = EditedTables(seed: 5, items: 1_000, edits: 1)
        try tables.load(into: fixture)
        let found = try await fixture.verify { $0.mode = .sample(0.1) }
        #expect(found.comparison.result == .different)
        #expect((1..<500).contains(found.counters.itemsInSource))
        #expect(found.comparison.sample?.share == 64 / 1_024 || found.comparison.sample != nil)
        for kind in VerifyFinding.Kind.allCases {
            #expect(found.keys(kind).isSubset(of: tables.expected[kind] ?? []))
        }
    }

    @Test("counting compares numbers of items only")
    func counting() async throws {
        let fixture = try CopyFixture()
        let tables = EditedTables(seed: 6, items: 500, edits: 0)
        try tables.load(into: fixture)
        let equal = try await fixture.verify { $0.mode = .count }
        #expect(equal.comparison.result == .equal)
        #expect(equal.counters.itemsInTarget == 500)
        try await fixture.put(
            ["id": ["S": "more"], "n": ["N": "1"]], into: "target")
        let more = try await fixture.verify { $0.mode = .count }
        #expect(more.comparison.result == .different)
        #expect(more.counters.itemsInTarget == 501)
    }

    @Test("an index that is missing is a difference although all items are equal")
    func schema() async throws {
        let fixture = try CopyFixture()
        var definition = EditedTables.definition
        try fixture.server.load(definition)
        definition.name = "target"
        definition.attributes.append(KeyAttribute(name: "g", type: .string))
        definition.globalIndexes = [
            IndexDefinition(name: "by-g", keys: [KeyElement(attribute: "g", role: .partition)])
        ]
        try fixture.server.load(definition)
        let found = try await fixture.verify()
        #expect(found.comparison.result == .different)
        #expect(
            found.comparison.schemaDifferences == ["the global index by-g is in the target only"])
    }

    @Test("tables of other keys, and one that is not there, are refused")
    func refused() async throws {
        let fixture = try CopyFixture()
        try fixture.server.load(EditedTables.definition)
        try fixture.server.load(
            TableDefinition(
                name: "target",
                schema: KeySchema(partition: KeyAttribute(name: "id", type: .string))))
        await #expect(throws: CopyRefusal.self) { try await fixture.verify() }
        await #expect(throws: CopyRefusal.self) { try await fixture.verify("source", "nowhere") }
    }

    @Test("an item that is written all the while is reported as changing, not as wrong")
    func changing() async throws {
        let fixture = try CopyFixture()
        let tables = EditedTables(seed: 8, items: 300, edits: 0)
        try tables.load(into: fixture)
        let source = TargetTable(name: "source", client: try await fixture.client())
        let writer = Task {
            var count = 0
            while !Task.isCancelled {
                count += 1
                try await source.put(
                    ["id": ["S": "hot"], "n": ["N": "1"], "v": ["N": .string("\(count)")]])
            }
        }
        defer { writer.cancel() }
        try await Task.sleep(for: .milliseconds(50))
        let found = try await fixture.verify()
        writer.cancel()
        #expect(found.findings.allSatisfy { $0.kind == .changing || $0.kind == .onlyInSource })
        #expect(found.findings.count == 1)
    }
}
