import Testing

/// Goal: conditions, filters and updates mean to the embedded server what they mean to others.
/// Method: random expressions over random items, sent by boto3 to three servers; dynaferry must say
/// what moto and ministack say wherever those two agree. The script names what both get wrong.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython))
struct ExpressionTests {
    @Test(.timeLimit(.minutes(20)))
    func `1,950 answers to random expressions are those of moto and ministack`() async throws {
        let (moto, ministack) = (
            try Emulator.moto.server.url, try Emulator.ministack.server.url
        )
        let server = try Server.serve()
        let told = try await Programs.runScript(
            "expressions.py", [server.url, moto, ministack, "200", "1"])
        #expect(told.contains("1950 answers compared"), "\(told)")
    }
}
