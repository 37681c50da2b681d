import System
import Testing

@testable import AWS

/// Goal: a profile's `credential_process` is run as written, within bounds, and nothing that it
/// writes is shown. Method: real programs.
@Suite(.timeLimit(.minutes(20))) struct ProcessCredentialTests {
    private let home: CredentialHome

    init() throws { home = try CredentialHome() }

    private func profile(_ command: String) throws {
        try home.config("[profile p]\ncredential_process = \(command)\n")
    }

    /// The words that run a script. It is read by a shell rather than executed, for the system
    /// refuses to execute a file that a child of another test, just forked, still holds open.
    private func program(_ script: String) throws -> String {
        "/bin/sh \(try home.write("program", "\(script)\n"))"
    }

    private static let good =
        #"{"Version":1,"AccessKeyId":"PK","SecretAccessKey":"PS","SessionToken":"PT"}"#

    @Test func `its words reach the program as they are, without a shell`() async throws {
        let path = try program(#"[ "$2" = 'a b$HOME;x' ] && [ $# = 2 ] && echo '\#(Self.good)'"#)
        try profile("\(path) --for 'a b$HOME;x'")
        let provider = try home.provider(.init(profile: "p"))
        let credentials = try await provider.credentials()
        #expect(credentials.accessKeyID == "PK" && credentials.sessionToken == "PT")
        #expect(provider.origin == "credential process of profile \"p\"")
    }

    @Test func `programs are found by PATH and have the environment, but no input`() async throws {
        try profile(
            #"sh -c 'cat; [ "$WANTED" = yes ] && echo "$0"' '\#(Self.good)'"#)
        let provider = try home.provider(.init(profile: "p"), ["WANTED": "yes"])
        #expect(try await provider.credentials().secretAccessKey == "PS")
    }

    @Test func `credentials that end are renewed by running it again`() async throws {
        let path = try program(
            """
            echo x >> "$HOME/runs"
            n=$(wc -l < "$HOME/runs")
            end=$(cat "$HOME/end")
            printf '{"Version":1,"AccessKeyId":"K%d","SecretAccessKey":"S","Expiration":"%s"}' \
            "$n" "$end"
            """)
        try profile(path)
        try home.write("end", home.clock.after(3_600).iso8601)
        let provider = try home.provider(.init(profile: "p"))
        #expect(try await provider.credentials().accessKeyID == "K1")
        #expect(try await provider.credentials().accessKeyID == "K1")
        home.clock.advance(by: 2_800)
        #expect(try await provider.credentials().accessKeyID == "K2")
    }

    @Test(arguments: [
        ("echo 'AKSECRET'; exit 3", "ended with status 3"),
        ("echo '{\"AccessKeyId\":\"AKSECRET\"'", "no JSON object"),
        ("echo '{\"Version\":2,\"AccessKeyId\":\"AKSECRET\"}'", "not of version 1"),
        ("echo '{\"Version\":1,\"AccessKeyId\":\"AKSECRET\"}'", "is missing"),
        (
            "echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"AK SECRET\"}'",
            "no key has"
        ),
        (
            "echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"AKSECRET\","
                + "\"Expiration\":\"soon\"}'", "no time"
        ),
        ("kill -9 $$", "signal 9"),
        ("head -c 100000 /dev/zero", "more than"),
    ])
    func `a program that fails is told, its output is not`(
        script: String, words: String
    ) async throws {
        try profile(try program(script))
        let error = await home.failure(.init(profile: "p"))
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.description.contains("SECRET") == false)
    }

    @Test func `what can't be run is told`() async throws {
        try profile("\(home.path)/absent --token AKSECRET")
        let absent = await home.failure(.init(profile: "p"))
        #expect(absent?.message.contains("No such file") == true)
        #expect(absent?.description.contains("AKSECRET") == false)
        try profile("sh -c 'echo")
        #expect(await home.failure(.init(profile: "p"))?.message.contains("quote") == true)
    }

    @Test(arguments: ["exec sleep 600", "exec 1>&-; exec sleep 600", "while :; do echo; done"])
    func `a program that does not end is ended`(script: String) async throws {
        let words = try program(script).split(separator: " ").map(String.init)
        let result = await OwnThread.run {
            Result { () throws(ProcessOutput.Failure) in
                try ProcessOutput.of(
                    words, environment: ["PATH": "/usr/bin:/bin"], within: .milliseconds(300),
                    bytesMax: 1 << 30)
            }
        }
        #expect(result.failure == .tookTooLong)
    }

    @Test func `words are cut as a shell cuts them`() {
        #expect(CommandWords.split(" a  b\tc ") == ["a", "b", "c"])
        #expect(
            CommandWords.split(#"'a b' "c \" \\ \n d" e\ f"#) == ["a b", #"c " \ \n d"#, "e f"])
        #expect(CommandWords.split(#"a'b'"c" ''"#) == ["abc", ""])
        #expect(CommandWords.split("") == [])
        for bad in ["'a", "\"a", "a\\", "\"a\\"] { #expect(CommandWords.split(bad) == nil) }
    }
}
