import Foundation
import Testing

/// How much less CPU a copy takes than with the client that most people have.
@Suite(
    .serialized, .tags(.timeBound), .enabled(if: Programs.python != nil, Programs.needsPython))
struct RatioTests {
    /// An optimised build: another says nothing of speed. scripts/test.sh makes one.
    static let binary = ProcessInfo.processInfo.environment["DYNAFERRY_RELEASE_BINARY"]

    /// Seconds depend on the machine; the ratio of two clients on one server hardly does, though a
    /// start weighs more where others keep the cores busy. The benchmark itself is run, made small,
    /// so that it can't rot either.
    @Test(
        .enabled(if: binary != nil, "skipped: DYNAFERRY_RELEASE_BINARY is not set"),
        .timeLimit(.minutes(20)))
    func `an item takes a thirtieth of the CPU that tuned boto3 takes, if not less`() async throws {
        let (python, binary) = (try #require(Programs.python), try #require(Self.binary))
        let result = try await Programs.run([python, Self.script, binary])
        #expect(result.status == 0, result.text)
    }

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Benchmarks/small.py").path
}
