import Connectors
import DynamoDB
import DynamoModel
import Foundation
import JSON
import LocalAWS
import Pacing
import Status
import Testing
import Transfer

@testable import Jobs

/// Goal: a verification that is stopped anywhere goes on, and comes to what it would have come to.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct VerifyResumeTests {
    /// Runs it, asking it to stop after a while, until it has come to an end.
    private func runInPieces(
        _ fixture: CopyFixture, seed: UInt64, repair: RepairOptions? = nil
    ) async throws -> (comparison: Comparison, runs: Int) {
        var generator = SeededGenerator(seed: seed)
        // What is read again begins anew each time: it has to be given longer and longer.
        for run in 1... {
            let job = try await fixture.prepareVerify(repair: repair, isKept: true) {
                $0.segments = 32
                $0.scansMax = 2
            }
            let delay = run * Int.random(in: 1...15, using: &generator)
            let stopper = Task {
                try await Task.sleep(for: .milliseconds(delay))
                job.stop()
            }
            let report = await job.run()
            stopper.cancel()
            // One that was told before it began has no outcome.
            guard report.tables[0].outcome == .completed else { continue }
            return (try #require(report.tables[0].comparison), report.runs)
        }
        preconditionFailure("there is no last run")
    }

    @Test("the sums of equal tables are equal, wherever each side was interrupted")
    func sums() async throws {
        var runs = 0
        for seed in 0..<12 as Range<UInt64> {
            let fixture = try CopyFixture()
            let tables = EditedTables(seed: seed, items: 2_000, edits: 0)
            try tables.load(into: fixture)
            let found = try await runInPieces(fixture, seed: seed)
            #expect(found.comparison.result == .equal, "seed \(seed)")
            #expect(found.comparison.segmentsReadAgain == 0, "seed \(seed)")
            #expect(found.comparison.counters.equal == 2_000)
            runs += found.runs
        }
        #expect(runs > 24, "hardly anything was interrupted")
    }

    @Test("differences are counted as they are, however often it was interrupted")
    func differences() async throws {
        for seed in 20..<28 as Range<UInt64> {
            let fixture = try CopyFixture { $0.keepNumbers = true }
            let tables = EditedTables(seed: seed, items: 1_500, edits: 0.2)
            try tables.load(into: fixture)
            let (comparison, _) = try await runInPieces(fixture, seed: seed)
            #expect(comparison.result == .different)
            func count(_ kind: VerifyFinding.Kind) -> Int { tables.expected[kind]?.count ?? 0 }
            #expect(comparison.counters.different == count(.different), "seed \(seed)")
            #expect(comparison.counters.onlyInSource == count(.onlyInSource), "seed \(seed)")
            #expect(comparison.counters.onlyInTarget == count(.onlyInTarget), "seed \(seed)")
            #expect(comparison.counters.itemsInTarget == tables.target.count)
        }
    }

    @Test("a repair counts each item once over all of its runs, and leaves equal tables")
    func repairs() async throws {
        for seed in 40..<46 as Range<UInt64> {
            let fixture = try CopyFixture { $0.keepNumbers = true }
            let tables = EditedTables(seed: seed, items: 900, edits: 0.5)
            try tables.load(into: fixture)
            var options = RepairOptions()
            options.deletesExtra = true
            let (comparison, _) = try await runInPieces(fixture, seed: seed, repair: options)
            #expect(comparison.result == .repaired)
            let extra = tables.expected[.onlyInTarget]?.count ?? 0
            let all = tables.expected.values.reduce(0) { $0 + $1.count }
            #expect(comparison.counters.deleted == extra, "seed \(seed)")
            #expect(comparison.counters.repaired == all - extra, "seed \(seed)")
            #expect(try await fixture.verify().comparison.result == .equal)
        }
    }

    @Test("what a job keeps of its sums is what it gives back")
    func kept() async throws {
        let fixture = try CopyFixture()
        try EditedTables(seed: 1, items: 500, edits: 0.1).load(into: fixture)
        let job = try await fixture.prepareVerify(isKept: true)
        let report = await job.run()
        let id = try #require(report.id)
        let file = try JobFile.open(fixture.jobs.databasePath(id), readOnly: true)
        let state = try #require(try file.verifyState(ofTable: 0))
        for (side, items) in [
            (state.source, report.tables[0].comparison!.counters.itemsInSource),
            (state.target, report.tables[0].comparison!.counters.itemsInTarget),
        ] {
            #expect(side.segments.allSatisfy { $0.cursor == nil })
            #expect(side.segments.reduce(0) { $0 + $1.sum.items } == items)
            #expect(side.buckets.reduce(0) { $0 + $1.items } == items)
            let bySegment = side.segments.reduce(UInt128(0)) { $0 &+ $1.sum.sum }
            #expect(side.buckets.reduce(UInt128(0)) { $0 &+ $1.sum } == bySegment)
        }
        #expect(try file.job().state == .finished)
        #expect(try file.job().kind == .verify)
    }

    /// Goal: what can't be compared is not forgotten when the same command is given again, nor is
    /// what was found of the others taken for news.
    @Test("a table that can't be compared does not leave the job of the others unfinished")
    func refused() async throws {
        let fixture = try CopyFixture()
        try EditedTables(seed: 1, items: 100, edits: 0).load(into: fixture)
        func run() async throws -> JobStatus {
            try await fixture.prepareVerify(
                pairs: [("source", "target"), ("source", "nowhere")], isKept: true
            ).run()
        }
        for _ in 0..<2 {
            let status = try await run()
            #expect(status.runs == 1)
            #expect(status.tables.map(\.comparison?.result) == [.equal, nil])
            #expect(status.tables[0].progress.counters.itemsRead == 200)
            #expect(status.tables[1].failure?.message.contains("nowhere") == true)
            let id = try #require(status.id)
            #expect(try fixture.jobs.view(id).state == .finished)
        }
    }
}
