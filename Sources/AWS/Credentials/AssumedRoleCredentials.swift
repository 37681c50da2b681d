import Pacing
import System

/// A session of a role, had from STS with other credentials.
struct AssumedRoleCredentials: CredentialProvider {
    let role: AssumedRole
    let source: any CredentialProvider
    let service: TokenService
    let askForCode: (@Sendable (String) -> String?)?
    /// When a session ends its user may have left the terminal: a code is asked for once.
    private let hasAsked = Locked(false)

    init(
        _ role: AssumedRole, from source: any CredentialProvider, _ context: CredentialContext
    ) throws(ConfigurationError) {
        if let defect = role.defect { throw ConfigurationError(.credentials, defect) }
        self.role = role
        self.source = source
        service = try context.tokenService()
        askForCode = context.tools.askForCode
    }

    var account: String? { Partition.account(ofARN: role.arn) }
    var mayChange: Bool { source.mayChange }
    var identity: String { "role \(role.arn), assumed with \(source.identity)" }
    var origin: String { "role \(role.arn), assumed with \(source.origin)" }

    func forget(_ refused: Credentials) { source.forget(refused) }

    func credentials() async throws(ConfigurationError) -> Credentials {
        let code = try await code()
        let own = try await source.credentials()
        do {
            return try await service.assume(role, with: own, code: code)
        } catch let refusal {
            guard refusal.isAboutExpiry else { throw failure(refusal) }
        }
        source.forget(own)
        let renewed = try await source.credentials()
        guard renewed != own else {
            throw ConfigurationError(
                .credentials,
                "can't assume role \(role.arn): the credentials from \(source.origin) have expired",
                hint: "Renew them there, and run the command again.")
        }
        do {
            return try await service.assume(role, with: renewed, code: code)
        } catch let refusal { throw failure(refusal) }
    }

    private func code() async throws(ConfigurationError) -> String? {
        guard let device = role.mfaSerial else { return nil }
        let isSecond = hasAsked.withLock { hasAsked in
            defer { hasAsked = true }
            return hasAsked
        }
        if isSecond {
            throw ConfigurationError(
                .credentials,
                "the session of role \(role.arn) has ended, and a new one wants a new code",
                hint: "Run the command again; duration_seconds asks for longer sessions.")
        }
        guard let askForCode, let code = await OwnThread.run({ askForCode(device) }) else {
            throw ConfigurationError(
                .credentials,
                "role \(role.arn) wants a code of the device \(device), and there is no terminal",
                hint: "Run it on a terminal, or put a session's keys into the environment.")
        }
        guard (6...8).contains(code.utf8.count), code.utf8.allSatisfy({ (0x30...0x39) ~= $0 })
        else {
            hasAsked.withLock { $0 = false }
            throw ConfigurationError(.credentials, "a code has six digits")
        }
        return code
    }

    private func failure(_ refusal: TokenService.Refusal) -> ConfigurationError {
        let hint: String? =
            switch refusal.code {
            case "AccessDenied":
                "The role's trust policy and the policies of who assumes it must both allow it; "
                    + "some want an external id."
            case "InvalidClientTokenId", "SignatureDoesNotMatch":
                "Check the credentials from \(source.origin)."
            case "ValidationError": "A role assumed with another role's session lasts an hour."
            case nil: refusal.hint ?? service.reachAdvice
            default: nil
            }
        return ConfigurationError(
            .credentials, "can't assume role \(role.arn): \(refusal.message)", hint: hint)
    }
}
