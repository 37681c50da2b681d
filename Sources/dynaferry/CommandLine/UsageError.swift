/// Wrong input, found before anything is touched. Ends the process with ``ExitCode/usage``.
package struct UsageError: Error, Equatable, Sendable {
    /// What is wrong, as it stands after `error:`.
    package var message: String
    /// What to do instead, each as it stands after `hint:`.
    package var hints: [String]

    package init(_ message: String, hints: [String] = []) {
        self.message = message
        self.hints = hints
    }
}

/// A command that could not do its work, in the operator's words.
package struct CommandFailure: Error, Equatable, Sendable {
    package var message: String
    package var hints: [String]
    package var code: ExitCode

    package init(_ message: String, hints: [String] = [], code: ExitCode = .failure) {
        self.message = message
        self.hints = hints
        self.code = code
    }
}
