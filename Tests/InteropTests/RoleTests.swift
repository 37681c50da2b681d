import Foundation
import JSON
import Testing

/// Goal: roles are assumed, told of and copied with, against an STS that others wrote.
/// Method: the built program and moto, which speaks DynamoDB and STS on one port.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython), .timeLimit(.minutes(20)))
struct RoleTests {
    private static let role = "arn:aws:iam::123456789012:role/copier"

    private static func home(_ files: [String: String]) throws -> URL {
        let home = FileManager.default.temporaryDirectory
            .appendingPathComponent("dynaferry-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: home.appendingPathComponent(".aws"), withIntermediateDirectories: true)
        for (name, text) in files {
            try Data(text.utf8).write(to: home.appendingPathComponent(name))
        }
        return home
    }

    private func run(_ words: [String], _ files: [String: String] = [:]) async throws
        -> Programs.Result
    {
        let home = try Self.home(files)
        defer { try? FileManager.default.removeItem(at: home) }
        let url = try Emulator.moto.server.url
        return try await Programs.run(
            [
                "/usr/bin/env", "-u", "AWS_ACCESS_KEY_ID", "-u", "AWS_SECRET_ACCESS_KEY",
                "HOME=\(home.path)", "AWS_ENDPOINT_URL=\(url)", "AWS_REGION=us-east-1",
                "AWS_EC2_METADATA_DISABLED=true", Programs.dynaferry,
            ] + words)
    }

    private static let config = """
        [profile base]
        aws_access_key_id = AKIDEXAMPLE
        aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
        [profile role]
        role_arn = \(role)
        source_profile = base
        role_session_name = ferry
        [profile chain]
        role_arn = \(role)2
        source_profile = role
        """

    @Test func `whoami names the role's session, its source and its end`() async throws {
        let result = try await run(
            [
                "whoami", "--json", "--source-profile", "chain", "--target-profile", "base",
                "--target-role-arn", Self.role + "3", "--target-session-name", "mine",
            ], [".aws/config": Self.config])
        #expect(result.status == 0, result.text)
        let json = try JSON(parsing: result.out)
        let source = try #require(json["source"])
        #expect(source["account"] == "123456789012")
        #expect(source["arn"]?.string?.contains("assumed-role/copier2/dynaferry-") == true)
        #expect(source["origin"]?.string?.hasPrefix("role \(Self.role)2, assumed with") == true)
        #expect(source["expiration"]?.string?.hasSuffix("Z") == true)
        let target = try #require(json["target"])
        #expect(
            target["arn"] == "arn:aws:sts::123456789012:assumed-role/copier3/mine", result.text)
        for text in [result.out, result.err] { #expect(!text.contains("EXAMPLEKEY")) }
    }

    /// `script` gives the program a terminal of its own; both sides are the same role, whose code
    /// is good once.
    @Test func `a device's code is asked for at the terminal, once for both sides`() async throws {
        let mfa = Self.config + "\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
        let url = try Emulator.moto.server.url
        let home = try Self.home([".aws/config": mfa])
        defer { try? FileManager.default.removeItem(at: home) }
        let command = "'\(Programs.dynaferry)' whoami --profile chain --target-region eu-west-1"
        let result = try await Programs.run([
            "/usr/bin/env", "-u", "AWS_ACCESS_KEY_ID", "-u", "AWS_SECRET_ACCESS_KEY",
            "HOME=\(home.path)", "AWS_ENDPOINT_URL=\(url)", "AWS_REGION=us-east-1",
            "/bin/sh", "-c",
            "(sleep 2; echo 123456; sleep 5) | script -qec \"\(command)\" /dev/null",
        ])
        #expect(result.status == 0, result.text)
        #expect(result.out.ranges(of: "code of arn:aws:iam::123456789012:mfa/me: ").count == 1)
        #expect(result.out.ranges(of: "assumed-role/copier2/").count == 2, result.text)
    }

    @Test func `a copy runs as the roles of its two sides`() async throws {
        let url = try Emulator.moto.server.url
        let table = "Roles\(UUID().uuidString.prefix(8))"
        try await Programs.runScript("tables.py", ["fill", url, "\(table)=S=40"])
        let result = try await run(
            [
                "copy", table, "\(table)Copy", "--source-profile", "role", "--env-file",
                "/dev/stdin", "--target-role-arn", Self.role,
            ], [".aws/config": Self.config])
        // The file of variables is empty, so the target has no credentials of its own.
        #expect(result.status == 1, result.text)
        let both = try await run(
            ["copy", table, "\(table)Copy", "--profile", "role"], [".aws/config": Self.config])
        #expect(both.status == 0, both.text)
        try await Programs.runScript(
            "tables.py", ["compare", url, url, "\(table)=\(table)Copy=40"])
    }

    @Test func `a file of variables gives each side its own keys`() async throws {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("dynaferry-\(UUID().uuidString).env")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(
            """
            SRC_AWS_ACCESS_KEY_ID=AKIDEXAMPLE1
            SRC_AWS_SECRET_ACCESS_KEY="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
            DEST_AWS_ACCESS_KEY_ID=AKIDEXAMPLE2
            DEST_AWS_SECRET_ACCESS_KEY='wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
            DEST_AWS_REGION=eu-west-1
            """.utf8
        ).write(to: file)
        let result = try await run(["whoami", "--json", "--env-file", file.path])
        #expect(result.status == 0, result.text)
        let json = try JSON(parsing: result.out)
        #expect(json["source"]?["accessKeyId"] == "AKIDEXAMPLE1")
        #expect(json["target"]?["accessKeyId"] == "AKIDEXAMPLE2")
        #expect(json["target"]?["region"] == "eu-west-1")
        #expect(json["source"]?["origin"] == .string(file.path))
        #expect(!result.text.description.contains("EXAMPLEKEY"))
    }
}
