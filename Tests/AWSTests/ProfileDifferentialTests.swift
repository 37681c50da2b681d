import Foundation
import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import AWS

/// Goal: whatever the profile files say, dynaferry finds the credentials that botocore finds, or
/// none where botocore finds none.
/// Method: generated pairs of files, by seed. An STS on loopback gives keys that tell which roles
/// were assumed with which keys, so that the whole way is compared, not its end alone.
@Suite(.enabled(if: Python.botocore != nil, "skipped: no Python with botocore"))
struct ProfileDifferentialTests {
    private static let script = """
        import json, os, sys
        import botocore.session, botocore.config
        cases = json.load(sys.stdin)
        os.environ.clear()
        results = []
        for case in cases:
            os.environ.clear()
            os.environ.update(case["environment"])
            try:
                session = botocore.session.Session(profile=case["profile"])
                found = session.get_credentials()
                key = found.get_frozen_credentials().access_key if found else None
            except Exception as error:
                key = None
            results.append(key or None)
        print(json.dumps(results))
        """

    /// A pair of files, what is asked of them, and in which environment.
    private struct Case {
        var config: String
        var credentials: String
        var profile: String?
        var variables: [String: String]
    }

    private static let pairs: UInt64 = 50
    private static let names = ["default", "a", "b", "c", "d"]

