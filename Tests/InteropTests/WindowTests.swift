import Testing

/// Goal: a full export and the incremental exports that follow it become the table that they were
/// made of: in both views and forms, overlapping, from a bucket, filtered and changed, one by one,
/// and after kills; and what would not be exact is refused.
/// Method: a script that makes a random history of a table, and writes what AWS would export of it,
/// by nothing of dynaferry's; it compares by boto3.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython), .timeLimit(.minutes(10)))
struct WindowTests {
    @Test(arguments: [1, 2]) func `windows of changes restore the table as it was`(
        seed: Int
    ) async throws {
        let said = try await Programs.runScript(
            "windows.py", [Programs.dynaferry, "\(seed)", "150"], secondsMax: 500)
        for step in [
            "NEW_IMAGE ION", "overlapping", "hole: refused", "alone", "chosen", "changed", "bucket",
            "damaged: refused", "killed",
        ] {
            #expect(said.contains(step), "\(said)")
        }
    }
}
