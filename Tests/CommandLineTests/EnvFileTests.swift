import AWS
import CommandLine
import Foundation
import TestSupport
import Testing

@testable import Arguments
@testable import dynaferry

/// Goal: a file of variables gives each side its own, in every usual spelling, and shows none.
@Suite struct EnvFileTests {
    private func parse(_ text: String) throws(ConfigurationError) -> EnvFile {
        try EnvFile(Array(text.utf8), path: "file")
    }

    @Test func `lines are read as shells and dotenv programs write them`() throws {
        let file = try parse(
            """
            # comment
            A=1
            export B = two words  # comment
              C='single "quoted" # $HOME \\n'
            D="double 'quoted' \\" \\\\ \\$x # y" # comment
            export\tE=a#b
            F=
            exported=yes
            A=2
            """ + "\r\nG=last\r\n")
        let expected = [
            "A": "2", "B": "two words", "C": #"single "quoted" # $HOME \n"#,
            "D": #"double 'quoted' " \ $x # y"#, "E": "a#b", "F": "", "exported": "yes",
            "G": "last",
        ]
        #expect(file.variables == expected)
    }

    @Test(arguments: ["SECRET", "A='SECRET", "\n=SECRET", "A=\"SECRET\" more", "A B=SECRET"])
    func `a line that is none is refused by its number, without quoting it`(text: String) {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error?.message.contains("line ") == true)
        #expect(error?.description.contains("SECRET") == false)
    }

    @Test func `each side has its own variables, under either name`() throws {
        let file = try parse(
            """
            SRC_AWS_ACCESS_KEY_ID=AK1
            SOURCE_AWS_SECRET_ACCESS_KEY=S1
            SRC_AWS_REGION=eu-west-1
            TARGET_AWS_ACCESS_KEY_ID=AK2
            DEST_AWS_SECRET_ACCESS_KEY=S2
            DEST_AWS_SESSION_TOKEN=T2
            AWS_ACCESS_KEY_ID=AK3
            """)
        let source = try file.values(for: .source)
        #expect(source.credentials == Credentials(accessKeyID: "AK1", secretAccessKey: "S1"))
        #expect(source.region == "eu-west-1")
        let target = try file.values(for: .target)
        #expect(
            target.credentials
                == Credentials(accessKeyID: "AK2", secretAccessKey: "S2", sessionToken: "T2"))
        #expect(target.region == nil)
        #expect(try parse("").values(for: .source).credentials == nil)
        #expect(!"\(file)".contains("S1"))
    }

    @Test(arguments: [
        "SRC_AWS_ACCESS_KEY_ID=AK\n", "SRC_AWS_SECRET_ACCESS_KEY=hidden\n",
        "SRC_AWS_REGION=a\nSOURCE_AWS_REGION=b\n",
    ])
    func `halves and contradictions are refused`(text: String) throws {
        let file = try parse(text)
        let error = #expect(throws: ConfigurationError.self) { try file.values(for: .source) }
        #expect(error?.description.contains("hidden") == false)
        #expect(throws: Never.self) { try file.values(for: .target) }
    }
}

/// Goal: what is said of roles and hosts reaches the side that it is said for.
@Suite struct SideOptionTests {
    private func parse(_ words: String...) throws(UsageError) -> CopyArguments {
        try CopyArguments(parsing: ["Orders", "Copy"] + words)
    }

    private static let role = "arn:aws:iam::123456789012:role/copier"

