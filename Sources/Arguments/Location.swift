import CommandLine

/// A side as the command line names it: a table by its name or ARN, many tables by a pattern of
/// names in which `*` stands for anything, or files.
///
/// What begins with `arn:` is a table, with `s3://` a bucket; `-` is a stream of lines; any other
/// that contains a `/` is a folder.
///
/// Names: API_CreateTable, `TableName`. ARNs: Amazon DynamoDB in the Service Authorization
/// Reference, `arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME`.
package struct Location: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case table
        case folder
        case bucket
        case stream
    }

    package let kind: Kind
    /// What was given, and what may stand as `TableName` in a request.
    package let text: String
    /// The bare name.
    package let name: String
    /// The region that an ARN names; nil for a name.
    package let region: String?
    package var isARN: Bool { region != nil }
    package var isPattern: Bool { text.contains("*") }
    package var isFiles: Bool { kind != .table }
    package var stars: Int { text.count { $0 == "*" } }

    /// The empty placeholder of arguments that are not parsed yet.
    package init() {
        kind = .table
        text = ""
        name = ""
        region = nil
    }

    /// nil when `text` is neither a name that a table may have nor a table's ARN nor files.
    package init?(_ text: String) {
        self.text = text
        if text.hasPrefix("arn:") {
            guard let (region, name) = Self.table(ofARN: text) else { return nil }
            (kind, self.name, self.region) = (.table, name, region)
            return
        }
        guard let kind = Self.kind(of: text) else { return nil }
        (self.kind, name, region) = (kind, text, nil)
    }

    private static func kind(of text: String) -> Kind? {
        if text == "-" { return .stream }
        if text.hasPrefix("s3://") { return .bucket }
        if text.contains("/") { return .folder }
        return isName(text) || isPattern(text) ? .table : nil
    }

    private static func table(ofARN text: String) -> (region: String, name: String)? {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, !parts[1].isEmpty, parts[2] == "dynamodb", !parts[3].isEmpty,
            parts[4].count == 12, parts[4].allSatisfy(\.isASCIIDigit),
            parts[5].hasPrefix("table/"), isName(String(parts[5].dropFirst(6)))
        else { return nil }
        return (String(parts[3]), String(parts[5].dropFirst(6)))
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

extension ValueKind where Value == Location {
    private static func isNameLike(_ text: String) -> Bool {
        text.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "_-.".contains($0) }
    }

    private static let tables =
        "a table's name (3 to 255 letters, digits, '_', '-' or '.'), a pattern with '*', or an ARN"

    package static var table: Self {
        ValueKind(
            name: "TABLE", expected: tables,
            parse: { text in Location(text).flatMap { $0.isFiles ? nil : $0 } },
            show: { $0.text })
    }

    /// Tables or files.
    package static var location: Self {
        ValueKind(
            name: "PLACE", expected: "\(tables); or a folder, which contains a '/'",
            parse: { Location($0) }, show: { $0.text },
            advice: { text in
                if text.utf8.count > 255, isNameLike(text) {
                    return
                        "the name has \(text.utf8.count.counted("byte")); a table's has 255 at most"
                }
                return text.hasPrefix("arn:") || text.contains("/")
                    ? nil : "a folder of this name is ./\(text)/"
            })
    }
}
