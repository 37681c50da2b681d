import DynamoModel
import LocalAWS
import ModelBenchmarks
import Pacing
import System
import Testing
import Transfer

/// Goal: without any flag a copy finds the concurrency and the pace that its target takes.
/// Method: whole copies in virtual time against model targets.
@Suite struct AdaptiveCopyTests {
    private func world(itemBytes: Int = 400) -> ModelCopy.World {
        var world = ModelCopy.World(
            ModelTable(itemBytes: itemBytes, segments: 128, itemsPerSegment: 1_000_000))
        world.copy.itemBytesReported = itemBytes
        return world
    }

    /// Items written between two times.
    private func rate(
        _ copy: inout ModelCopy, from start: Duration, to end: Duration
    ) -> Double {
        copy.run(until: start)
        let before = copy.scheduler.counters.itemsWritten
        copy.run(until: end)
        return Double(copy.scheduler.counters.itemsWritten - before) / (end - start).inSeconds
    }

    @Test(.timeLimit(.minutes(20)))
    func `with 20 ms of latency it grows to 100,000 items a second by itself`() {
        var world = world()
        world.scanLatency = ModelLatency(.milliseconds(20)...(.milliseconds(21)))
        world.writeLatency = ModelLatency(.milliseconds(20)...(.milliseconds(21)))
        var copy = ModelCopy(world)
        let rate = rate(&copy, from: .seconds(1), to: .seconds(2))
        #expect(rate >= 100_000, "\(rate)")
    }

    @Test(.timeLimit(.minutes(20)))
    func `a tenth of the items refused by chance changes neither concurrency nor pace`() {
        var world = world()
        world.scanLatency = ModelLatency(.milliseconds(20)...(.milliseconds(21)))
        world.writeLatency = ModelLatency(.milliseconds(20)...(.milliseconds(21)))
        var clean = ModelCopy(world)
        world.target.refusedShare = 0.1
        var noisy = ModelCopy(world)
        clean.run(until: .seconds(2))
        let noisyRate = rate(&noisy, from: .seconds(3), to: .seconds(4))
        // What waits to be sent again holds its page, so memory is the limit before the writes are.
        #expect(noisyRate >= 100_000, "\(noisyRate)")
        let allowed = (clean.scheduler.writesAllowed, noisy.scheduler.writesAllowed)
        #expect(allowed.1 >= allowed.0 * 9 / 10, "\(allowed)")
        // What came back goes out again with other items, not a few at a time.
        let counters = noisy.scheduler.counters
        let sent = Double(counters.itemsWritten + counters.itemsUnprocessed)
        #expect(sent / Double(counters.writes) > 0.95 * 25)
        let now = noisy.now
        var scheduler = noisy.scheduler
        #expect(scheduler.progress(at: now).writeLimit == nil)
    }

    @Test(.timeLimit(.minutes(20)))
    func `a limit freezes concurrency`() {
        var world = world()
        world.copy.write.table = 2_000
        var copy = ModelCopy(world)
        copy.run(until: .seconds(20))
        let most = copy.writesInFlight.dropFirst(10).max() ?? 0
        #expect(most <= 32, "\(most) writes in flight for 80 a second of 5 ms each")
    }

    @Test(
        .timeLimit(.minutes(20)),
        arguments: [(1_000.0, 5), (4_000, 5), (4_000, 50), (10_000, 20), (10_000, 150)])
    func `a throttled target is used to at least 85 percent`(
        capacity: Double, milliseconds: Int
    ) {
        var world = world(itemBytes: 1000)
        let latency = Duration.milliseconds(milliseconds)
        world.writeLatency = ModelLatency(latency...(latency + .milliseconds(2)))
        world.target = ModelTarget(
            throughput: ThroughputModel(
                limit: .provisioned(capacity), partitionRate: capacity, partitions: 1,
                burstSeconds: 0, second: 0))
        var copy = ModelCopy(world)
        let rate = rate(&copy, from: .seconds(5), to: .seconds(20))
        #expect(rate >= capacity * 0.85, "\(rate) of \(capacity)")
    }

    @Test(.timeLimit(.minutes(20)))
    func `a target whose savings run out is used in full all the same`() {
        var world = world(itemBytes: 1000)
        world.target = ModelTarget(
            throughput: ThroughputModel(
                limit: .provisioned(2_000), partitionRate: 2_000, partitions: 1,
                burstSeconds: 60, second: 0))
        var copy = ModelCopy(world)
        // The buckets start with one second's units and save while less is asked for.
        copy.run(until: .seconds(20))
        let rate = rate(&copy, from: .seconds(20), to: .seconds(50))
        #expect(rate >= 1_700, "\(rate)")
    }

    @Test(.timeLimit(.minutes(20)))
    func `an on-demand target is followed up as it grows`() {
        // Large items make two hours short.
        var world = world(itemBytes: 200 * 1024)
        world.target = ModelTarget(
            throughput: ThroughputModel(
                limit: .onDemand(initial: 4_000, maximum: nil), partitionRate: 1e6,
                partitions: 1, burstSeconds: 0, second: 0))
        var copy = ModelCopy(world)
        for (half, capacity) in [(0, 4_000.0), (1, 8_000), (2, 16_000)] {
            let start = Duration.seconds(half * 1800)
            let items = rate(&copy, from: start + .seconds(60), to: start + .seconds(120))
            #expect(items * 200 >= capacity * 0.85, "\(items * 200) of \(capacity)")
        }
    }
}
