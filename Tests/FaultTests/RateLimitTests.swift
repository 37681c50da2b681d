import DynamoModel
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

@testable import Transfer

@Suite struct RateLimitTests {
    /// Goal: `--write-units 500` means 500, by the meter of the server that charges for them.
    /// Method: a copy for some 17 s against the capacity model; the meter's totals are read every
    /// half second, and every 10 s window after the first 5 s is looked at.
    @Test(.timeLimit(.minutes(5)))
    func `a limit of 500 write units a second is kept and used`() async throws {
        let fixture = try CopyFixture { options in
            options.capacity = .model
            options.fills = [Fill(name: "source", items: 12_000, shape: .kilobyte1)]
        }
        let copy = try await fixture.prepare { $0.limits.writeUnits = .perSecond(500) }
        async let report = copy.run()
        var samples: [(seconds: Double, units: Double)] = []
        for _ in 0..<34 {
            try await Task.sleep(for: .milliseconds(500))
            let meter = fixture.server.meter
            let units = meter["tables"]?["target"]?["write_units"]?.double ?? 0
            samples.append((meter["now_seconds"]!.double!, units))
        }
        copy.stop()
        #expect(await report.outcome == .stopped)
        let start = samples[0].seconds
        var windows = 0
        for first in samples where first.seconds - start > 4.4 {
            guard let last = samples.first(where: { $0.seconds - first.seconds >= 10 }) else {
                continue
            }
            windows += 1
            let rate = (last.units - first.units) / (last.seconds - first.seconds)
            #expect((490...505).contains(rate), "\(rate) units a second")
        }
        #expect(windows > 0)
        let throttles = fixture.server.meter["tables"]?["target"]?["write_throttles"]?.int
        #expect(throttles == 0)
    }

    /// Goal: a limit over all tables holds for what the server charges them together, also when it
    /// is changed on the way, and small tables do not wait behind a large one.
    /// Method: three tables of other sizes under one limit, by the server's meter; the 5 s that
    /// begin 3 s after the start, and after the change.
    @Test(.timeLimit(.minutes(5)))
    func `a limit over all tables is kept and used by their sum`() async throws {
        let fixture = try CopyFixture { options in
            options.capacity = .model
            options.fills = [
                Fill(name: "large", items: 16_000, shape: .kilobyte1),
                Fill(name: "middle", items: 3_000, shape: .kilobytes4),
                Fill(name: "small", items: 300, shape: .bytes100),
            ]
        }
        let names = ["large", "middle", "small"]
        let job = try await fixture.prepare(pairs: names.map { ($0, $0 + "-copy") }) {
            $0.limits.totalWriteUnits = 600
        }
        async let report = job.run()
        func sample() throws -> (seconds: Double, units: Double) {
            let meter = fixture.server.meter
            let units = names.compactMap {
                meter["tables"]?[$0 + "-copy"]?["write_units"]?.double
            }
            return (try #require(meter["now_seconds"]?.double), units.reduce(0, +))
        }
        func expect(_ limit: Double) async throws {
            try await Task.sleep(for: .seconds(3))
            let first = try sample()
            try await Task.sleep(for: .seconds(5))
            let last = try sample()
            let rate = (last.units - first.units) / (last.seconds - first.seconds)
            #expect(abs(rate / limit - 1) < 0.03, "\(rate) units a second of \(limit)")
        }
        try await expect(600)
        #expect(fixture.server.items(of: "small-copy").count == 300)
        try fixture.jobs.send(.throttle(.limits { $0.totalWriteUnits = 900 }), to: job.id)
        try await expect(900)
        job.stop()
        #expect(await report.outcome == .stopped)
        #expect(try fixture.jobs.view(job.id).record.throttle.totalWriteUnits == 900)
    }

    /// Goal: a limit that is set from outside holds soon, and by the server's meter.
    /// Method: the copy's own socket, as `jobs throttle` uses it; the 10 s that begin 3 s after it.
    @Test(.timeLimit(.minutes(5)), arguments: [400.0, 1_200.0])
    func `three seconds after jobs throttle the new limit is kept and used`(
        limit: Double
    ) async throws {
        let fixture = try CopyFixture { options in
            options.capacity = .model
            options.fills = [Fill(name: "source", items: 20_000, shape: .kilobyte1)]
        }
        let copy = try await fixture.prepare { $0.limits.writeUnits = .perSecond(800) }
        async let report = copy.run()
        try await Task.sleep(for: .seconds(2))
        try fixture.jobs.send(
            .throttle(.limits { $0.writeUnits = .perSecond(limit) }), to: copy.id)
        try await Task.sleep(for: .seconds(3))
        func sample() throws -> (seconds: Double, units: Double) {
            let meter = fixture.server.meter
            let units = meter["tables"]?["target"]?["write_units"]?.double
            return (try #require(meter["now_seconds"]?.double), try #require(units))
        }
        let first = try sample()
        try await Task.sleep(for: .seconds(10))
        let last = try sample()
        let rate = (last.units - first.units) / (last.seconds - first.seconds)
        #expect(abs(rate / limit - 1) < 0.03, "\(rate) units a second of \(limit)")
        copy.stop()
        #expect(await report.outcome == .stopped)
        #expect(try fixture.jobs.view(copy.id).record.throttle.writeUnits == .perSecond(limit))
    }
}
