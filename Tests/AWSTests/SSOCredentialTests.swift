import Foundation
import JSON
import TestSupport
import Testing

@testable import AWS

/// Goal: the token that `aws sso login` left is used, renewed and saved.
/// Method: a token file, and a server that is both the portal and sso-oidc.
@Suite(.timeLimit(.minutes(20))) struct SSOCredentialTests {
    private let home: CredentialHome

    init() throws {
        home = try CredentialHome()
        try home.config(
            """
            [profile new]
            sso_session = my session
            sso_account_id = 123456789012
            sso_role_name = Reader+Writer
            [sso-session my session]
            sso_region = eu-west-1
            sso_start_url = https://start.example/start
            [profile old]
            sso_start_url = https://start.example/start
            sso_region = eu-west-1
            sso_account_id = 123456789012
            sso_role_name = Reader+Writer
            [profile half]
            sso_session = my session
            sso_role_name = R
            [profile lost]
            sso_session = other
            sso_account_id = 1
            sso_role_name = R
            [profile torn]
            sso_session = my session
            sso_region = eu-west-2
            sso_account_id = 1
            sso_role_name = R
            [profile role]
            role_arn = arn:aws:iam::1:role/r
            source_profile = new
            """)
    }

    /// The SHA-1 of the session's name, and of the start URL, as `sha1sum` gives them.
    private func tokenPath(_ profile: String) -> String {
        let hash =
            profile == "old"
            ? "58b18e2cde391127c3492e1eba984431065982b0"
            : "0810fbc4bcaca0e26000b03ebf865d8ea87be4b9"
        return ".aws/sso/cache/\(hash).json"
    }

    private func putToken(
        _ profile: String, _ token: String, expiresIn seconds: Int, refresh: Bool = true
    ) throws {
        var json: JSON = [
            "startUrl": "https://start.example/start", "region": "eu-west-1", "odd": 1,
            "accessToken": .string(token),
            "expiresAt": .string(home.clock.after(seconds).iso8601),
        ]
        if refresh {
            json["clientId"] = "client"
            json["clientSecret"] = "client-secret"
            json["registrationExpiresAt"] = .string(home.clock.after(86_400).iso8601)
            json["refreshToken"] = "refresh-1"
        }
        try home.write(tokenPath(profile), json.text)
    }

    /// Knows the tokens `good` and `renewed`.
    private func portal(
        oidc: @escaping @Sendable () -> ScriptedServer.Answer = {
            .bytes(
                Canned.reply(
                    #"{"accessToken":"renewed","expiresIn":28800,"refreshToken":"refresh-2"}"#))
        }
    ) throws -> ScriptedServer {
        let end = home.clock.after(3_600).secondsSinceEpoch * 1_000
        return try ScriptedServer { request in
            if request.target == "/token" { return oidc() }
            guard ["good", "renewed"].contains(request.header("x-amz-sso_bearer_token")) else {
                return .bytes(Canned.reply("{}", status: 401))
            }
            let wanted =
                "/federation/credentials?role_name=Reader%2BWriter&account_id=123456789012"
            guard request.method == "GET", request.target == wanted else {
                return .bytes(Canned.reply("{}", status: 404))
            }
            return .bytes(
                Canned.reply(
                    """
                    {"roleCredentials":{"accessKeyId":"SSOK","secretAccessKey":"S",\
                    "sessionToken":"T","expiration":\(end)}}
                    """))
        }
    }

    private func environment(_ server: ScriptedServer) -> [String: String] {
        ["AWS_ENDPOINT_URL_SSO": server.url, "AWS_ENDPOINT_URL_SSO_OIDC": server.url]
    }

    @Test(arguments: ["new", "old"])
    func `a token that is good is used, and not renewed`(profile: String) async throws {
        try putToken(profile, "good", expiresIn: 3_600)
        let server = try portal()
        defer { server.stop() }
        let provider = try home.provider(.init(profile: profile), environment(server))
        let credentials = try await provider.credentials()
        #expect(credentials.accessKeyID == "SSOK" && credentials.sessionToken == "T")
        #expect(credentials.expiration == home.clock.after(3_600))
        #expect(server.requests.count == 1)
        #expect(provider.origin.contains("Reader+Writer of account 123456789012"))
    }

    @Test(arguments: [-60, 600])
    func `a token that has ended, or is about to, is renewed and saved`(
        seconds: Int
    ) async throws {
        try putToken("new", "good", expiresIn: seconds)
        let server = try portal()
        defer { server.stop() }
        let provider = try home.provider(.init(profile: "new"), environment(server))
        #expect(try await provider.credentials().accessKeyID == "SSOK")
        let asked = try JSON(parsing: String(decoding: server.requests[0].body, as: UTF8.self))
        #expect(asked["grantType"] == "refresh_token" && asked["refreshToken"] == "refresh-1")
        #expect(asked["clientId"] == "client" && asked["clientSecret"] == "client-secret")
        #expect(server.requests[1].header("x-amz-sso_bearer_token") == "renewed")
        let path = tokenPath("new")
        let saved = try JSON(parsing: try home.read(path))
        #expect(saved["accessToken"] == "renewed" && saved["refreshToken"] == "refresh-2")
        #expect(saved["expiresAt"] == .string(home.clock.after(28_800).iso8601))
        #expect(saved["odd"] == 1 && saved["clientId"] == "client")
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(home.path)/\(path)")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `a token that is good still serves when its renewal is refused`() async throws {
        try putToken("new", "good", expiresIn: 600)
        let server = try portal(oidc: { .bytes(Canned.reply("{}", status: 400)) })
        defer { server.stop() }
        let provider = try home.provider(.init(profile: "new"), environment(server))
        #expect(try await provider.credentials().accessKeyID == "SSOK")
    }

    @Test func `when nobody has signed in, how to do it is told`() async throws {
        let server = try portal(oidc: { .bytes(Canned.reply("{}", status: 400)) })
        defer { server.stop() }
        let environment = environment(server)
        let hint = "Sign in: aws sso login --profile new"
        #expect(await home.failure(.init(profile: "new"), environment)?.hint == hint)
        try putToken("new", "good", expiresIn: -1, refresh: false)
        #expect(await home.failure(.init(profile: "new"), environment)?.hint == hint)
        try putToken("new", "good", expiresIn: -1)
        #expect(await home.failure(.init(profile: "new"), environment)?.hint == hint)
        try putToken("new", "revoked", expiresIn: 3_600)
        let refused = await home.failure(.init(profile: "new"), environment)
        #expect(refused?.hint == hint && refused?.description.contains("revoked") == false)
        try home.write(tokenPath("new"), "not json SECRET")
        #expect(await home.failure(.init(profile: "new"), environment)?.hint == hint)
    }

    @Test func `a role may be assumed with what SSO gives`() async throws {
        try putToken("new", "good", expiresIn: 3_600)
        let server = try portal()
        defer { server.stop() }
        let sts = try STSServer()
        let provider = try home.provider(
            .init(profile: "role"), environment(server).merging(sts.environment) { $1 })
        #expect(try await provider.credentials().accessKeyID == "SSOK.r")
    }

    @Test(arguments: [
        ("half", "sso_account_id is missing"), ("lost", "no sso-session \"other\""),
        ("torn", "sso_region is not that of"),
    ])
    func `what a profile lacks is named`(profile: String, words: String) async {
        let error = await home.failure(.init(profile: profile))
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test func `the hosts are the region's of the session`() throws {
        let services = ServiceLocator(
            environment: [:], properties: [:], services: [:], variant: .init())
        #expect(
            try services.endpoint(of: .sso, in: "eu-west-1").url
                == "https://portal.sso.eu-west-1.amazonaws.com")
        #expect(
            try services.endpoint(of: .ssoOIDC, in: "eu-west-1").url
                == "https://oidc.eu-west-1.amazonaws.com")
    }
}
