import Foundation
import Testing

/// Copies that are killed at any instant.
struct ChaosTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/chaos.sh").path

    /// An optimised build, which is what is killed in real life; without one there is nothing that
    /// is fast enough for kills to hit it everywhere.
    @Test(
        .enabled(
            if: RatioTests.binary != nil, "skipped: DYNAFERRY_RELEASE_BINARY is not set"),
        .timeLimit(.minutes(20)))
    func
        `copies through faults and kills are exact, and what was written twice is explained`()
        async throws
    {
        let binary = try #require(RatioTests.binary)
        // Nicely: it takes both cores for a while, and the tests beside it have time limits.
        let line = ["nice", "env", "DYNAFERRY_BINARY=\(binary)", Self.script, "--rounds", "10"]
        let result = try await Programs.run(line, secondsMax: 1_100)
        #expect(result.status == 0, result.text)
    }
}
