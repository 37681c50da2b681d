import Testing

@testable import Transfer

/// Goal: whatever the order of replies, refusals and failures, no item is lost, memory stays within
/// its budget, positions never run ahead, and the copy ends.
/// Method: the scheduler against model tables in virtual time; every seed is another world.
@Suite struct CopySimulationTests {
    static let seeds: UInt64 = 1_000

    @Test(.timeLimit(.minutes(3)))
    func `a thousand seeded worlds lose nothing, break no bound, and end`() throws {
        var completed = 0
        for seed in 1...Self.seeds {
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
        #expect(completed > Int(Self.seeds) / 2)
    }
}
