import DynamoModel
import Foundation
import JSON
import Jobs
import LocalAWS
import TestSupport
import Testing

@testable import Transfer

/// Goal: limits are what the server that charges for them finds, one copy for each kind of limit.
/// Method: the meter of the capacity model. That limits are used as well is shown in virtual time.
@Suite(.serialized, .tags(.timeBound), .timeLimit(.minutes(20))) struct RateLimitTests {
    @Test func `a limit of 500 write units a second is kept`() async throws {
        let fixture = try CopyFixture { options in
            options.capacity = .model
            options.fills = [Fill(name: "source", items: 2_000, shape: .kilobyte1)]
        }
        let copy = try await fixture.prepare { $0.limits.writeUnits = .perSecond(500) }
        let meter = try MeteredUnits("write_units", of: ["target"], fixture.server)
        async let report = copy.run()
        try await meter.expect(atMost: 500) { _, _ in copy.status.hasEnded }
        #expect(await report.outcome == .completed)
        let throttles = fixture.server.meter["tables"]?["target"]?["write_throttles"]?.int
        #expect(throttles == 0)
        fixture.expectEqual()
    }

    /// Goal: a limit over all tables holds for what the server charges them together, also when it
    /// is changed on the way.
    /// Method: by the first limit the job would take minutes.
    @Test func `a limit over all tables is kept by their sum, and so is one that replaces it`()
        async throws
    {
        let fixture = try CopyFixture { options in
            options.capacity = .model
            options.fills = [
                Fill(name: "large", items: 1_000, shape: .kilobyte1),
                Fill(name: "middle", items: 200, shape: .kilobytes4),
                Fill(name: "small", items: 100, shape: .bytes100),
            ]
        }
        let names = ["large", "middle", "small"]
        let copies = names.map { $0 + "-copy" }
        let job = try await fixture.prepare(pairs: names.map { ($0, $0 + "-copy") }) {
            $0.limits.totalWriteUnits = 20
        }
        let before = try MeteredUnits("write_units", of: copies, fixture.server)
        async let report = job.run()
        try await before.expect(atMost: 20) { _, seconds in seconds > 2 }
        let after = try MeteredUnits("write_units", of: copies, fixture.server)
        try fixture.jobs.send(
            .throttle(.limits { $0.totalWriteUnits = 900 }), to: try #require(job.id))
        try await after.expect(atMost: 900) { _, _ in
            job.status.hasEnded
        }
        #expect(await report.outcome == .completed)
        for name in names { fixture.expectEqual(name, name + "-copy") }
        #expect(try fixture.jobs.view(try #require(job.id)).record.throttle.totalWriteUnits == 900)
    }

    /// Goal: a limit that is set from outside holds.
    /// Method: the copy's own socket, as `jobs throttle` uses it; by the first limit the copy would
    /// take hours, by the second seconds, and by the third hours again.
    @Test func `jobs throttle sets another limit, up and down`() async throws {
        let fixture = try CopyFixture { options in
            options.capacity = .model
            options.fills = [Fill(name: "source", items: 40_000, shape: .kilobyte1)]
        }
        let copy = try await fixture.prepare { $0.limits.writeUnits = .perSecond(5) }
        func meter() throws -> MeteredUnits {
            try MeteredUnits("write_units", of: ["target"], fixture.server)
        }
        func throttle(to limit: Double) throws {
            try fixture.jobs.send(
                .throttle(.limits { $0.writeUnits = .perSecond(limit) }), to: try #require(copy.id))
        }
        let first = try meter()
        async let report = copy.run()
        try await first.expect(atMost: 5) { _, seconds in seconds > 1 }
        let second = try meter()
        try throttle(to: 2_000)
        try await second.expect(atMost: 2_000) { units, _ in units > 2_000 }
        let third = try meter()
        try throttle(to: 5)
        // A second's worth may be on its way, or sent before the new limit is known.
        try await third.expect(atMost: 5, before: 2_000) { _, seconds in seconds > 3 }
        copy.stop()
        #expect(await report.outcome == .stopped)
        #expect(
            try fixture.jobs.view(try #require(copy.id)).record.throttle.writeUnits == .perSecond(5)
        )
    }
}
