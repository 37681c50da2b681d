import JSON
import System

/// The JSON in which processes, containers and instances hand out credentials. The names of its
/// members differ between them.
struct CredentialDocument {
    private let json: JSON

    /// Nil when `bytes` are no JSON object.
    init?(_ bytes: [UInt8]) {
        let parsed = bytes.withUnsafeBytes { try? JSON(parsing: $0) }
        guard let parsed, parsed.members != nil else { return nil }
        json = parsed
    }

    subscript(name: String) -> JSON? { json[name] }

    /// Why there are no credentials in a document, in words that quote none of it.
    struct Defect: Error {
        var reason: String
    }

    /// - Parameter token: the name of the session token's member; with `needsToken` it must be
    ///   there, as must the expiration.
    func credentials(token: String, needsToken: Bool) throws(Defect) -> Credentials {
        func text(_ name: String) throws(Defect) -> String? {
            guard let value = json[name], value != .null else { return nil }
            guard let text = value.string else { throw Defect(reason: "\(name) is not a string") }
            return text
        }
        guard let key = try text("AccessKeyId"), let secret = try text("SecretAccessKey") else {
            throw Defect(reason: "AccessKeyId or SecretAccessKey is missing")
        }
        var expiration: UTCTime?
        if let end = try text("Expiration") {
            expiration = UTCTime(iso8601: end)
            if expiration == nil { throw Defect(reason: "Expiration is no time of ISO 8601") }
        }
        let credentials = Credentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: try text(token),
            expiration: expiration, accountID: try text("AccountId"))
        if needsToken, credentials.sessionToken == nil || expiration == nil {
            throw Defect(reason: "\(token) or Expiration is missing")
        }
        if let defect = credentials.defect { throw Defect(reason: defect) }
        return credentials
    }
}
