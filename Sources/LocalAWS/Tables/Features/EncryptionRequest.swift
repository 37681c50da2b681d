import JSON
import System

/// An `SSESpecification` (API reference) as it was asked for.
enum EncryptionRequest: Equatable {
    /// The key that AWS owns, which no description mentions.
    case ownedKey
    /// The account's key for DynamoDB, managed by AWS, when no key is named.
    case kms(keyID: String?)

    init(_ json: JSON) throws(ServiceError) {
        let type = json["SSEType"]?.string
        let keyID = json["KMSMasterKeyId"]?.string
        if let type, !["AES256", "KMS"].contains(type) {
            throw .constraint(
                type, at: "sSESpecification.sSEType",
                "Member must satisfy enum value set: [AES256, KMS]")
        }
        if json["Enabled"]?.bool == false {
            guard type == nil else {
                throw .invalid("SSEType can not be specified if Enabled is false")
            }
            guard keyID == nil else {
                throw .invalid("KMSMasterKeyId can not be specified if Enabled is false")
            }
        }
        guard type != "AES256" else { throw .invalid("SSEType AES256 is not supported") }
        guard keyID == nil || type == "KMS" else {
            throw .invalid("SSEType KMS is required if KMSMasterKeyId is specified")
        }
        let isEnabled = json["Enabled"]?.bool ?? (type != nil)
        self = isEnabled ? .kms(keyID: keyID) : .ownedKey
    }

    /// The key that the account has for DynamoDB.
    private static let managedKeyID = "00000000-0000-4000-8000-000000000000"

    /// The key's ARN; nil for the key that AWS owns. Keys of other regions are refused. Any other
    /// is taken to be there: an alias stands for a key of its own.
    func keyARN(in tables: Tables) throws(ServiceError) -> String? {
        guard case .kms(let keyID) = self else { return nil }
        let prefix = tables.arn("kms", "")
        guard let keyID else { return "\(prefix)key/\(Self.managedKeyID)" }
        guard keyID.hasPrefix("arn:") else {
            return keyID.hasPrefix("alias/")
                ? "\(prefix)key/\(Self.key(ofAlias: keyID))" : "\(prefix)key/\(keyID)"
        }
        let parts = keyID.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[2] == "kms", parts[3] == tables.region else {
            throw .validation(
                "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: "
                    + "Invalid arn \(parts.count > 3 ? String(parts[3]) : keyID)")
        }
        guard parts[5].hasPrefix("alias/") else { return keyID }
        let home = parts[..<5].joined(separator: ":")
        return "\(home):key/\(Self.key(ofAlias: String(parts[5])))"
    }

    private static func key(ofAlias alias: String) -> String {
        let digits = Array(Hex.text(SHA256().hash(Array(alias.utf8))))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
            .joined(separator: "-")
    }
}
