import DynamoDB
import DynamoModel
import Foundation
import JSON
import LocalAWS
import Pacing
import Testing
import Transfer

@testable import Connectors
@testable import Jobs

/// Goal: a copy that verifies itself makes the source's digest of what it reads anyway, whatever
/// interrupts it, and tells what is not as it was read.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CopyVerifyTests {
    /// The digests that the copy and its verification have kept are the same, segment by segment.
    private func expectSameDigests(
        _ fixture: CopyFixture, _ id: String, items: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let file = try JobFile.open(fixture.jobs.databasePath(id), readOnly: true)
        let state = try #require(try file.verifyState(ofTable: 0))
        func sums(_ side: DigestState) -> [Int: DigestSum] {
            Dictionary(uniqueKeysWithValues: side.segments.map { ($0.segment, $0.sum) })
        }
        let source = sums(state.source)
        #expect(source == sums(state.target), sourceLocation: sourceLocation)
        #expect(state.source.buckets == state.target.buckets, sourceLocation: sourceLocation)
        let counted = source.values.reduce(0) { $0 + $1.items }
        #expect(counted == items, sourceLocation: sourceLocation)
    }

    @Test("the source is read once, and what arrived is equal")
    func equal() async throws {
        let fixture = try CopyFixture()
        let items = EditedTables(seed: 2, items: 3_000, edits: 0).source
        try fixture.server.load(EditedTables.definition, items: items)
        let report = try await fixture.copy { $0.verifies = true }
        let comparison = try #require(report.tables[0].comparison)
        #expect(comparison.result == .equal)
        #expect(comparison.counters.equal == 3_000)
        #expect(report.counters.itemsRead == 3_000)
        try expectSameDigests(fixture, try #require(report.id), items: 3_000)
        let plain = try await fixture.copy("source", "other")
        #expect(plain.tables[0].comparison == nil)
    }

    @Test(
        "the digest is the same wherever the copy was interrupted, and whatever replies were lost")
    func interrupted() async throws {
        for seed in 0..<8 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let fixture = try CopyFixture {
                $0.faults = try FaultPlan(parsing: "error=0.03,throttle=0.03,drop=0.02")
            }
            let items = EditedTables(seed: seed, items: 2_500, edits: 0).source
            try fixture.server.load(EditedTables.definition, items: items)
            for run in 1... {
                let job = try await fixture.prepare {
                    $0.verifies = true
                    $0.segments = 16
                    $0.scansMax = 2
                }
                let delay = run * Int.random(in: 5...25, using: &generator)
                let stopper = Task {
                    try await Task.sleep(for: .milliseconds(delay))
                    job.stop()
                }
                let report = await job.run()
                stopper.cancel()
                guard report.outcome == .completed else {
                    #expect(report.outcome == .stopped, "seed \(seed)")
                    continue
                }
                #expect(report.tables[0].comparison?.result == .equal, "seed \(seed)")
                try expectSameDigests(fixture, try #require(report.id), items: 2_500)
                break
            }
        }
    }

    @Test("an item that was refused is missing")
    func missing() async throws {
        let fixture = try CopyFixture()
        var definition = EditedTables.definition
        func item(_ id: String, _ group: JSON) -> JSON {
            ["id": ["S": .string(id)], "n": ["N": "1"], "g": group]
        }
        try fixture.server.load(
            definition, items: [item("a", ["S": "fits"]), item("b", ["N": "7"])])
        definition.name = "target"
        definition.attributes.append(KeyAttribute(name: "g", type: .string))
        definition.globalIndexes = [
            IndexDefinition(name: "by-g", keys: [KeyElement(attribute: "g", role: .partition)])
        ]
        try fixture.server.load(definition)
        let report = try await fixture.copy { $0.verifies = true }
        let comparison = try #require(report.tables[0].comparison)
        #expect(comparison.result == .different)
        #expect(comparison.counters.onlyInSource == 1)
        #expect(comparison.counters.itemsInSource == 2)
        #expect(comparison.notes.isEmpty)
    }

    @Test("what was in the target before a merge makes no difference")
    func merged() async throws {
        let fixture = try CopyFixture { $0.keepNumbers = true }
        let tables = EditedTables(seed: 7, items: 400, edits: 0.5)
        try tables.load(into: fixture)
        let report = try await fixture.copy {
            $0.verifies = true
            $0.mergesIntoItems = true
        }
        let comparison = try #require(report.tables[0].comparison)
        #expect(comparison.result == .equal)
        #expect(comparison.counters.onlyInTarget == tables.expected[.onlyInTarget]?.count)
    }

    @Test("a run without a digest leaves none behind that is wrong")
    func mixed() async throws {
        let fixture = try CopyFixture()
        let items = EditedTables(seed: 5, items: 3_000, edits: 0).source
        try fixture.server.load(EditedTables.definition, items: items)
        for verifies in [true, false, true] {
            let job = try await fixture.prepare {
                $0.verifies = verifies
                $0.segments = 16
                $0.scansMax = 1
                $0.limits.writeUnits = .perSecond(2_000)
            }
            let stopper = Task {
                try await Task.sleep(for: .milliseconds(200))
                job.stop()
            }
            _ = await job.run()
            stopper.cancel()
        }
        let report = try await fixture.copy { $0.verifies = true }
        #expect(report.outcome == .completed)
        #expect(report.tables[0].comparison?.result == .equal)
        #expect(report.tables[0].comparison?.counters.equal == 3_000)
    }

    @Test("what the source changes once it has been read is no fault of the copy")
    func changedSince() async throws {
        for isDamaged in [false, true] {
            let fixture = try CopyFixture()
            let items = EditedTables(seed: 6, items: 500, edits: 0).source
            try fixture.server.load(EditedTables.definition, items: items)
            let job = try await fixture.prepare {
                $0.verifies = true
                $0.segments = 4
                $0.limits.writeUnits = .perSecond(400)
            }
            let stopper = Task {
                try await Task.sleep(for: .milliseconds(600))
                job.stop()
            }
            let first = await job.run()
            stopper.cancel()
            #expect(first.outcome == .stopped && first.counters.itemsWritten > 0)
            let target = TargetTable(name: "target", client: try await fixture.client())
            for item in items {
                let key: JSON = ["id": try #require(item["id"]), "n": try #require(item["n"])]
                guard try await target.item(key) != nil else { continue }
                var changed = item
                changed["text"] = ["S": "changed since"]
                try await fixture.put(changed, into: "source")
            }
            let extra: JSON = ["id": ["S": "extra"], "n": ["N": "1"]]
            if isDamaged { try await fixture.put(extra, into: "target") }
            let report = try await fixture.copy { $0.verifies = true }
            #expect(report.outcome == .completed)
            let comparison = try #require(report.tables[0].comparison)
            #expect((comparison.result == .equal) == !isDamaged)
            #expect(comparison.counters.onlyInTarget == (isDamaged ? 1 : 0))
            #expect(comparison.counters.causes.differedAtFirstRead == (isDamaged ? 1 : 0))
            #expect(comparison.counters.causes.unknown == 0)
        }
    }
}
