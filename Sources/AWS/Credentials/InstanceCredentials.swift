/// Credentials of an EC2 instance's role, had from its metadata service (the EC2 user guide, "Use
/// the Instance Metadata Service"): first a token by PUT (version 2), then the role's name, then
/// its credentials.
struct InstanceCredentials: CredentialProvider {
    private let base: EndpointURL
    private let allowsVersion1: Bool
    private let isTurnedOff: Bool
    private let caller: HTTPCaller

    private static let path = "/latest/meta-data/iam/security-credentials/"

    init(_ context: CredentialContext) throws(ConfigurationError) {
        let services = context.services
        func setting(_ name: String) -> String? {
            services.environment["AWS_EC2_METADATA_\(name.uppercased())"]
                ?? services.properties["ec2_metadata_\(name)"]
        }
        isTurnedOff = services.isTrue("AWS_EC2_METADATA_DISABLED", "")
        allowsVersion1 = !services.isTrue(
            "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")
        let isIPv6 = setting("service_endpoint_mode")?.lowercased() == "ipv6"
        base = try EndpointURL(
            setting("service_endpoint")
                ?? (isIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254"))
        caller = context.caller
    }

    var origin: String { "instance metadata" }

    /// For the list of what was looked at.
    var place: String {
        isTurnedOff
            ? "instance metadata (AWS_EC2_METADATA_DISABLED)" : "instance metadata at \(base.host)"
    }

    func credentials() async throws(ConfigurationError) -> Credentials {
        if isTurnedOff { throw failure("it is turned off by AWS_EC2_METADATA_DISABLED") }
        let token = try await token()
        let list = try await get(Self.path, token)
        let role = String(decoding: list, as: UTF8.self).prefix { !$0.isNewline }
        guard !role.isEmpty, role.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw failure("the instance has no role")
        }
        let name = PercentEncoding.encode(String(role))
        guard let document = CredentialDocument(try await get(Self.path + name, token)) else {
            throw failure("its answer is no JSON object")
        }
        // Faults can come with status 200.
        if let code = document["Code"]?.string, code != "Success" {
            throw failure("it answered with \(code.printable)")
        }
        do {
            return try document.credentials(token: "Token", needsToken: true)
        } catch {
            throw failure(error.reason)
        }
    }

    /// Nil: version 1 is to be used, which knows no tokens. That is so only when the service says
    /// so; one that does not answer is none.
    private func token() async throws(ConfigurationError) -> String? {
        let answer = try await answer(
            to: call(
                .put, "/latest/api/token",
                [("x-aws-ec2-metadata-token-ttl-seconds", "21600")]))
        switch answer.status {
        case 200:
            let token = String(decoding: answer.body, as: UTF8.self)
            guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw failure("its token is none")
            }
            return token
        case 403, 404, 405:
            guard allowsVersion1 else {
                throw failure(
                    "it gives no token, and AWS_EC2_METADATA_V1_DISABLED forbids version 1")
            }
            return nil
        default: throw failure("it answered with status \(answer.status)")
        }
    }

    private func get(_ path: String, _ token: String?) async throws(ConfigurationError) -> [UInt8] {
        let headers = token.map { [(name: "x-aws-ec2-metadata-token", value: $0)] } ?? []
        let answer = try await answer(to: call(.get, path, headers))
        guard answer.status == 200, !answer.body.isEmpty else {
            throw failure(
                answer.status == 404
                    ? "the instance has no role" : "it answered with status \(answer.status)")
        }
        return answer.body
    }

    /// On the way to a link-local address no proxy helps.
    private func call(
        _ method: HTTPMethod, _ path: String, _ headers: [(name: String, value: String)]
    ) -> HTTPCall {
        HTTPCall(
            method: method, url: base.url + path, headers: headers, connectTimeout: .seconds(1),
            totalTimeout: .seconds(1), attempts: 1,
            isDirect: base.host.hasPrefix("169.254.") || base.host.hasPrefix("[f"))
    }

    private func answer(to call: HTTPCall) async throws(ConfigurationError) -> HTTPAnswer {
        do {
            return try await caller.answer(to: call)
        } catch {
            throw failure(error.kind == .connectionFailed ? "it does not answer" : error.reason)
        }
    }

    private func failure(_ reason: String) -> ConfigurationError {
        ConfigurationError(.credentials, "no credentials from instance metadata: \(reason)")
    }
}
