import Pacing
import System
import Testing

/// Goal: puts of one item each find the pace of their target, and no pace where refusals come by
/// chance, whether they begin at once or after a while, as repairs do.
/// Method: seeded runs in virtual time against model targets.
@Suite struct PutPacingTests {
    private static let seeds = UInt64(1)...5

    /// The same puts with the same chance, with a pace and without any.
    @Test(
        .timeLimit(.minutes(20)),
        arguments: [Duration.zero, .milliseconds(300), .seconds(5)], [16, 64])
    func `refusals by chance take less than a tenth of the first two seconds`(
        idle: Duration, atOnce: Int
    ) {
        for seed in Self.seeds {
            var world = PutSimulation.World(refusedShare: 0.05, atOnce: atOnce, idle: idle)
            var paced = PutSimulation(world, seed: seed)
            world.isPaced = false
            var unpaced = PutSimulation(world, seed: seed)
            paced.run(until: .seconds(2))
            unpaced.run(until: .seconds(2))
            // Each of the few at once weighs more: their throughput varies by some percent.
            let least = atOnce < 64 ? 0.87 : 0.9
            #expect(
                Double(paced.taken) >= Double(unpaced.taken) * least,
                "\(paced.taken) of \(unpaced.taken), seed \(seed): \(paced.verdicts)")
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func `chance is known for what it is after two seconds`() {
        for seed in Self.seeds {
            let world = PutSimulation.World(refusedShare: 0.05, idle: .seconds(5))
            var puts = PutSimulation(world, seed: seed)
            puts.run(until: .seconds(2))
            #expect(puts.pace == nil, "seed \(seed)")
            let before = puts.taken
            puts.run(until: .seconds(6))
            var free = PutSimulation(
                PutSimulation.World(refusedShare: 0.05, isPaced: false), seed: seed)
            free.run(until: .seconds(4))
            #expect(
                Double(puts.taken - before) >= Double(free.taken) * 0.97,
                "\(puts.taken - before) of \(free.taken), seed \(seed)")
        }
    }

    /// A round trip of 60...120 ms and 8 at once: some 90 puts a second, so evidence comes slowly.
    @Test(.timeLimit(.minutes(20)))
    func `few puts a second are not slowed by chance either`() {
        for seed in Self.seeds {
            var world = PutSimulation.World(refusedShare: 0.05, atOnce: 8, roundTrip: 60..<120)
            var paced = PutSimulation(world, seed: seed)
            world.isPaced = false
            var unpaced = PutSimulation(world, seed: seed)
            paced.run(until: .seconds(10))
            unpaced.run(until: .seconds(10))
            #expect(
                Double(paced.taken) >= Double(unpaced.taken) * 0.9,
                "\(paced.taken) of \(unpaced.taken), seed \(seed): \(paced.verdicts)")
        }
    }

    @Test(
        .timeLimit(.minutes(20)), arguments: [100.0, 1_000], [Duration.zero, .seconds(5)])
    func `a target that throttles is used to at least 85 percent, and seldom asked for more`(
        rate: Double, idle: Duration
    ) {
        let capacities = [
            PutSimulation.Capacity.even(unitsPerSecond: rate), .bySecond(unitsPerSecond: rate),
        ]
        for capacity in capacities {
            for seed in Self.seeds.prefix(3) {
                var puts = PutSimulation(
                    PutSimulation.World(capacity: capacity, idle: idle), seed: seed)
                puts.run(until: .seconds(5))
                let (taken, refused) = (puts.taken, puts.refused)
                puts.run(until: .seconds(15))
                let perSecond = Double(puts.taken - taken) / 10
                let share = Double(puts.refused - refused) / (perSecond * 10)
                #expect(perSecond >= rate * 0.85, "\(perSecond), seed \(seed), \(capacity)")
                #expect(share < 0.1, "\(share), seed \(seed), \(capacity)")
            }
        }
    }
}
