import DynamoDB
import DynamoModel
import Foundation
import JSON
import LocalAWS
import Pacing
import System
import TestSupport
import Testing

@testable import Connectors
@testable import Flow
@testable import Transfer

/// Goal: a copy of what differs writes that and nothing else, accounts for every item, and comes to
/// the same end whatever interrupts it.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct OnlyChangedTests {
    private func units(_ fixture: CopyFixture) -> Double {
        fixture.server.meter["tables"]?["target"]?["write_units"]?.double ?? 0
    }

    /// Every item that was read is accounted for.
    private func expectSum(
        _ counters: FlowCounters, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(
            counters.itemsRead
                == counters.itemsWritten + counters.deadLetters + counters.itemsEqual
                + counters.itemsLeftOut + counters.itemsChanging, "\(counters)",
            sourceLocation: sourceLocation)
    }

    @Test("of random edits exactly those are copied, at a unit each, and what is extra stays")
    func edited() async throws {
        for seed in 200..<212 as Range<UInt64> {
            let fixture = try CopyFixture { $0.keepNumbers = true }
            let tables = EditedTables(
                seed: seed, items: [3, 60, 500][Int(seed % 3)],
                edits: [0, 0.1, 1][Int(seed / 3 % 3)])
            try tables.load(into: fixture)
            let before = units(fixture)
            let report = try await fixture.copy {
                $0.onlyChanged = true
                $0.mergesIntoItems = true
            }
            #expect(report.outcome == .completed)
            let changed = [VerifyFinding.Kind.different, .onlyInSource].reduce(0) {
                $0 + (tables.expected[$1]?.count ?? 0)
            }
            let isCompared = !tables.target.isEmpty
            let counters = report.counters
            #expect(counters.itemsRead == tables.source.count, "seed \(seed)")
            #expect(counters.itemsWritten == (isCompared ? changed : tables.source.count))
            #expect(units(fixture) - before == Double(counters.itemsWritten), "seed \(seed)")
            #expect(counters.writeUnits == Double(counters.itemsWritten))
            #expect(counters.itemsOnlyInTarget == tables.expected[.onlyInTarget]?.count ?? 0)
            expectSum(counters)
            #expect(report.inAll.itemsDone == tables.source.count)
            let after = try await fixture.verify()
            #expect(after.counters.onlyInTarget == counters.itemsOnlyInTarget)
            #expect(after.counters.differences == counters.itemsOnlyInTarget, "seed \(seed)")
        }
    }

    @Test("a target that is new or empty is copied into as ever")
    func empty() async throws {
        for isThere in [false, true] {
            let fixture = try CopyFixture()
            var definition = EditedTables.definition
            try fixture.server.load(
                definition, items: EditedTables(seed: 1, items: 300, edits: 0).source)
            definition.name = "target"
            if isThere { try fixture.server.load(definition) }
            let report = try await fixture.copy {
                $0.onlyChanged = true
                $0.mergesIntoItems = true
            }
            #expect(report.counters.itemsWritten == 300)
            #expect(report.counters.writes < 300)
            fixture.expectEqual()
        }
    }

    @Test("wherever it is stopped, all runs together write each difference once")
    func interrupted() async throws {
        for seed in 0..<6 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let fixture = try CopyFixture { $0.keepNumbers = true }
            let tables = EditedTables(seed: seed, items: 800, edits: 0.5)
            try tables.load(into: fixture)
            let before = units(fixture)
            var written = 0
            for run in 1... {
                let job = try await fixture.prepare {
                    $0.onlyChanged = true
                    $0.mergesIntoItems = true
                    $0.segments = 16
                    $0.limits.writeUnits = .perSecond(500)
                }
                let delay = run * Int.random(in: 20...150, using: &generator)
                let stopper = Task {
                    try await Task.sleep(for: .milliseconds(delay))
                    job.stop()
                }
                let report = await job.run()
                stopper.cancel()
                written += report.counters.itemsWritten
                guard report.outcome == .completed else {
                    #expect(report.outcome == .stopped, "seed \(seed)")
                    continue
                }
                expectSum(report.counters)
                #expect(report.inAll.counters.itemsWritten == written, "seed \(seed)")
                #expect(report.inAll.itemsDone == tables.source.count, "seed \(seed)")
                break
            }
            #expect(units(fixture) - before == Double(written), "seed \(seed)")
            let after = try await fixture.verify()
            #expect(after.counters.differences == after.counters.onlyInTarget, "seed \(seed)")
        }
    }

    @Test("an item that the target refuses is a dead letter")
    func refused() async throws {
        let fixture = try CopyFixture()
        var definition = EditedTables.definition
        func item(_ id: String, _ group: JSON) -> JSON {
            ["id": ["S": .string(id)], "n": ["N": "1"], "g": group]
        }
        let fits = item("a", ["S": "fits"])
        try fixture.server.load(
            definition, items: [fits, item("b", ["N": "7"]), item("c", ["S": "new"])])
        definition.name = "target"
        definition.attributes.append(KeyAttribute(name: "g", type: .string))
        definition.globalIndexes = [
            IndexDefinition(name: "by-g", keys: [KeyElement(attribute: "g", role: .partition)])
        ]
        try fixture.server.load(definition, items: [fits])
        let report = try await fixture.copy {
            $0.onlyChanged = true
            $0.mergesIntoItems = true
        }
        #expect(report.outcome == .completed)
        let counters = report.counters
        #expect(counters.itemsWritten == 1 && counters.deadLetters == 1 && counters.itemsEqual == 1)
        expectSum(counters)
        let path = try #require(report.deadLettersPath)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.split(separator: "\n").count == 1)
    }
}
