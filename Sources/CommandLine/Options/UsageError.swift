/// Wrong input, found before anything is touched. Ends the process with status 2.
package struct UsageError: Error, CustomStringConvertible, Equatable, Sendable {
    /// What is wrong, as it stands after `error:`.
    package var message: String
    /// What to do instead, each as it stands after `hint:`.
    package var hints: [String]

    /// - Parameter hints: at least one, unless the parser adds where to look: for a command line
    ///   that can't be read it names the command's help.
    package init(_ message: String, hints: [String]) {
        self.message = message
        self.hints = hints
    }

    package var description: String { message }
}
