import System

/// A path as SigV4 signs it: segments resolved when asked, every byte but `/` and the unreserved
/// ones of RFC 3986 percent-encoded, a `%` of the path as sent included.
enum CanonicalPath {
    static func text(of path: String, normalized: Bool) -> String {
        let path = path.isEmpty ? "/" : path
        guard normalized else { return PercentEncoding.encode(path, keepingSlashes: true) }
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." {
                _ = segments.popLast()
            } else {
                segments.append(segment)
            }
        }
        let trailing = path.hasSuffix("/") && !segments.isEmpty ? "/" : ""
        let text = "/" + segments.joined(separator: "/") + trailing
        return PercentEncoding.encode(text, keepingSlashes: true)
    }
}

/// A query as SigV4 signs it: parameters decoded, encoded anew and sorted by name, then value.
enum CanonicalQuery {
    static func text(of query: String) -> String {
        guard !query.isEmpty else { return "" }
        let parameters = query.split(separator: "&").map { parameter in
            let parts = parameter.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : ""
            return (
                name: Array(PercentEncoding.canonical(String(parts[0])).utf8),
                value: Array(PercentEncoding.canonical(value).utf8)
            )
        }
        let sorted = parameters.sorted { left, right in
            left.name == right.name
                ? left.value.lexicographicallyPrecedes(right.value)
                : left.name.lexicographicallyPrecedes(right.name)
        }
        return sorted.map {
            String(decoding: $0.name, as: UTF8.self) + "="
                + String(decoding: $0.value, as: UTF8.self)
        }.joined(separator: "&")
    }
}

/// Headers as SigV4 signs them: names in lower case and sorted, white space collapsed, the values
/// of one name joined by commas in the order in which they are sent.
struct CanonicalHeaders {
    /// `name:value` lines, each with its end of line.
    let lines: String
    /// The names, joined by semicolons.
    let names: String

    init(_ headers: [(name: String, value: String)]) {
        var values: [String: [String]] = [:]
        for (name, value) in headers {
            let words = value.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" }
            values[name.lowercased(), default: []].append(words.joined(separator: " "))
        }
        let sorted = values.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        lines = sorted.map { "\($0):\(values[$0, default: []].joined(separator: ","))\n" }.joined()
        names = sorted.joined(separator: ";")
    }
}

/// Percent-encoding with RFC 3986's unreserved characters, in upper-case hexadecimal.
package enum PercentEncoding {
    package static func encode(_ text: String, keepingSlashes: Bool = false) -> String {
        encode(Array(text.utf8), keepingSlashes: keepingSlashes)
    }

    /// Undoes the encoding that is there and encodes anew, so that all spellings become one.
    static func canonical(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == 0x25, index + 2 < bytes.count,
                let high = Character(UnicodeScalar(bytes[index + 1])).hexDigitValue,
                let low = Character(UnicodeScalar(bytes[index + 2])).hexDigitValue
            {
                decoded.append(UInt8(high * 16 + low))
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return encode(decoded, keepingSlashes: false)
    }

    private static func encode(_ bytes: [UInt8], keepingSlashes: Bool) -> String {
        var output: [UInt8] = []
        for byte in bytes {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                output.append(byte)
            case 0x2F where keepingSlashes:
                output.append(byte)
            default:
                output.append(0x25)
                output += Hex.text([byte]).uppercased().utf8
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
