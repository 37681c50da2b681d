import System

/// A set of AWS credentials. No description of it, nor of anything that holds it, shows a secret.
package struct Credentials: Equatable, Sendable {
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String?
    /// When they end, where that is known.
    package var expiration: UTCTime?
    /// The account that they are of, where that is known.
    package var accountID: String?

    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil,
        expiration: UTCTime? = nil, accountID: String? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.accountID = accountID
    }

    /// Why they can't be sent, or nil. They become header lines, so nothing may end a line early.
    package var defect: String? {
        func isHeaderText(_ text: String) -> Bool {
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        }
        if !isHeaderText(accessKeyID) || accessKeyID.utf8.count > 256 {
            return "the access key id is empty or has characters that no key has"
        }
        if !isHeaderText(secretAccessKey) {
            return "the secret access key is empty or has characters that no key has"
        }
        if let sessionToken, !isHeaderText(sessionToken) || sessionToken.utf8.count > 16_384 {
            return "the session token is empty, too long, or has characters that no token has"
        }
        return nil
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        let kind = sessionToken == nil ? "" : ", with a session token"
        return "access key \(accessKeyID)\(kind)"
    }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// Where credentials come from. One small type a source; `CredentialChain` chooses among them.
package protocol CredentialProvider: Sendable {
    /// For people: `environment`, `profile "staging"`.
    var origin: String { get }

    /// Whose credentials they are, as far as that is known without asking anybody: the same for
    /// all processes that were started alike.
    var identity: String { get }

    /// The account that its credentials are of, where that is known without asking anybody.
    var account: String? { get }

    /// Whether it may have another set later.
    var mayChange: Bool { get }

    /// A set that is good now, as far as can be known here. Throws when there is none, saying why.
    func credentials() async throws(ConfigurationError) -> Credentials

    /// The service says that this set has ended: it is not to be given again from memory. Sources
    /// that keep none have nothing to forget.
    func forget(_ refused: Credentials)
}

extension CredentialProvider {
    package var identity: String { origin }
    package var account: String? { nil }
    package var mayChange: Bool { true }
    package func forget(_ refused: Credentials) {}
}

/// Credentials that were given once, in options or the environment.
package struct FixedCredentials: CredentialProvider, CustomStringConvertible {
    package let origin: String
    private let value: Credentials

    package init(_ value: Credentials, origin: String) {
        self.value = value
        self.origin = origin
    }

    package var identity: String { "\(origin), \(value.accessKeyID)" }
    package var account: String? { value.accountID }
    package var mayChange: Bool { false }

    package func credentials() async throws(ConfigurationError) -> Credentials { value }

    package var description: String { "credentials from \(origin)" }
}
