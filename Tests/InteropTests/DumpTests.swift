import Foundation
import Testing

/// Goal: what people have lying about is imported item for item: exports with and without `Item`,
/// output of the AWS CLI, batch-write files, dynamodump, Data Pipeline, CSV, Ion.
/// Method: a script that writes each of them from random items, by nothing of dynaferry's, and
/// compares by boto3; dynamodump's own program.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython), .timeLimit(.minutes(10)))
struct DumpTests {
    /// For more: `DYNAFERRY_DUMP_ITEMS=20000 scripts/test.sh Interop`.
    private static let count =
        ProcessInfo.processInfo.environment["DYNAFERRY_DUMP_ITEMS"].flatMap { Int($0) } ?? 400

    @Test(arguments: [1, 2]) func `a dump in every format becomes the items that it was made of`(
        seed: Int
    ) async throws {
        let said = try await Programs.runScript(
            "dumps.py", [Programs.dynaferry, "\(seed)", "\(Self.count)"],
            secondsMax: 240 + Self.count / 50)
        for form in ["export", "scan", "pipeline", "hive", "ion-lines", "csv", "dynamodump's own"] {
            #expect(said.contains("\(form): \(Self.count) items"), "\(said)")
        }
    }
}
