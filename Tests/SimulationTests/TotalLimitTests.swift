import ModelBenchmarks
import Pacing
import System
import Testing
import Transfer

/// Goal: a limit over all tables is kept and used by the sum of what they consume, in any 10 s
/// window after the first 5 s, -2 % or +1 %, or one smallest request of the largest items; and it
/// is divided evenly among those that have work.
/// Method: several schedulers under one ``SharedBucket`` in virtual time.
@Suite struct TotalLimitTests {
    private static let lasting = Duration.seconds(40)
    private static let settling = Duration.seconds(5)

    /// Tables of items of these sizes, each with more of them than can be copied in the time.
    private static func worlds(_ sizes: [Int], units: Double) -> [ModelCopy.World] {
        sizes.map { itemBytes in
            let segments = 256
            let perSecond = max(units * 8192 / Double(itemBytes), units)
            let items = perSecond * lasting.inSeconds * 1.5 / Double(segments)
            return ModelCopy.World(
                ModelTable(
                    itemBytes: itemBytes, segments: segments,
                    itemsPerSegment: Int(clamping: items) + 4))
        }
    }

    private func expectHeld(
        _ series: UnitSeries, to limit: Double, largest: Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let wanted = limit * 10
        let windows = series.windows(
            of: .seconds(10), from: Self.settling, to: Self.lasting)!
        let (below, above) = (max(wanted * 0.02, largest), max(wanted * 0.01, largest))
        #expect(windows.lowerBound >= wanted - below, "\(windows)", sourceLocation: sourceLocation)
        #expect(windows.upperBound <= wanted + above, "\(windows)", sourceLocation: sourceLocation)
    }

    static let mixes = [
        [1024, 1024], [100, 400, 1024, 4096], [100, 100 * 1024],
        [400, 400, 400, 400, 400, 400, 400, 20 * 1024],
    ]

    @Test(.timeLimit(.minutes(20)), arguments: mixes, [50.0, 1_000, 10_000])
    func `a write limit over all tables is kept, used and shared evenly`(
        sizes: [Int], limit: Double
    ) {
        var job = ModelJob(Self.worlds(sizes, units: limit), write: limit)
        job.run(until: Self.lasting)
        let largest = Double((sizes.max()! + 1023) / 1024)
        expectHeld(job.written, to: limit, largest: largest)
        // Nobody starves beside items a thousand times as large.
        let fair = limit * (Self.lasting - Self.settling).inSeconds / Double(sizes.count)
        for copy in job.copies {
            let units =
                copy.world.target.meter.perSecond(from: Self.settling, to: Self.lasting)
                * (Self.lasting - Self.settling).inSeconds
            #expect(abs(units - fair) <= max(fair * 0.05, 2 * largest), "\(units) of \(fair)")
        }
    }

    @Test(.timeLimit(.minutes(20)), arguments: [[400, 4096, 20 * 1024]], [50.0, 1_000])
    func `a read limit over all tables is kept, used and shared evenly`(
        sizes: [Int], limit: Double
    ) {
        var job = ModelJob(Self.worlds(sizes, units: limit), read: limit)
        job.run(until: Self.lasting)
        expectHeld(job.read, to: limit, largest: Double((sizes.max()! + 4095) / 4096) / 2)
        let fair = limit / Double(sizes.count)
        for copy in job.copies {
            let rate = copy.world.source.meter.perSecond(from: Self.settling, to: Self.lasting)
            #expect(abs(rate / fair - 1) <= 0.05, "\(rate) of \(fair)")
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func `what a table may not use itself the others use, indexes counted`() {
        let limit = 1_000.0
        var worlds = Self.worlds([1024, 1024, 1024], units: limit)
        worlds[0].copy.write.table = 100
        worlds[1].target = ModelTarget(indexes: [.init("all")])
        worlds[1].copy.write.indexes = [("all", nil)]
        var job = ModelJob(worlds, write: limit)
        job.run(until: Self.lasting)
        expectHeld(job.written, to: limit, largest: 2)
        let rates = job.copies.map {
            $0.world.target.meter.perSecond(from: Self.settling, to: Self.lasting)
        }
        #expect(abs(rates[0] - 100) < 2, "\(rates)")
        #expect(abs(rates[1] - 225) < 12, "\(rates)")
        #expect(abs(rates[2] - 450) < 24, "\(rates)")
    }

    /// Nothing that came back late or was refused is saved up for a burst.
    @Test(.timeLimit(.minutes(20)))
    func `silences and refusals save nothing up`() {
        let limit = 500.0
        var worlds = Self.worlds([400, 4096, 1024], units: limit)
        (worlds[0].writeLatency.stallEvery, worlds[0].writeLatency.stall) = (
            .seconds(11), .seconds(3)
        )
        worlds[1].target.refusedShare = 0.1
        var job = ModelJob(worlds, write: limit)
        job.run(until: Self.lasting)
        expectHeld(job.written, to: limit, largest: 4)
    }
}
