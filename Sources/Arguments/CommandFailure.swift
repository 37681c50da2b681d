import System

/// A command that could not do its work, in the operator's words.
package struct CommandFailure: Error, CustomStringConvertible, Equatable, Sendable {
    package var message: String
    package var hints: [String]
    package var code: ExitCode

    package init(_ message: String, hints: [String] = [], code: ExitCode = .failure) {
        self.message = message
        self.hints = hints
        self.code = code
    }

    package var description: String { message }
}

extension CommandFailure {
    package init(_ error: SystemError) { self.init(error.description) }
}
