import Foundation
import Testing

/// Goal: the simulation would see a bug if there were one.
/// Method: falsify what the scheduler is told or asks for; each falsification must break a promise
/// within 500 seeds, both where every step is looked at and where only the end of the job is.
@Suite struct MutantTests {
    static let seedsMax: UInt64 = 500

    @Test(
        .timeLimit(.minutes(20)), arguments: Mutant.allCases,
        CopySimulation.Strictness.allCases)
    func `each bug that is put in is found`(
        mutant: Mutant, strictness: CopySimulation.Strictness
    ) throws {
        for seed in 1...Self.seedsMax {
            do {
                _ = try CopySimulation.outcome(seed: seed, mutant: mutant, strictness: strictness)
            } catch let violation as Violation {
                #expect(violation.trace.count > 1)
                let found = "\(mutant.rawValue): found by \(strictness.rawValue) of seed \(seed)\n"
                FileHandle.standardError.write(Data(found.utf8))
                return
            }
        }
        Issue.record("\(mutant.rawValue): not found in \(Self.seedsMax) seeds")
    }
}
