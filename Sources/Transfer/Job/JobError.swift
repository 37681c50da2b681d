/// What a job's state file does not allow, and what to do about it.
package struct JobError: Error, Equatable, Sendable {
    package var message: String
    package var hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    init(_ error: DatabaseError) {
        message = "the job's state can't be kept in \(error.path): \(error.message)"
        if error.isFull {
            hint = "make room on the disk, then run the same command again"
        } else if error.isReadOnly {
            hint = "make the folder writable, or name another with --state-dir"
        } else if error.isNoDatabase {
            hint = "the file is no job of dynaferry, or damaged; --restart begins the job anew"
        }
    }
}
