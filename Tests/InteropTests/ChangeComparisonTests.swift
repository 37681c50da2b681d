import Foundation
import Testing

/// Goal: what `--set`, `--remove` and `--where` make of items is what their language says.
/// Method: an implementation of it in Python, which shares nothing with the program's own; random
/// items and expressions of all types, right and wrong.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython), .timeLimit(.minutes(20)))
struct ChangeComparisonTests {
    /// For more: `DYNAFERRY_CHANGES=1700 scripts/test.sh Interop`; a round has 60 items.
    private static let rounds =
        ProcessInfo.processInfo.environment["DYNAFERRY_CHANGES"].flatMap { Int($0) } ?? 15

    @Test func `items change as another implementation of the language says`() async throws {
        let said = try await Programs.runScript(
            "changes.py", [Programs.dynaferry, "\(Self.rounds)", "7"],
            secondsMax: 120 + Self.rounds)
        #expect(said.contains("\(Self.rounds) rounds"), "\(said)")
    }
}
