import Foundation
import Pacing
import System
import TestSupport

@testable import AWS

/// A home folder with profile files, and an environment of no one's machine, for credentials.
final class CredentialHome: Sendable {
    let path: String
    let clock = ManualClock()

    init() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("dynaferry-\(UUID().uuidString)")
        path = folder.path
        for part in [".aws/sso/cache"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(part), withIntermediateDirectories: true)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file below the home folder and gives its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: file))
        return file
    }

    func read(_ name: String) throws -> String {
        try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }

    func config(_ text: String) throws { try write(".aws/config", text) }
    func credentialsFile(_ text: String) throws { try write(".aws/credentials", text) }

    func settings(
        _ options: SideOptions = SideOptions(), _ environment: [String: String] = [:],
        askForCode: (@Sendable (String) -> String?)? = nil
    ) throws(ConfigurationError) -> SideSettings {
        var tools = CredentialTools()
        tools.time = clock
        tools.askForCode = askForCode
        let own = [
            "HOME": path, "PATH": "/usr/bin:/bin", "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
        return try SideSettings.resolve(
            options, environment: own.merging(environment) { $1 }, tools: tools)
    }

    func provider(
        _ options: SideOptions = SideOptions(), _ environment: [String: String] = [:],
        askForCode: (@Sendable (String) -> String?)? = nil
    ) throws(ConfigurationError) -> any CredentialProvider {
        try settings(options, environment, askForCode: askForCode).provider
    }

    /// Why there are no credentials, whether that is known at once or only when they are wanted.
    func failure(
        _ options: SideOptions = SideOptions(), _ environment: [String: String] = [:],
        askForCode: (@Sendable (String) -> String?)? = nil
    ) async -> ConfigurationError? {
        do throws(ConfigurationError) {
            _ = try await provider(options, environment, askForCode: askForCode).credentials()
            return nil
        } catch { return error }
    }
}

/// A clock that tests set.
final class ManualClock: TimeSource {
    private let seconds = Locked(1_795_000_000.0)

    var secondsSinceEpoch: Double { seconds.withLock { $0 } }
    var now: Instant { Instant(nanoseconds: Int64(clamping: secondsSinceEpoch * 1e9)) }
    var time: UTCTime { UTCTime(secondsSinceEpoch: Int(clamping: secondsSinceEpoch)) }

    func advance(by step: Double) { seconds.withLock { $0 += step } }
    func after(_ step: Int) -> UTCTime { .init(secondsSinceEpoch: time.secondsSinceEpoch + step) }
}

/// A server that speaks enough of STS: sessions whose keys tell who assumed which role.
///
/// `KEY` assuming `arn:aws:iam::1:role/r` gets `KEY.r`; so a chain of roles can be read off.
final class STSServer: Sendable {
    let server: ScriptedServer

    /// - Parameter override: answers in the server's place.
    init(
        expiresAt end: @escaping @Sendable () -> UTCTime = {
            UTCTime(iso8601: "2099-01-01T00:00:00Z")!
        },
        override: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Answer? = { _ in
            nil
        }
    ) throws {
        server = try ScriptedServer { request in
            if let answer = override(request) { return answer }
            let form = request.form
            let action = form["Action"] ?? ""
            switch action {
            case "GetCallerIdentity":
                return Self.reply(
                    action, "<Account>123456789012</Account><Arn>\(request.signingKey)</Arn>")
            default:
                let role = form["RoleArn"]?.split(separator: "/").last ?? ""
                let who = action == "AssumeRole" ? request.signingKey : "WEB"
                return Self.reply(
                    action,
                    """
                    <Credentials><AccessKeyId>\(who).\(role)</AccessKeyId>
                    <SecretAccessKey>\(TestClient.secret)</SecretAccessKey>
                    <SessionToken>\(TestClient.token)</SessionToken>
                    <Expiration>\(end().iso8601)</Expiration></Credentials>
                    """)
            }
        }
    }

    deinit { server.stop() }

    var environment: [String: String] { ["AWS_ENDPOINT_URL_STS": server.url] }
    var forms: [[String: String]] { server.requests.map(\.form) }

    static func reply(_ action: String, _ result: String) -> ScriptedServer.Answer {
        let space = "https://sts.amazonaws.com/doc/2011-06-15/"
        return .bytes(
            Canned.reply(
                "<\(action)Response xmlns=\"\(space)\"><\(action)Result>\(result)"
                    + "</\(action)Result></\(action)Response>"))
    }

    static func error(
        _ code: String, _ message: String, status: Int = 400, headers: [String] = []
    ) -> ScriptedServer.Answer {
        .bytes(
            Canned.reply(
                "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)"
                    + "</Message></Error><RequestId>1</RequestId></ErrorResponse>",
                status: status, headers: headers))
    }
}

extension ScriptedServer.Request {
    /// The parameters of a form.
    var form: [String: String] {
        var parameters: [String: String] = [:]
        for pair in String(decoding: body, as: UTF8.self).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            parameters[String(parts[0])] = parts.last.flatMap { $0.removingPercentEncoding } ?? ""
        }
        return parameters
    }

    /// The access key that it is signed with.
    var signingKey: String {
        let words = header("Authorization")?.split(separator: "=").dropFirst().first
        return words.map { String($0.prefix { $0 != "/" }) } ?? "unsigned"
    }

    var method: String { String(head.prefix { $0 != " " }) }
    /// Path and query.
    var target: String { head.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
}
