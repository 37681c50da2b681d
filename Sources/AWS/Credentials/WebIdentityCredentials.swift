/// A session of a role, had from STS with an identity provider's token, as in EKS. The token's file
/// is read anew each time: whoever put it there renews it.
struct WebIdentityCredentials: CredentialProvider {
    let role: AssumedRole
    let tokenFile: String
    private let service: TokenService
    private let context: CredentialContext

    init(
        _ role: AssumedRole, tokenFile: String, _ context: CredentialContext
    ) throws(ConfigurationError) {
        if let defect = role.defect { throw ConfigurationError(.credentials, defect) }
        self.role = role
        self.tokenFile = tokenFile
        self.context = context
        service = try context.tokenService()
    }

    var account: String? { Partition.account(ofARN: role.arn) }
    var origin: String { "role \(role.arn), assumed with the web identity in \(tokenFile)" }

    func credentials() async throws(ConfigurationError) -> Credentials {
        let text = try context.text(ofFileAt: tokenFile, "web identity token")
        let token = text.trimmedWhitespace
        // STS takes 4 to 20,000 characters (API reference).
        guard (4...20_000).contains(token.utf8.count) else {
            throw ConfigurationError(.credentials, "\(tokenFile) holds no web identity token")
        }
        do {
            return try await service.assume(role, webIdentity: token)
        } catch {
            let hint: String? =
                switch error.code {
                case "AccessDenied": "Check the role's trust policy for this identity provider."
                case "ExpiredToken", "ExpiredTokenException":
                    "Whatever writes \(tokenFile) should have renewed it."
                case nil: error.hint ?? service.reachAdvice
                default: nil
                }
            throw ConfigurationError(
                .credentials, "can't assume role \(role.arn): \(error.message)", hint: hint)
        }
    }
}

extension String {
    /// Without white space, line ends among it, at both ends.
    var trimmedWhitespace: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        guard let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(self[start...last])
    }
}
