import Testing

@testable import AWS

/// Goal: a web identity's token is exchanged for a role's session, unsigned, and read anew.
@Suite(.timeLimit(.minutes(20))) struct WebIdentityTests {
    private let home: CredentialHome
    private let token: String

    init() throws {
        home = try CredentialHome()
        token = try home.write("token", "web.identity+token\n")
        try home.config(
            """
            [profile web]
            role_arn = arn:aws:iam::1:role/p
            web_identity_token_file = \(token)
            [profile after]
            role_arn = arn:aws:iam::1:role/q
            source_profile = web
            [profile none]
            web_identity_token_file = \(token)
            """)
    }

    private var variables: [String: String] {
        [
            "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::1:role/e",
            "AWS_ROLE_SESSION_NAME": "pod",
        ]
    }

    @Test func `the environment's token gives a session of its role`() async throws {
        let sts = try STSServer()
        let provider = try home.provider(.init(), sts.environment.merging(variables) { $1 })
        #expect(try await provider.credentials().accessKeyID == "WEB.e")
        #expect(sts.server.requests[0].header("Authorization") == nil)
        let form = sts.forms[0]
        #expect(form["Action"] == "AssumeRoleWithWebIdentity" && form["RoleSessionName"] == "pod")
        #expect(form["WebIdentityToken"] == "web.identity+token")
        #expect(provider.origin.contains("role/e"))
    }

    @Test func `so does a profile's, also as a source`() async throws {
        let sts = try STSServer()
        for (profile, key) in [("web", "WEB.p"), ("after", "WEB.p.q")] {
            // A profile named by option leaves the environment's alone.
            let provider = try home.provider(
                .init(profile: profile), sts.environment.merging(variables) { $1 })
            #expect(try await provider.credentials().accessKeyID == key)
        }
    }

    @Test func `the token is read anew for each renewal`() async throws {
        let clock = home.clock
        let sts = try STSServer(expiresAt: { clock.after(3_600) })
        let provider = try home.provider(.init(profile: "web"), sts.environment)
        _ = try await provider.credentials()
        try home.write("token", "another.token")
        clock.advance(by: 3_000)
        _ = try await provider.credentials()
        #expect(
            sts.forms.map { $0["WebIdentityToken"] } == ["web.identity+token", "another.token"])
    }

    @Test func `what is wrong is told without the token`() async throws {
        let sts = try STSServer(override: { _ in
            STSServer.error("InvalidIdentityToken", "bad token web.identity+token here")
        })
        let refused = await home.failure(.init(profile: "web"), sts.environment)
        #expect(refused?.message.contains("InvalidIdentityToken") == true)
        #expect(refused?.description.contains("web.identity") == false)
        #expect(
            await home.failure(.init(profile: "none"))?.message.contains("no role for it") == true)
        let absent = variables.merging(["AWS_WEB_IDENTITY_TOKEN_FILE": "\(home.path)/no"]) { $1 }
        #expect(await home.failure(.init(), absent)?.message.contains("there is no web") == true)
        try home.write("token", "  \n")
        #expect(await home.failure(.init(profile: "web"))?.message.contains("holds no") == true)
    }
}
