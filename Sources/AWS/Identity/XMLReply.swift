/// The reply of a service that speaks XML, as far as it is wanted: texts of elements that occur
/// once and hold no others.
///
/// This is no parser of XML. The replies of STS have a few elements of known names (its API
/// reference); whatever has one of them twice, inside of a comment or with markup in it is not
/// such a reply, and yields nothing.
struct XMLReply {
    private let text: String

    init(_ bytes: [UInt8]) {
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the outermost element has this name.
    func isNamed(_ name: String) -> Bool {
        var rest = text.drop(while: \.isWhitespace)
        if rest.hasPrefix("<?") {
            guard let end = rest.firstIndex(of: ">") else { return false }
            rest = rest[rest.index(after: end)...].drop(while: \.isWhitespace)
        }
        guard rest.hasPrefix("<\(name)") else { return false }
        let next = rest.dropFirst(name.count + 1).first
        return next == ">" || next == " "
    }

    /// The text of the one element of this name.
    func text(of name: String) -> String? {
        let (open, close) = ("<\(name)>", "</\(name)>")
        guard !text.contains("<!"), let start = text.firstRange(of: open),
            let end = text[start.upperBound...].firstRange(of: close)
        else { return nil }
        let inside = text[start.upperBound..<end.lowerBound]
        guard !inside.contains("<"), !text[end.upperBound...].contains(open) else { return nil }
        return Self.unescaped(inside)
    }

    /// Replaces the five entities that XML has by itself, and numbered characters.
    private static func unescaped(_ text: Substring) -> String? {
        var output = ""
        var rest = text
        while let start = rest.firstIndex(of: "&") {
            output += rest[..<start]
            guard let end = rest[start...].firstIndex(of: ";"),
                let character = character(rest[rest.index(after: start)..<end])
            else { return nil }
            output.append(character)
            rest = rest[rest.index(after: end)...]
        }
        return output + rest
    }

    private static func character(_ name: Substring) -> Character? {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#") else { return nil }
            let digits = name.dropFirst()
            let code =
                digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return code.flatMap(UnicodeScalar.init).map(Character.init)
        }
    }
}
