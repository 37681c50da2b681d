import Testing

/// Goal: what must not leave a region does not, in any byte; what may does, and arrives.
/// Method: the whole way of the profiles that go to another partition of AWS, as its users type
/// it; a proxy in between ends the TLS and keeps what it sees.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython), .timeLimit(.minutes(20)))
struct ChinaTests {
    @Test func `chosen profiles are carried to China as files, and nothing else is`() async throws {
        let said = try await Programs.runScript("china.py", [Programs.dynaferry, "7"])
        #expect(said.contains("profiles went"), "\(said)")
    }
}
