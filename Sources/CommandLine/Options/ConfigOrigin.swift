/// Where something stands in a file of options, for messages.
package struct ConfigOrigin: Equatable, Sendable {
    package let path: String
    package let line: Int
    package let key: String
    /// What stands there, in words.
    package let found: String

    package init(path: String, line: Int, key: String, found: String) {
        self.path = path
        self.line = line
        self.key = key
        self.found = found
    }

    package func error(_ message: String, hints: [String]) -> UsageError {
        UsageError("\(path):\(line): \(key): \(message)", hints: hints)
    }

    package func unexpected(_ expected: String, hints: [String]) -> UsageError {
        error("expected \(expected), found \(found)", hints: hints)
    }
}
