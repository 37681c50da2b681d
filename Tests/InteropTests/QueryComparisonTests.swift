import Foundation
import Testing

/// Goal: Query, and Scan on indexes, find with the embedded server what they find with others.
/// Method: random tables with indexes, random items and random reads, sent by boto3 to three
/// servers page by page; dynaferry must say what ministack says, in what order, at what price. The
/// script names what the others get wrong.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython))
struct QueryComparisonTests {
    /// DYNAFERRY_QUERIES asks for more.
    private static let count =
        ProcessInfo.processInfo.environment["DYNAFERRY_QUERIES"].flatMap(Int.init) ?? 300

    @Test(.timeLimit(.minutes(60)))
    func `reads of tables and indexes are answered as by moto and ministack`() async throws {
        let (moto, ministack) = (
            try Emulator.moto.server.url, try Emulator.ministack.server.url
        )
        let server = try Server.serve()
        let told = try await Programs.runScript(
            "queries.py", [server.url, moto, ministack, "\(Self.count)", "1"],
            secondsMax: 120 + Self.count / 5)
        #expect(told.contains("'compared': \(Self.count)"), "\(told)")
    }
}
