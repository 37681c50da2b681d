import Foundation
import Testing

@testable import Transfer

/// Goal: whatever the order of replies, refusals and failures, no item is lost, memory stays within
/// its budget, positions never run ahead, and the copy ends.
/// Method: the scheduler against model tables in virtual time; every seed is another world.
@Suite struct CopySimulationTests {
    /// Seeds from this one on, in parts that run side by side.
    static let first = environment("DYNAFERRY_SEED_FROM") ?? 1
    static let count = environment("DYNAFERRY_SEEDS") ?? 1_000
    static let parts = 8

    private static func environment(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init)
    }

    @Test(.timeLimit(.minutes(60)), arguments: 0..<parts)
    func `a thousand seeded worlds lose nothing, break no bound, and end`(part: Int) throws {
        let seeds = stride(from: Self.first + part, to: Self.first + Self.count, by: Self.parts)
        var completed = 0
        for seed in seeds.map(UInt64.init) {
            var simulation = CopySimulation(seed: seed)
            try simulation.run()
            switch simulation.outcome {
            case .completed: completed += 1
            case .stopped: break
            case .failed(let failure):
                // Only what is meant to end a copy may: a target that refuses everything.
                #expect(failure.code == "ValidationException", "seed \(seed): \(failure)")
            case nil: Issue.record("seed \(seed) has no outcome")
            }
        }
        #expect(completed > Self.count / Self.parts / 2)
    }
}
