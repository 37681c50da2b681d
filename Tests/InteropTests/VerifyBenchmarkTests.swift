import Foundation
import Testing

/// The benchmark of verifications, made small: what is spoiled is found, and nothing else.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython))
struct VerifyBenchmarkTests {
    /// How fast is another question, for an optimised build.
    @Test(.timeLimit(.minutes(20)))
    func `of 20,000 items exactly those that were spoiled are found, in bounded memory`()
        async throws
    {
        let python = try #require(Programs.python)
        let result = try await Programs.run(
            [python, Self.script, Programs.dynaferry, "20000", "--any-speed"])
        #expect(result.status == 0, result.text)
    }

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Benchmarks/verify.py").path
}
