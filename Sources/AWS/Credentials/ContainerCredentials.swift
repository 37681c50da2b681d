/// Credentials of a container's task or pod, had from the endpoint that the environment names (the
/// SDKs' guide, "Container credential provider").
struct ContainerCredentials: CredentialProvider {
    private let url: String
    private let host: String
    private let isDirect: Bool
    private let context: CredentialContext

    /// Where relative addresses lead: Amazon ECS.
    private static let standardHost = "169.254.170.2"
    /// Plain HTTP is for these and for this machine: whoever listens on the way would have the
    /// credentials. The others are those of Amazon EKS.
    private static let plainHosts = [standardHost, "169.254.170.23", "[fd00:ec2::23]"]

    /// Nil when the environment names none.
    init?(_ context: CredentialContext) throws(ConfigurationError) {
        let environment = context.environment
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            url = "http://\(Self.standardHost)\(path.hasPrefix("/") ? "" : "/")\(path)"
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            url = full
        } else {
            return nil
        }
        guard let base = Self.base(of: url) else {
            throw ConfigurationError(
                .credentials,
                "the address in AWS_CONTAINER_CREDENTIALS_FULL_URI is none of http or https")
        }
        isDirect = Self.plainHosts.contains(String(base.hostWithoutPort))
        guard base.scheme == "https" || isDirect || Endpoint.isLoopback(base.host) else {
            throw ConfigurationError(
                .credentials,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI: \(base.host) would send credentials in the "
                    + "clear",
                hint: "Plain http is for loopback, \(Self.plainHosts.joined(separator: ", ")).")
        }
        host = base.host
        self.context = context
    }

    /// Scheme and host of an address that may have a path.
    private static func base(of url: String) -> EndpointURL? {
        guard let start = url.firstRange(of: "://")?.upperBound else { return nil }
        let authority = url[start...].prefix { !"/?#".contains($0) }
        return try? EndpointURL(String(url[..<start]) + authority)
    }

    var origin: String { "container endpoint \(host)" }

    func credentials() async throws(ConfigurationError) -> Credentials {
        var headers = [(name: "Accept", value: "application/json")]
        if let token = try authorization() { headers.append(("Authorization", token)) }
        let answer: HTTPAnswer
        do {
            answer = try await context.caller.answer(
                to: HTTPCall(
                    url: url, headers: headers, connectTimeout: .seconds(2),
                    totalTimeout: .seconds(2), pause: .seconds(1), isDirect: isDirect))
        } catch {
            throw failure(error.reason, hint: error.hint)
        }
        guard answer.status == 200 else {
            throw failure("it answered with status \(answer.status)")
        }
        guard let document = CredentialDocument(answer.body) else {
            throw failure("its answer is no JSON object")
        }
        do {
            return try document.credentials(token: "Token", needsToken: true)
        } catch {
            throw failure(error.reason)
        }
    }

    /// The file is read each time: whoever put it there renews it.
    private func authorization() throws(ConfigurationError) -> String? {
        let environment = context.environment
        var token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
            token = try context.text(ofFileAt: path, "container authorization token")
        }
        guard let token else { return nil }
        guard token.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw failure("its authorization token has line ends or other odd characters in it")
        }
        return token
    }

    private func failure(_ reason: String, hint: String? = nil) -> ConfigurationError {
        ConfigurationError(
            .credentials, "no credentials from the \(origin): \(reason)", hint: hint)
    }
}

extension ContainerCredentials: CustomStringConvertible, CustomReflectable {
    var description: String { origin }
    var customMirror: Mirror { Mirror(self, children: ["host": host]) }
}
