import CommandLine
import JSON

/// A file's text, which knows what to call its places.
package struct ConfigText {
    package let path: String
    package let bytes: [UInt8]

    package func document() throws(UsageError) -> LocatedJSON {
        if let other = otherEncoding {
            throw UsageError(
                "\(path) is \(other), and JSON is read as UTF-8",
                hints: ["convert it: iconv -f \(other) -t UTF-8 \(path)"])
        }
        do {
            return try LocatedJSON(commented: bytes)
        } catch {
            let place = TextPlace(offset: error.offset, in: bytes)
            throw UsageError(
                "\(path):\(place.line):\(place.column): \(error.reason)",
                hints: ["the file is JSON, which may have comments"])
        }
    }

    /// By its first bytes (RFC 2781, byte order marks).
    private var otherEncoding: String? {
        if bytes.starts(with: [0xFF, 0xFE]) { return "UTF-16LE" }
        if bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16BE" }
        return nil
    }

    package func origin(_ key: String, _ value: LocatedJSON) -> ConfigOrigin {
        origin(key, at: value.offset, found: value.words)
    }

    /// What a name and its value are together.
    package func origin(_ key: String, _ member: LocatedJSON.Member, found: String) -> ConfigOrigin
    {
        origin(key, at: member.offset, found: "'\(found.printable)'")
    }

    package func origin(_ member: LocatedJSON.Member) -> ConfigOrigin {
        origin(member.name, at: member.offset, found: member.value.words)
    }

    private func origin(_ key: String, at offset: Int, found: String) -> ConfigOrigin {
        ConfigOrigin(
            path: path, line: TextPlace(offset: offset, in: bytes).line, key: key.printable,
            found: found)
    }
}

extension LocatedJSON {
    fileprivate var words: String {
        switch content {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let text): text
        case .string(let text): text.isEmpty ? "nothing" : "'\(text.printable)'"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension String {
    /// Without what would steer a terminal.
    fileprivate var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
