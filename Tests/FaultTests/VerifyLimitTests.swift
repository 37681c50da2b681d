import DynamoDB
import Foundation
import LocalAWS
import Pacing
import TestSupport
import Testing

@testable import Connectors
@testable import Flow
@testable import Transfer

/// Goal: what limits a copy limits a verification too, its repairs, and a copy of what differs: by
/// the server's meter, over all tables together, and also when they are changed on the way.
@Suite(.serialized, .tags(.timeBound), .timeLimit(.minutes(20)))
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

    private static let copies = names.map { $0 + "-copy" }

    private func meters(_ fixture: CopyFixture) throws -> (
        read: MeteredUnits, written: MeteredUnits
    ) {
        (
            try MeteredUnits("read_units", of: Self.names, fixture.server),
            try MeteredUnits("write_units", of: Self.copies, fixture.server)
        )
    }

    @Test("limits over all tables hold for what is read, looked up and repaired")
    func totals() async throws {
        let fixture = try fixture()
        let job = try await fixture.prepareVerify(pairs: Self.pairs, repair: RepairOptions()) {
            $0.limits.totalReadUnits = 1_500
            $0.limits.totalWriteUnits = 700
        }
        #expect(job.totals.description?.contains("700 write units") == true)
        let (read, written) = try meters(fixture)
        async let report = job.run()
        @Sendable func isOver(_: Double, _: Double) -> Bool {
            job.status.hasEnded
        }
        async let reads = read.expect(atMost: 1_500, until: isOver)
        #expect(try await written.expect(atMost: 700, until: isOver) == 1_200)
        // Twice scanned, and read once by its key before it is put: 1.25 units of 1 KB.
        let units = try await reads
        #expect((1_200...1_500).contains(units), "\(units)")
        #expect(await report.tables.allSatisfy { $0.comparison?.result == .repaired })
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
        let written = try meters(fixture).written
        async let report = job.run()
        let units = try await written.expect(atMost: 600) { _, _ in
            job.status.hasEnded
        }
        #expect(await report.outcome == .completed)
        #expect(units == 1_200)
    }

    @Test("limits are changed while it runs, kept, and hold when it goes on")
    func throttled() async throws {
        let fixture = try fixture()
        func prepare() async throws -> Job {
            try await fixture.prepareVerify(pairs: Self.pairs, isKept: true) {
                $0.limits.totalReadUnits = 20
            }
        }
        let job = try await prepare()
        let first = try meters(fixture).read
        async let report = job.run()
        let id = try #require(fixture.jobs.ids.first)
        try await first.expect(atMost: 20) { units, _ in units > 0 }
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
        try await meters(fixture).read.expect(atMost: 40) { _, seconds in seconds > 2 }
        job.stop()
        #expect(await report.tables.contains { $0.outcome == .stopped })
        let record = try fixture.jobs.view(id).record
        #expect(record.throttle.totalReadUnits == 40)
        #expect(record.throttle.readUnits == nil)
        #expect(try await prepare().totals.read == 40)
    }
}
