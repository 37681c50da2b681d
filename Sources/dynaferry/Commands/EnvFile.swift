import AWS
import CommandLine
import System

/// A file of variables, as programs keep them beside their sources: `NAME=VALUE` lines, perhaps
/// with `export` before them, values in quotes or not, comments after `#`.
///
/// Nothing is expanded. Names that are not asked for are left alone. Errors name lines by number
/// and never quote them.
struct EnvFile {
    let path: String
    private(set) var variables: [String: String] = [:]

    init(path: String, _ files: any FileReader) throws(ConfigurationError) {
        guard let bytes = try files.bytes(ofFileAt: path) else {
            throw ConfigurationError(
                .file, "there is no file \(path)",
                hint: "--env-file names a file of lines NAME=VALUE")
        }
        try self.init(bytes, path: path)
    }

    init(_ bytes: [UInt8], path: String) throws(ConfigurationError) {
        self.path = path
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(.file, "\(path) is not UTF-8 text")
        }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            var rest = line.drop(while: Self.isSpace)
            if rest.isEmpty || rest.hasPrefix("#") || rest.hasPrefix("\u{FEFF}#") { continue }
            if rest.hasPrefix("export"), let next = rest.dropFirst(6).first, Self.isSpace(next) {
                rest = rest.dropFirst(6).drop(while: Self.isSpace)
            }
            let name = rest.prefix {
                $0.isASCIILetter || $0.isASCIIDigit || $0 == "_"
            }
            rest = rest[name.endIndex...].drop(while: Self.isSpace)
            guard !name.isEmpty, rest.first == "=",
                let value = Self.value(rest.dropFirst().drop(while: Self.isSpace))
            else {
                throw ConfigurationError(
                    .file, "\(path), line \(index + 1): expected NAME=VALUE, its quotes closed",
                    hint: "such as SRC_AWS_REGION=us-east-1")
            }
            variables[String(name)] = value
        }
        try checkNames()
    }

    private static let names = [
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION",
        "AWS_ACCOUNT_ID",
    ]

    /// Refuses a name that begins as a side's but is none: a misspelling would go unnoticed, and
    /// other credentials would be used.
    private func checkNames() throws(ConfigurationError) {
        let sides: [SideResolver.Side] = [.source, .target]
        let prefixes = sides.flatMap(\.prefixes)
        let known = prefixes.flatMap { prefix in Self.names.map { prefix + $0 } }
        for name in variables.keys.sorted() where !known.contains(name) {
            let isOdd =
                prefixes.contains { name.hasPrefix($0 + "AWS") }
                || nearest(to: name, among: known) != nil
            guard isOdd else { continue }
            let meant = nearest(to: name, among: known)
            throw ConfigurationError(
                .file, "\(path): the name \(name.printable) means nothing",
                hint: meant.map { "did you mean \($0)?" }
                    ?? "A side's names are \(Self.names.joined(separator: ", ")) after its prefix.")
        }
    }

    private static func isSpace(_ character: Character) -> Bool {
        character == " " || character == "\t"
    }

    /// The value that a line ends with; nil when its quote is not closed or more follows it.
    private static func value(_ text: Substring) -> String? {
        guard let quote = text.first, quote == "'" || quote == "\"" else {
            var previous: Character = " "
            let bare = text.prefix { character in
                defer { previous = character }
                return character != "#" || !isSpace(previous)
            }
            guard let last = bare.lastIndex(where: { !isSpace($0) }) else { return "" }
            return String(bare[...last])
        }
        var rest = text.dropFirst()
        var value = ""
        while let character = rest.popFirst() {
            if character == quote {
                let after = rest.drop(while: isSpace)
                return after.isEmpty || after.hasPrefix("#") ? value : nil
            }
            if quote == "\"", character == "\\", let next = rest.first, "\"\\$`".contains(next) {
                value.append(rest.removeFirst())
            } else {
                value.append(character)
            }
        }
        return nil
    }

    /// What there is for one side.
    func values(
        for side: SideResolver.Side
    ) throws(ConfigurationError) -> (credentials: Credentials?, region: String?) {
        func value(_ name: String) throws(ConfigurationError) -> String? {
            let found = side.prefixes.map { $0 + name }.filter {
                variables[$0]?.isEmpty == false
            }
            if found.count > 1, variables[found[0]] != variables[found[1]] {
                throw ConfigurationError(
                    .file, "\(path): \(found[0]) and \(found[1]) contradict each other")
            }
            return found.first.flatMap { variables[$0] }
        }
        let region = try value("AWS_REGION")
        let token = try value("AWS_SESSION_TOKEN")
        switch (try value("AWS_ACCESS_KEY_ID"), try value("AWS_SECRET_ACCESS_KEY")) {
        case (let key?, let secret?):
            return (
                Credentials(
                    accessKeyID: key, secretAccessKey: secret, sessionToken: token,
                    accountID: try value("AWS_ACCOUNT_ID")), region
            )
        case (nil, nil): return (nil, region)
        default:
            throw ConfigurationError(
                .credentials,
                "\(path): only one of the \(side.rawValue)'s AWS_ACCESS_KEY_ID and "
                    + "AWS_SECRET_ACCESS_KEY is there")
        }
    }
}

extension EnvFile: CustomStringConvertible, CustomReflectable {
    var description: String { "variables of \(path)" }
    var customMirror: Mirror { Mirror(self, children: ["path": path]) }
}
