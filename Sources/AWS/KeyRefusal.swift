/// A refusal about a key of AWS KMS: DynamoDB and S3 use the key for the caller, and pass on what
/// KMS says.
///
/// DynamoDB answers with `AccessDeniedException` or `ValidationException` and KMS's words, S3 with
/// `AccessDenied` and the action that was denied, or with KMS's own code after `KMS.`; exports with
/// `KmsNotFoundException`.
package struct KeyRefusal: Equatable, Sendable {
    /// The ARN of the key, where the message has one.
    package var key: String?
    /// The actions to allow: those that the message names, or else those that the service needs.
    package var actions: [String]
    private var isDenial: Bool
    private var isOfS3: Bool

    /// nil for what is no refusal of a key.
    init?(code: String, message: String, operation: Operation) {
        let isOwnCode = code.lowercased().hasPrefix("kms")
        let isDenied = code == "AccessDeniedException" || code == "AccessDenied"
        // Of other operations this may be a text about an item, which may hold anything.
        let isOfTable = code == "ValidationException" && Self.tableChanges.contains(operation.name)
        guard isOwnCode || ((isDenied || isOfTable) && Self.isAboutKey(message)) else { return nil }
        isDenial = isDenied || code.contains("AccessDenied")
        isOfS3 = operation.service == .s3
        key = Self.key(in: message)
        actions = Self.actions(in: message)
        if actions.isEmpty { actions = Self.needed(by: operation) }
    }

    /// What to do.
    /// - Parameter caller: whose credentials were refused, in words.
    package func hint(for caller: String = "the caller") -> String {
        let which = key.map { "the KMS key \($0)" } ?? "the KMS key"
        let list = Self.list(actions)
        let service = isOfS3 ? "S3" : "DynamoDB"
        if isDenial {
            return "Allow \(list) on \(which), which \(service) uses for \(caller): in their IAM"
                + " policy and in the key's policy."
        }
        return "Check that \(which) exists, is enabled and is in this region; then allow \(list) on"
            + " it, which \(service) uses for \(caller)."
    }

    /// What each service does with a key for its caller. (DynamoDB guide, "Using AWS KMS":
    /// CreateGrant and DescribeKey when a table is made or changed, Decrypt for all else. S3 guide,
    /// "SSE-KMS": GenerateDataKey for writing, Decrypt for reading.)
    private static func needed(by operation: Operation) -> [String] {
        switch operation.service {
        case .s3: [operation.mutates ? "kms:GenerateDataKey" : "kms:Decrypt"]
        default:
            tableChanges.contains(operation.name)
                ? ["kms:CreateGrant", "kms:DescribeKey", "kms:Decrypt"]
                : ["kms:Decrypt", "kms:DescribeKey"]
        }
    }

    /// `a, b and c`
    private static func list(_ words: [String]) -> String {
        guard words.count > 1, let last = words.last else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }

    /// A table, a user or a role may have `KMS` in its name: what was denied must be KMS's.
    private static func isAboutKey(_ message: String) -> Bool {
        if !actions(in: message).isEmpty || key(in: message) != nil { return true }
        if message.contains("perform: ") { return false }
        return message.contains(".kms.") || message.contains("KMS")
    }

    private static let tableChanges = ["CreateTable", "UpdateTable"]

    private static func key(in message: String) -> String? {
        words(of: message).first { word in
            let parts = word.split(separator: ":", omittingEmptySubsequences: false)
            return parts.count >= 6 && parts[0] == "arn" && parts[2] == "kms"
        }
    }

    private static func actions(in message: String) -> [String] {
        words(of: message).filter { word in
            let name = word.dropFirst("kms:".count)
            return word.hasPrefix("kms:") && !name.isEmpty && name.allSatisfy(\.isLetter)
        }
    }

    /// Without what stands around a word in a sentence.
    private static func words(of message: String) -> [String] {
        message.split { $0.isWhitespace || "\"'()[]<>,;".contains($0) }.map { word in
            var word = word
            while let last = word.last, last == "." || last == ":" { word.removeLast() }
            return String(word)
        }
    }
}