    @Test func `roles are of one side or of both, a side's own words first`() throws {
        let arguments = try parse(
            "--role-arn", Self.role, "--target-role-arn", Self.role + "2", "--source-external-id",
            "x", "--session-name", "ferry", "--target-session-duration", "2h", "--source-fips",
            "--dual-stack")
        let source = arguments.sourceSide
        let target = arguments.targetSide
        #expect(
            source.role
                == AssumedRole(arn: Self.role, externalID: "x", sessionName: "ferry"))
        #expect(
            target.role
                == AssumedRole(
                    arn: Self.role + "2", sessionName: "ferry", durationSeconds: 7_200))
        #expect(source.fips == true && target.fips == nil)
        #expect(source.dualStack == true && target.dualStack == true)
    }

    @Test(arguments: [
        (["--role-arn", "arn:aws:iam::1:user/u"], "a role's ARN"),
        (["--role-arn", role, "--session-duration", "14m"], "15m to 12h"),
        (["--role-arn", role, "--session-name", "a b"], "2 to 64"),
        (["--target-external-id", "x"], "no role for the target"),
        (["--source-role-arn", role, "--session-duration", "1h"], "no role for the target"),
        (["--fips=yes"], "takes no value"),
    ])
    func `what can't be meant is refused`(words: [String], complaint: String) {
        let error = #expect(throws: UsageError.self) {
            _ = try CopyArguments(parsing: ["Orders", "Copy"] + words)
        }
        #expect(
            error?.message.contains(complaint) == true
                || error?.hints.joined().contains(complaint) == true)
    }

    @Test func `a file of variables gives credentials, but not besides a profile`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("env")
        try """
        SRC_AWS_ACCESS_KEY_ID=AK\nSRC_AWS_SECRET_ACCESS_KEY=S\nSRC_AWS_REGION=eu-west-1
        TARGET_AWS_ACCESS_KEY_ID=TK\nTARGET_AWS_SECRET_ACCESS_KEY=TS
        """.write(toFile: path, atomically: true, encoding: .utf8)
        let environment = [
            "AWS_ACCESS_KEY_ID": "EK", "AWS_SECRET_ACCESS_KEY": "ES", "AWS_REGION": "us-east-1",
        ]
        let resolver = try SideResolver(envFile: path, environment: environment)
        let pair = resolver.settings(source: SideArguments(), target: SideArguments())
        let (source, target) = (try pair.source.get(), try pair.target.get())
        #expect(source.provider.origin == path && source.endpoint.region == "eu-west-1")
        #expect(target.provider.origin == path && target.endpoint.region == "us-east-1")
        var named = SideArguments()
        named.profile = "p"
        let both = resolver.settings(source: named, target: SideArguments())
        let error = #expect(throws: ConfigurationError.self) { try both.source.get() }
        #expect(error?.message.contains("both give credentials") == true)
        #expect(throws: ConfigurationError.self) {
            try SideResolver(envFile: folder.path("absent"), environment: environment)
        }
        var region = SideArguments()
        region.region = "sa-east-1"
        let option = try resolver.settings(source: region, target: region).source.get()
        #expect(option.endpoint.region == "sa-east-1")
    }

    /// Goal: no slip of the pen in a file of variables lets a copy run with other credentials.
    @Test(arguments: [
        ("SRC_AWS_ACCESS_KEY_ID=A\nSRC_AWS_SECRET_ACCESS_KEY=S\n", "no access keys for the target"),
        ("DEST_AWS_ACCESS_KEY_ID=A\nDEST_AWS_SECRET_ACCESS_KEY=S\n", "keys for the source"),
        ("OTHER=1\n", "no access keys for the source"), ("", "no access keys for the source"),
        ("SRC_AWS_ACCES_KEY_ID=A\nSRC_AWS_SECRET_ACCESS_KEY=S\n", "SRC_AWS_ACCES_KEY_ID"),
        ("SRC_AWS_SECRET_KEY=S\n", "SRC_AWS_SECRET_KEY means nothing"),
        ("SRC_AWS_ACCESS_KEY_ID=A\n", "only one of the source's"),
    ])
    func `names that are missing or misspelt are refused`(text: String, complaint: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("env")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let result = try Binary.run(
            "copy", "Orders", "Copy", "--endpoint", "http://127.0.0.1:9", "--region", "us-east-1",
            "--env-file", path,
            environment: ["AWS_ACCESS_KEY_ID": "EK", "AWS_SECRET_ACCESS_KEY": "ES"])
        #expect(result.status == 1 && result.err.contains(complaint), "\(result)")
    }
}
