import Foundation
import Testing

/// Goal: conditions mean to `--where` and to the embedded server what they mean to others.
/// Method: random conditions of the whole language over random items of all types. A copy of lines,
/// a copy of a table and a Scan with a filter must choose the same items, and those that moto's
/// evaluator and ministack choose where these two agree. The script says what both get wrong.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython))
struct ConditionComparisonTests {
    /// DYNAFERRY_CONDITIONS asks for more: 50 rounds judge 100,000 pairs of condition and item.
    private static let rounds =
        ProcessInfo.processInfo.environment["DYNAFERRY_CONDITIONS"].flatMap(Int.init) ?? 1

    @Test(.timeLimit(.minutes(60)))
    func `conditions choose the items that moto and ministack choose`() async throws {
        let ministack = try Emulator.ministack.server.url
        let server = try Server.serve()
        let told = try await Programs.runScript(
            "conditions.py", [Programs.dynaferry, server.url, ministack, "\(Self.rounds)", "7"],
            secondsMax: 120 + 30 * Self.rounds)
        #expect(told.contains("\(Self.rounds) rounds"), "\(told)")
    }
}
