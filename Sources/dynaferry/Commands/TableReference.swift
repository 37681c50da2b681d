import CommandLine

/// Tables as the command line names them: one by its name or ARN, or many by a pattern of names in
/// which `*` stands for anything.
///
/// Names: API_CreateTable, `TableName`. ARNs: Amazon DynamoDB in the Service Authorization
/// Reference, `arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME`.
package struct TableReference: Equatable, Sendable {
    /// What was given, and what may stand as `TableName` in a request.
    package let text: String
    /// The bare name.
    package let name: String
    /// The region that an ARN names; nil for a name.
    package let region: String?
    package var isARN: Bool { region != nil }
    package var isPattern: Bool { text.contains("*") }

    /// The empty placeholder of arguments that are not parsed yet.
    init() {
        text = ""
        name = ""
        region = nil
    }

    /// nil when `text` is neither a name that a table may have nor a table's ARN.
    package init?(_ text: String) {
        guard text.hasPrefix("arn:") else {
            guard Self.isName(text) || Self.isPattern(text) else { return nil }
            self.text = text
            name = text
            region = nil
            return
        }
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, !parts[1].isEmpty, parts[2] == "dynamodb", !parts[3].isEmpty,
            parts[4].count == 12, parts[4].allSatisfy(\.isASCIIDigit),
            parts[5].hasPrefix("table/"), Self.isName(String(parts[5].dropFirst(6)))
        else { return nil }
        self.text = text
        name = String(parts[5].dropFirst(6))
        region = String(parts[3])
    }

    private static func isPattern(_ text: String) -> Bool {
        text.contains("*") && text.utf8.count <= 255
            && text.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "_-.*".contains($0) }
    }

    package static func isName(_ text: String) -> Bool {
        (3...255).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "_-.".contains($0) }
    }
}

extension ValueKind where Value == TableReference {
    package static var table: Self {
        ValueKind(
            name: "TABLE",
            expected: "a table's name (3 to 255 letters, digits, '_', '-' or '.'), a pattern with"
                + " '*', or an ARN",
            parse: { TableReference($0) }, show: { $0.text })
    }
}
