/// The text of an AWS config or credentials file, as sections of properties.
///
/// ```
/// [profile staging]            # `[staging]` in the credentials file
/// region = eu-west-1
/// services = local
/// [services local]
/// dynamodb =
///   endpoint_url = http://127.0.0.1:8000
/// ```
///
/// The format of the AWS SDKs and Tools guide, "Shared config and credentials files": comment
/// lines begin with `#` or `;`, a comment in a value needs white space before it, a line that is
/// indented more than the property above it belongs to that. Errors name lines by number and never
/// quote them.
struct ProfileFile: Equatable {
    /// Names are in lower case; `dynamodb.endpoint_url` names an indented property.
    typealias Properties = [String: String]

    /// Larger ones are refused: they are no profile files.
    static let bytesMax = 1 << 20

    /// By header, without brackets and outer white space: `default`, `profile staging`.
    private(set) var sections: [String: Properties] = [:]

    init() {}

    /// `path` is for error messages.
    init(_ bytes: [UInt8], path: String) throws(ConfigurationError) {
        guard bytes.count <= Self.bytesMax else {
            throw ConfigurationError(.file, "\(path) is too large to be a profile file")
        }
        guard let text = String(validating: bytes.trimmingByteOrderMark, as: UTF8.self) else {
            throw ConfigurationError(.file, "\(path) is not UTF-8 text")
        }
        var section: String?
        var property: String?
        var propertyIndentation = 0
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let content = line.trimmed
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
            func failure(_ reason: String) -> ConfigurationError {
                ConfigurationError(.file, "\(path), line \(index + 1): \(reason)")
            }
            let indentation = line.prefix { $0 == " " || $0 == "\t" }.count
            let isBelow = property != nil && indentation > propertyIndentation
            if content.hasPrefix("["), !isBelow {
                guard let name = Self.sectionName(content) else {
                    throw failure("a section's name must stand in brackets")
                }
                section = name
                property = nil
                sections[name, default: [:]] = sections[name] ?? [:]
            } else {
                guard let section else { throw failure("a property outside of any section") }
                guard let (name, value) = Self.property(content) else {
                    // A value of several lines is none that is read here.
                    if isBelow { continue }
                    throw failure("expected name = value")
                }
                if isBelow, let property {
                    sections[section]?["\(property).\(name)"] = value
                } else {
                    sections[section]?[name] = value
                    property = name
                    propertyIndentation = indentation
                }
            }
        }
    }

    /// `[profile  "staging"] # comment` is `profile staging`.
    private static func sectionName(_ line: Substring) -> String? {
        guard let end = line.firstIndex(of: "]") else { return nil }
        let rest = line[line.index(after: end)...].trimmed
        guard rest.isEmpty || rest.hasPrefix("#") || rest.hasPrefix(";") else { return nil }
        let inside = line[line.index(after: line.startIndex)..<end]
        let words = inside.split { $0 == " " || $0 == "\t" }
            .map { $0.filter { $0 != "\"" && $0 != "'" } }
        let name = words.joined(separator: " ")
        return name.isEmpty ? nil : name
    }

    private static func property(_ line: Substring) -> (name: String, value: String)? {
        guard let equals = line.firstIndex(of: "=") else { return nil }
        let name = line[..<equals].trimmed.lowercased()
        guard !name.isEmpty else { return nil }
        var value = line[line.index(after: equals)...]
        var previous: Character = "x"
        for index in value.indices {
            if value[index] == "#" || value[index] == ";", previous == " " || previous == "\t" {
                value = value[..<index]
                break
            }
            previous = value[index]
        }
        return (name, String(value.trimmed))
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        guard let last = lastIndex(where: { !$0.isWhitespace }) else { return self[start..<start] }
        return self[start...last]
    }
}

extension [UInt8] {
    fileprivate var trimmingByteOrderMark: ArraySlice<UInt8> {
        starts(with: [0xEF, 0xBB, 0xBF]) ? dropFirst(3) : self[...]
    }
}
