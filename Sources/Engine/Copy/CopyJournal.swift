/// Where a copy's progress is made durable.
package protocol CopyJournal: Sendable {
    /// Keeps `entry` as a whole or not at all, then calls `completion`, once, on any thread. The
    /// next entry comes after that.
    func save(
        _ entry: JournalEntry, completion: @escaping @Sendable (Result<Void, JobError>) -> Void)
}

/// What one save makes durable.
package struct JournalEntry: Sendable {
    package var segments: [SegmentRecord]
    /// What the source adds up to, as far as the segments' cursors say.
    package var digests: DigestState?
    package var deadLetters: [DeadLetter]
    /// Items that are settled but beyond their segments' cursors: after a crash they are copied
    /// again.
    package var itemsAhead: Int
    /// The copy as a whole then.
    package var progress: CopyProgress
}

extension CopyFailure {
    package init(_ error: JobError) {
        self.init(
            .remedy(.giveUp), code: "JobState", message: error.message, hint: error.hint)
    }
}
