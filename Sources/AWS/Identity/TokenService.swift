import Pacing
import System

/// Who a set of credentials belongs to.
package struct CallerIdentity: Equatable, Sendable {
    package var account: String
    package var arn: String

    package init(account: String, arn: String) {
        self.account = account
        self.arn = arn
    }
}

/// AWS's Security Token Service: form parameters in, XML out (its API reference, version
/// 2011-06-15).
package struct TokenService: Sendable {
    /// What STS refused, by its own code.
    struct Refusal: Error {
        /// Nil where no answer of STS came.
        var code: String?
        var message: String
        /// What to do where nothing was answered.
        var hint: String?
        /// The service was asked, and has said no.
        var hasAnswered = true

        /// The credentials that the request was signed with have ended.
        var isAboutExpiry: Bool { code == "ExpiredToken" || code == "ExpiredTokenException" }
    }

    let endpoint: EndpointURL
    let region: String
    let caller: HTTPCaller
    let time: any TimeSource

    /// The host that is asked, for messages.
    package var host: String { endpoint.host }

    /// Asks for a session of `role`, with the rights of `credentials`.
    func assume(
        _ role: AssumedRole, with credentials: Credentials, code: String?
    ) async throws(Refusal) -> Credentials {
        var form = self.form(of: role)
        form.append(("ExternalId", role.externalID))
        form.append(("SerialNumber", role.mfaSerial))
        form.append(("TokenCode", code))
        let reply = try await call("AssumeRole", form, credentials)
        return try self.credentials(in: reply)
    }

    /// Asks for a session of `role` with a token of an identity provider; nothing is signed.
    func assume(_ role: AssumedRole, webIdentity token: String) async throws(Refusal) -> Credentials
    {
        let form = self.form(of: role) + [("WebIdentityToken", token)]
        let reply = try await call("AssumeRoleWithWebIdentity", form, nil, secret: token)
        return try self.credentials(in: reply)
    }

    /// Whose `credentials` are. Needs no right of any kind.
    /// - Throws: when the service refuses, or does not answer.
    package func identity(
        of credentials: Credentials
    ) async throws(ConfigurationError) -> CallerIdentity {
        do throws(Refusal) {
            let reply = try await call("GetCallerIdentity", [], credentials)
            guard let account = reply.text(of: "Account"), let arn = reply.text(of: "Arn") else {
                throw Refusal(code: nil, message: "the reply names nobody")
            }
            return CallerIdentity(account: account, arn: arn)
        } catch {
            guard error.hasAnswered else {
                throw ConfigurationError(
                    .endpoint,
                    "\(host) could not be asked whose the credentials are: \(error.message)",
                    hint: error.hint ?? reachAdvice)
            }
            guard error.code != nil else {
                throw ConfigurationError(
                    .endpoint,
                    "\(host) could not be asked whose the credentials are: \(error.message)",
                    hint: "Check AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL: is it an STS endpoint?")
            }
            throw ConfigurationError(
                .credentials, "\(host) does not accept the credentials: \(error.message)",
                hint: error.isAboutExpiry
                    ? "Renew them where they come from."
                    : "Check them, and that they belong to the partition of region \(region).")
        }
    }

    /// What to do when it does not answer.
    var reachAdvice: String {
        "Check that this machine reaches \(host), and AWS_ENDPOINT_URL_STS and HTTPS_PROXY if set."
    }

    private func form(of role: AssumedRole) -> [(String, String?)] {
        let made = "dynaferry-\(Int(clamping: time.secondsSinceEpoch))"
        return [
            ("RoleArn", role.arn), ("RoleSessionName", role.sessionName ?? made),
            ("DurationSeconds", role.durationSeconds.map(String.init)),
        ]
    }

    private func credentials(in reply: XMLReply) throws(Refusal) -> Credentials {
        guard let key = reply.text(of: "AccessKeyId"),
            let secret = reply.text(of: "SecretAccessKey"),
            let token = reply.text(of: "SessionToken"),
            let expiration = reply.text(of: "Expiration").flatMap(UTCTime.init(iso8601:))
        else { throw Refusal(code: nil, message: "the reply holds no credentials") }
        let credentials = Credentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: expiration,
            accountID: reply.text(of: "Arn").flatMap(Partition.account(ofARN:)))
        if let defect = credentials.defect { throw Refusal(code: nil, message: defect) }
        return credentials
    }

    // MARK: one request

    private func call(
        _ action: String, _ form: [(String, String?)], _ credentials: Credentials?,
        secret: String? = nil
    ) async throws(Refusal) -> XMLReply {
        let parameters = [("Action", action), ("Version", "2011-06-15")] + form
        let body = parameters.compactMap { name, value in
            value.map { "\(name)=\(PercentEncoding.encode($0))" }
        }.joined(separator: "&")
        var now = Int(clamping: time.secondsSinceEpoch)
        for isSecond in [false, true] {
            let answer = try await send(
                Array(body.utf8), credentials, UTCTime(secondsSinceEpoch: now))
            let reply = XMLReply(answer.body)
            if answer.status == 200, reply.isNamed("\(action)Response") { return reply }
            // As the client does: a clock that is wrong is put right by the server's, and what was
            // held up on its way is signed anew.
            if !isSecond, reply.isAboutClock {
                let own = Int(clamping: time.secondsSinceEpoch)
                let date = answer.date?.secondsSinceEpoch ?? own
                now = abs(date - own) >= 30 ? date : own
                continue
            }
            throw refusal(reply, answer.status, [secret, credentials?.secretAccessKey])
        }
        preconditionFailure("the second attempt returns or throws")
    }

    private func send(
        _ body: [UInt8], _ credentials: Credentials?, _ now: UTCTime
    ) async throws(Refusal) -> HTTPAnswer {
        var headers = [
            (name: "Content-Type", value: "application/x-www-form-urlencoded; charset=utf-8")
        ]
        if let credentials {
            let signer = Signer(credentials: credentials, region: region, service: "sts")
            let signed = signer.sign(
                .init(
                    method: "POST", path: "/", headers: [("Host", endpoint.host)] + headers,
                    body: body),
                at: now)
            headers += signed.headers
        }
        do {
            return try await caller.answer(
                to: HTTPCall(
                    method: .post, url: endpoint.url + "/", headers: headers, body: body))
        } catch {
            throw Refusal(
                code: nil, message: error.reason, hint: error.hint, hasAnswered: false)
        }
    }

    /// AWS's own words, their first line: of a wrong signature the others show every step, the
    /// session token among them.
    private func refusal(_ reply: XMLReply, _ status: Int, _ secrets: [String?]) -> Refusal {
        guard let code = reply.text(of: "Code") else {
            return Refusal(code: nil, message: "\(host) answered with status \(status)")
        }
        let message = (reply.text(of: "Message") ?? "").prefix { !$0.isNewline }
        let isSafe = secrets.allSatisfy { secret in secret.map { !message.contains($0) } ?? true }
        let said = isSafe && !message.isEmpty ? ": " + String(message).singleLine : ""
        return Refusal(code: code.printable, message: code.printable + said)
    }
}

extension XMLReply {
    /// The texts are those that STS was seen to answer with; there is no code for it alone.
    fileprivate var isAboutClock: Bool {
        guard let code = text(of: "Code"), let message = text(of: "Message") else { return false }
        return code == "RequestExpired"
            || code == "SignatureDoesNotMatch"
                && ["Signature expired", "not yet current"].contains { message.contains($0) }
    }
}
