import JSON
import System

/// Credentials of a role, had from the SSO portal with the token of a person who has signed in.
struct SSOCredentials: CredentialProvider {
    let settings: SSOSettings
    private let context: CredentialContext
    private let portal: EndpointURL
    private let oidc: EndpointURL
    private let tokenPath: String

    /// A token with less than this left is renewed, as botocore does.
    private static let renewalSeconds = 900

    init(_ settings: SSOSettings, _ context: CredentialContext) throws(ConfigurationError) {
        guard let home = context.environment["HOME"] else {
            throw ConfigurationError(
                .credentials,
                "profile \"\(settings.profile)\" signs in by SSO: without HOME there is no token")
        }
        self.settings = settings
        self.context = context
        portal = try context.services.endpoint(of: .sso, in: settings.region)
        oidc = try context.services.endpoint(of: .ssoOIDC, in: settings.region)
        tokenPath = "\(home)/.aws/sso/cache/\(settings.tokenFileName)"
    }

    var account: String? { settings.accountID }
    var origin: String {
        "SSO role \(settings.roleName) of account \(settings.accountID), "
            + "profile \"\(settings.profile)\""
    }

    func credentials() async throws(ConfigurationError) -> Credentials {
        let token = try await token()
        let query =
            "role_name=\(PercentEncoding.encode(settings.roleName))"
            + "&account_id=\(PercentEncoding.encode(settings.accountID))"
        let answer = try await answer(
            to: HTTPCall(
                url: "\(portal.url)/federation/credentials?\(query)",
                headers: [
                    ("x-amz-sso_bearer_token", token.accessToken), ("Accept", "application/json"),
                ]), from: portal.host)
        switch answer.status {
        case 200: break
        case 401:
            throw signIn("the SSO token is refused")
        case 403, 404:
            throw failure(
                "there is no role \(settings.roleName) of account \(settings.accountID) for it",
                hint: "Check sso_account_id and sso_role_name.")
        default: throw failure("\(portal.host) answered with status \(answer.status)")
        }
        let json = answer.body.withUnsafeBytes { try? JSON(parsing: $0) }?["roleCredentials"]
        guard let json, let key = json["accessKeyId"]?.string,
            let secret = json["secretAccessKey"]?.string,
            let session = json["sessionToken"]?.string,
            let end = json["expiration"]?.int(in: 0...UTCTime.millisecondsMax)
        else { throw failure("the reply of \(portal.host) holds no credentials") }
        let credentials = Credentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: session,
            expiration: UTCTime(secondsSinceEpoch: end / 1_000), accountID: settings.accountID)
        if let defect = credentials.defect { throw failure(defect) }
        return credentials
    }

    // MARK: the token

    /// The cached token, renewed and saved when it is about to end.
    private func token() async throws(ConfigurationError) -> SSOToken {
        guard let bytes = try context.files.bytes(ofFileAt: tokenPath) else {
            throw signIn("nobody has signed in")
        }
        guard let token = SSOToken(bytes) else {
            throw signIn("\(tokenPath) holds no token")
        }
        let now = UTCTime(secondsSinceEpoch: context.tools.time.secondsSinceEpoch)
        let left = token.expiresAt.secondsSinceEpoch - now.secondsSinceEpoch
        if left >= Self.renewalSeconds { return token }
        // Tokens of a start URL alone can't be renewed, only made by signing in.
        if settings.session != nil, let renewal = token.renewal(at: now),
            let reply = try await newToken(renewal, isNeeded: left <= 0),
            let renewed = token.renewed(by: reply, at: now)
        {
            try PrivateFile.write(Array(renewed.json.text.utf8), to: tokenPath)
            return renewed
        }
        guard left > 0 else { throw signIn("the SSO session has ended") }
        return token
    }

    /// CreateToken of sso-oidc, which is not signed. Nil when it refuses, or when there is no
    /// answer and none is needed yet.
    private func newToken(
        _ renewal: SSOToken.Renewal, isNeeded: Bool
    ) async throws(ConfigurationError) -> JSON? {
        let body: JSON = [
            "grantType": "refresh_token", "clientId": .string(renewal.clientID),
            "clientSecret": .string(renewal.clientSecret),
            "refreshToken": .string(renewal.refreshToken),
        ]
        let call = HTTPCall(
            method: .post, url: "\(oidc.url)/token",
            headers: [("Content-Type", "application/json")], body: Array(body.text.utf8))
        do throws(ConfigurationError) {
            let answer = try await answer(to: call, from: oidc.host)
            if answer.isPassingFault, isNeeded {
                throw failure("\(oidc.host) answered with status \(answer.status)")
            }
            guard answer.status == 200 else { return nil }
            return answer.body.withUnsafeBytes { try? JSON(parsing: $0) }
        } catch {
            if isNeeded { throw error }
            return nil
        }
    }

    private func answer(
        to call: HTTPCall, from host: String
    ) async throws(ConfigurationError) -> HTTPAnswer {
        do {
            return try await context.caller.answer(to: call)
        } catch {
            throw failure(
                error.reason, hint: error.hint ?? "Check that this machine reaches \(host).")
        }
    }

    private func signIn(_ reason: String) -> ConfigurationError {
        failure(reason, hint: "Sign in: aws sso login --profile \(settings.profile)")
    }

    private func failure(_ reason: String, hint: String? = nil) -> ConfigurationError {
        ConfigurationError(
            .credentials, "profile \"\(settings.profile)\" signs in by SSO: \(reason)", hint: hint)
    }
}
