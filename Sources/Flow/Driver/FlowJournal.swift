/// Where a flow's progress is made durable.
package protocol FlowJournal: Sendable {
    /// Keeps `entry` as a whole or not at all, then calls `completion`, once, on any thread. The
    /// next entry comes after that.
    func save(
        _ entry: JournalEntry, completion: @escaping @Sendable (Result<Void, JobError>) -> Void)
}

/// What one save makes durable.
package struct JournalEntry: Sendable {
    package var partitions: [PartitionRecord]
    /// Units that their cursors have passed since the last entry.
    package var units: [UnitRecord]
    /// Of each fold, of the same instant as the cursors.
    package var folds: [any Sendable]
    package var deadLetters: [RefusedBytes]
    /// Items that are settled but beyond their partitions' cursors: after a crash they are moved
    /// again.
    package var itemsAhead: Int
    /// The flow as a whole then.
    package var progress: FlowProgress
}

/// A unit that is sealed, and what its sink wants kept of it.
package struct UnitRecord: Equatable, Sendable {
    package var unit: UnitID
    package var bytes: [UInt8]

    package init(unit: UnitID, bytes: [UInt8]) {
        self.unit = unit
        self.bytes = bytes
    }
}

/// An item that the sink refused for good.
package struct RefusedBytes: Equatable, Sendable {
    package var code: String
    package var reason: String
    /// Its key as JSON; nil: as the item has it.
    package var key: [UInt8]?
    /// As it was to be written, or what is shown in its place.
    package var item: [UInt8]
}

extension FlowFailure {
    package init(_ error: JobError) {
        self.init(.giveUp, code: "JobState", message: error.message, hint: error.hint)
    }
}