    @Test(.timeLimit(.minutes(20)))
    func `50 pairs of files lead to the keys that botocore finds`() async throws {
        let home = try CredentialHome()
        let sts = try STSServer()
        let token = try home.write("token", "web.identity.token")
        var ours: [String?] = []
        var cases: [Case] = []
        var questions: [JSON] = []
        for seed in UInt64(1)...Self.pairs {
            var generator = SeededGenerator(seed: seed)
            let it = Self.makeCase(token, &generator)
            let config = try home.write("config-\(seed)", it.config)
            let credentials = try home.write("credentials-\(seed)", it.credentials)
            var environment = [
                "HOME": home.path, "PATH": "/usr/bin:/bin", "AWS_CONFIG_FILE": config,
                "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_STS": sts.server.url,
            ]
            environment.merge(it.variables) { $1 }
            let provider = try? SideSettings.resolve(
                SideOptions(region: "us-east-1", profile: it.profile), environment: environment
            ).provider
            ours.append(try? await provider?.credentials().accessKeyID)
            cases.append(it)
            questions.append([
                "profile": it.profile.map { .string($0) } ?? .null,
                "environment": .object(environment.map { .init($0.key, .string($0.value)) }),
            ])
        }
        let input = JSON.array(questions).text
        // On a thread that may block: other tests are waiting for the few that must not.
        let answer = try await OwnThread.run {
            Result { try Python.run(Self.script, input: input) }
        }.get()
        let theirs = try JSON(parsing: answer).array ?? []
        #expect(theirs.count == cases.count)
        for (index, it) in cases.enumerated() {
            #expect(
                ours[index] == theirs[index].string,
                """
                seed \(index + 1), profile \(it.profile ?? "none"), \(it.variables)
                config:\n\(it.config)\ncredentials:\n\(it.credentials)
                """)
        }
        // A comparison of nothing with nothing would prove little.
        #expect(ours.compactMap(\.self).count >= 20)
        #expect(ours.compactMap(\.self).filter { $0.contains(".") }.count >= 5)
        #expect(ours.filter { $0 == nil }.count >= 5)
        withExtendedLifetime(home) {}
    }

    // MARK: making files

    private static func makeCase(_ token: String, _ generator: inout SeededGenerator) -> Case {
        var it = Case(config: "", credentials: "", profile: nil, variables: [:])
        for name in names where chance(0.9, &generator) {
            it.config += header(name, inConfig: true, &generator)
            it.config += section(name, token, inConfig: true, &generator)
        }
        for name in names where chance(0.6, &generator) {
            it.credentials += header(name, inConfig: false, &generator)
            it.credentials += section(name, token, inConfig: false, &generator)
        }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: break
        case 1: it.variables["AWS_PROFILE"] = names.randomElement(using: &generator)
        default: it.profile = names.randomElement(using: &generator)
        }
        if chance(0.3, &generator) {
            it.variables["AWS_ACCESS_KEY_ID"] = "ENV"
            if chance(0.9, &generator) { it.variables["AWS_SECRET_ACCESS_KEY"] = "S" }
        }
        return it
    }

    private static func header(
        _ name: String, inConfig: Bool, _ generator: inout SeededGenerator
    ) -> String {
        if !inConfig || name == "default" { return "[\(name)]\n" }
        let spelling = ["profile \(name)", "profile   \(name)", "profile \"\(name)\""]
        return "[\(spelling.randomElement(using: &generator)!)]\n"
    }

    private static func section(
        _ name: String, _ token: String, inConfig: Bool, _ generator: inout SeededGenerator
    ) -> String {
        var properties: [(String, String)] = []
        let place = inConfig ? "CONFIG" : "SHARED"
        if chance(inConfig ? 0.5 : 0.8, &generator) {
            let isWhole = chance(0.92, &generator)
            let both = [
                ("aws_access_key_id", "\(place)-\(name)"),
                ("aws_secret_access_key", "S/+x=\(name)"),
            ]
            properties += isWhole ? both : [both.randomElement(using: &generator)!]
            if chance(0.3, &generator) { properties.append(("aws_session_token", "T==")) }
        }
        if chance(inConfig ? 0.5 : 0.4, &generator) {
            properties.append(("role_arn", "arn:aws:iam::123456789012:role/\(place)-\(name)"))
            if chance(0.9, &generator) {
                let source = (names + names + ["missing"]).randomElement(using: &generator)!
                properties.append(("source_profile", source))
            }
            if chance(0.08, &generator) {
                let places = ["Environment", "EcsContainer", "Nowhere"]
                properties.append(
                    ("credential_source", places.randomElement(using: &generator)!))
            }
            if chance(0.3, &generator) { properties.append(("duration_seconds", "1800")) }
            if chance(0.3, &generator) { properties.append(("external_id", "x y")) }
            if chance(0.15, &generator) {
                properties.append(("web_identity_token_file", token))
            }
        }
        if chance(0.15, &generator) {
            let json = #"{"Version":1,"AccessKeyId":"PROCESS-\#(name)","SecretAccessKey":"S"}"#
            properties.append(("credential_process", "sh -c 'echo \"$0\"' '\(json)'"))
        }
        if chance(0.03, &generator) { properties.append(("sso_account_id", "123456789012")) }
        return spelled(properties.shuffled(using: &generator), &generator)
    }

    /// Lines with the spacing, comments, and properties below others that people write.
    private static func spelled(
        _ properties: [(String, String)], _ generator: inout SeededGenerator
    ) -> String {
        var text = ""
        let indents = chance(0.2, &generator) ? "  " : ""
        for (name, value) in properties {
            if chance(0.2, &generator) { text += "# aws_access_key_id = COMMENT\n" }
            if chance(0.1, &generator) { text += "; another\n\n" }
            // Once a section: a property twice is an error to botocore, and here the last counts.
            if chance(0.15, &generator), !text.contains("s3 =") {
                text +=
                    "\(indents)s3 =\n\(indents)  aws_access_key_id = BELOW\n"
                    + "\(indents)  # comment\n\(indents)  role_arn = BELOW\n"
            }
            let equals = ["=", " = ", "= ", "   =\t"].randomElement(using: &generator)!
            let spelling = chance(0.15, &generator) ? name.uppercased() : name
            let tail = chance(0.2, &generator) ? "  \t" : ""
            text += "\(indents)\(spelling)\(equals)\(value)\(tail)\n"
        }
        return text + (chance(0.5, &generator) ? "\n" : "region = eu-west-1\n")
    }

    private static func chance(_ share: Double, _ generator: inout SeededGenerator) -> Bool {
        Double.random(in: 0..<1, using: &generator) < share
    }
}
