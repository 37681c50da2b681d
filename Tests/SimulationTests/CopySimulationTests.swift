import Foundation
import Testing

@testable import Transfer

/// Goal: whatever the order of replies, refusals and failures, and whenever the process is killed
/// or the power fails, no item is lost, memory stays within its budget, limits are kept, cursors
/// never run ahead, little is copied twice, and the job ends.
/// Method: whole jobs against model tables and a model file in virtual time; every seed is another
/// world.
@Suite struct CopySimulationTests {
    /// Seeds from this one on, in parts that run side by side.
    static let first = environment("DYNAFERRY_SEED_FROM").flatMap(Int.init) ?? 1
    static let count = environment("DYNAFERRY_SEEDS").flatMap(Int.init) ?? 1_000
    static let parts = 8

    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name]
    }

    @Test(.timeLimit(.minutes(60)), arguments: 0..<parts)
    func `a thousand seeded jobs lose nothing, break no bound, and end`(part: Int) throws {
        let seeds = stride(from: Self.first + part, to: Self.first + Self.count, by: Self.parts)
        var (jobs, steps, tally) = (0, 0, SimulationTally())
        for seed in seeds.map(UInt64.init) {
            let simulation = try CopySimulation.outcome(seed: seed)
            jobs += 1
            steps += simulation.steps
            tally += simulation.tally
            // Nothing but items that the target refuses keeps a job from its end.
            let isComplete = simulation.run.outcome == .completed
            #expect(isComplete || simulation.world.poisonCount > 0, "seed \(seed)")
        }
        if jobs >= 100 { expectAll(tally) }
        try Self.note(part, "\(jobs) \(steps)")
    }

    /// Goal: a source that is throttled to almost nothing is asked often enough to be gone on with.
    /// (These two were given up: a page took four minutes' units, and a few of them failed.)
    @Test(arguments: [69_306, 96_648] as [UInt64])
    func `no job is given up while its source answers now and then`(seed: UInt64) throws {
        _ = try CopySimulation.outcome(seed: seed)
    }

    /// Whatever may cut a job short has done so.
    private func expectAll(_ tally: SimulationTally) {
        #expect(tally.kills > 0 && tally.powerLosses > 0 && tally.savesLost > 0, "\(tally)")
        #expect(tally.stops > 0 && tally.savesFailed > 0, "\(tally)")
        #expect(tally.itemsWrittenAgain > 0, "\(tally)")
    }

    /// Leaves the number of steps where a script that asked for it finds it.
    private static func note(_ part: Int, _ text: String) throws {
        guard let folder = environment("DYNAFERRY_STEPS_DIR") else { return }
        try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: "\(folder)/part-\(part)"))
    }
}
