/// What a job's state file does not allow, and what to do about it.
package struct JobError: Error, Equatable, Sendable {
    package var message: String
    package var hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
