/// What a job's state file does not allow, and what to do about it.
package struct JobError: Error, CustomStringConvertible, Equatable, Sendable {
    package var message: String
    package var hint: String?
    /// The file is damaged, or was never a job's: it can't be read.
    package var isDamage = false
    /// The file is of a newer version.
    package var isNewer = false

    package init(_ message: String, hint: String? = nil, isDamage: Bool = false) {
        self.message = message
        self.hint = hint
        self.isDamage = isDamage
    }

    package var description: String { message }
}
