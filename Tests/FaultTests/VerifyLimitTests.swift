import DynamoDB
import Foundation
import LocalAWS
import Pacing
import TestSupport
import Testing

@testable import Engine
@testable import Transfer

/// Goal: what limits a copy limits a verification too, its repairs, and a copy of what differs: by
/// the server's meter, over all tables together, and also when they are changed on the way.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct VerifyLimitTests {
    private static let names = ["one", "two", "three"]
    private static let pairs = names.map { ($0, $0 + "-copy") }

    /// Three tables of 400 items of 1 KB, and as many that have none of them.
    private func fixture() throws -> CopyFixture {
        try CopyFixture { options in
            options.fills = Self.names.flatMap { name in
                [
                    Fill(name: name, items: 400, shape: .kilobyte1),
                    Fill(name: name + "-copy", items: 0, shape: .kilobyte1),
                ]
            }
        }
    }

    private struct Sample {
        var seconds: Double
        var read: Double
        var written: Double
    }

    private func sample(_ fixture: CopyFixture) throws -> Sample {
        let meter = fixture.server.meter
        func sum(_ tables: [String], _ figure: String) -> Double {
            tables.compactMap { meter["tables"]?[$0]?[figure]?.double }.reduce(0, +)
        }
        return Sample(
            seconds: try #require(meter["now_seconds"]?.double),
            read: sum(Self.names, "read_units"),
            written: sum(Self.names.map { $0 + "-copy" }, "write_units"))
    }

    /// Looks at the meter until `isOver`.
    private func samples(
        _ fixture: CopyFixture, until isOver: @Sendable () -> Bool
    ) async throws -> [Sample] {
        var samples = [try sample(fixture)]
        while !isOver() {
            try await Task.sleep(for: .milliseconds(100))
            samples.append(try sample(fixture))
        }
        return samples
    }

    /// In no window more was consumed than is allowed. What may be saved up comes on top, and what
    /// was late to arrive on a busy machine.
    private func expect(
        _ samples: [Sample], _ figure: (Sample) -> Double, within limit: Double, _ name: String
    ) {
        for (index, first) in samples.enumerated() {
            for last in samples[index...] where last.seconds - first.seconds >= 1 {
                let allowed = limit * (last.seconds - first.seconds + 0.4)
                let units = figure(last) - figure(first)
                #expect(units <= allowed, "\(units) \(name) of \(allowed)")
            }
        }
    }

    @Test("limits over all tables hold for what is read, looked up and repaired")
    func totals() async throws {
        let fixture = try fixture()
        let job = try await fixture.prepareVerify(pairs: Self.pairs, repair: RepairOptions()) {
            $0.limits.totalReadUnits = 1_500
            $0.limits.totalWriteUnits = 700
        }
        #expect(job.totals.description?.contains("700 write units") == true)
        async let report = job.run()
        let samples = try await samples(fixture) {
            job.verdicts.allSatisfy { $0.outcome != nil }
        }
        #expect(await report.verdicts.allSatisfy { $0.outcome == .repaired })
        let (first, last) = (samples[0], samples[samples.count - 1])
        #expect(last.written == 1_200)
        // Twice scanned, looked up, and read again before it is put: 2.25 units of 1 KB.
        #expect((2_600...2_900).contains(last.read - first.read), "\(last.read)")
        expect(samples, \.read, within: 1_500, "read units")
        expect(samples, \.written, within: 700, "write units")
        #expect(last.seconds - first.seconds > 1.6)
    }

    @Test("a copy of what differs keeps to limits over all tables")
    func onlyChanged() async throws {
        let fixture = try fixture()
        // Into tables that hold nothing it copies in the usual way.
        for pair in Self.pairs {
            try await fixture.put(["pk": ["S": "another"]], into: pair.1)
        }
        let job = try await fixture.prepare(pairs: Self.pairs) {
            $0.onlyChanged = true
            $0.mergesIntoItems = true
            $0.limits.totalWriteUnits = 600
        }
        async let report = job.run()
        let samples = try await samples(fixture) { job.progress.allSatisfy(\.progress.hasEnded) }
        #expect(await report.outcome == .completed)
        #expect(samples[samples.count - 1].written - samples[0].written == 1_200)
        expect(samples, \.written, within: 600, "write units")
    }

    @Test("limits are changed while it runs, kept, and hold when it goes on")
    func throttled() async throws {
        let fixture = try fixture()
        func prepare() async throws -> VerifyJob {
            try await fixture.prepareVerify(pairs: Self.pairs, isKept: true) {
                $0.limits.totalReadUnits = 20
            }
        }
        let job = try await prepare()
        async let report = job.run()
        let id = try #require(fixture.jobs.ids.first)
        while try sample(fixture).read == 0 { try await Task.sleep(for: .milliseconds(5)) }
        try fixture.jobs.send(
            .throttle(
                .limits {
                    $0.totalReadUnits = 40
                    $0.targetReadUnits = .perSecond(30)
                }), to: id)
        let refused = #expect(throws: JobError.self) {
            try fixture.jobs.send(.throttle(.limits { $0.readUnits = .percent(50) }), to: id)
        }
        #expect(refused?.message.contains("on demand") == true)
        try await Task.sleep(for: .milliseconds(500))
        let first = try sample(fixture)
        try await Task.sleep(for: .seconds(2))
        let last = try sample(fixture)
        let rate = (last.read - first.read) / (last.seconds - first.seconds)
        #expect((34...44).contains(rate), "\(rate) units a second of 40")
        job.stop()
        #expect(await report.verdicts.contains { $0.outcome == .stopped })
        let record = try fixture.jobs.view(id).record
        #expect(record.throttle.totalReadUnits == 40)
        #expect(record.throttle.readUnits == nil)
        #expect(try await prepare().totals.read == 40)
    }
}
