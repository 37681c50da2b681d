/// Wrong input, found before anything is touched. Ends the process with status 2.
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
