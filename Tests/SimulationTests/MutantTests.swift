import Foundation
import Testing

@testable import Flow

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

    /// Goal: no part of the scheduler is watched by the others alone.
    /// Method: two bugs and more inside each of its four values, where every step is looked at.
    @Test(
        .timeLimit(.minutes(20)),
        arguments: SchedulerFlaw.allCases.filter {
            !(SchedulerFlaw.ofUnits + SchedulerFlaw.ofWaves).contains($0)
        })
    func `each bug inside the scheduler is found`(flaw: SchedulerFlaw) throws {
        for seed in 1...Self.seedsMax {
            do {
                _ = try CopySimulation.outcome(seed: seed, flaw: flaw)
            } catch let violation as Violation {
                #expect(violation.trace.count > 1)
                let found = "\(flaw.rawValue): found by seed \(seed): \(violation.what)\n"
                FileHandle.standardError.write(Data(found.utf8))
                return
            }
        }
        Issue.record("\(flaw.rawValue): not found in \(Self.seedsMax) seeds")
    }
}
