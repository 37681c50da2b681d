import Connectors
import DynamoModel
import Flow
import Jobs
import Status

/// Keeps what one table's verification comes to.
struct VerifyJournal: Sendable {
    let keeper: JobKeeper
    let table: Int
    /// The verification is of a copy, which has made the table's progress: all that it adds is how
    /// much was verified.
    var isOfCopy = false

    /// Of a flow of the verification.
    /// - Parameters:
    ///   - verification: which has the flow, and may ask it where it stands.
    ///   - make: what is to be kept of an entry.
    func part(
        of verification: TableVerification,
        _ make: @escaping @Sendable (JournalEntry) throws(JobError) -> TableSave
    ) -> any FlowJournal {
        Part(journal: self, verification: verification, make: make)
    }

    /// Keeps where the table stands, and nothing else.
    func save(_ status: TableStatus) throws(JobError) {
        try keeper.saveNow(ofTable: table) { take(status, &$0, $1) }
    }

    private func take(
        _ status: TableStatus, _ now: inout JobProgress, _ earlier: JobProgress
    ) {
        guard isOfCopy else {
            now.take(status.progress, after: earlier)
            if let comparison = status.comparison { now.take(sidesOf: comparison) }
            return
        }
        if let target = status.comparison?.target { now.take(verified: target) }
    }

    private struct Part: FlowJournal {
        let journal: VerifyJournal
        let verification: TableVerification
        let make: @Sendable (JournalEntry) throws(JobError) -> TableSave

        func save(
            _ entry: JournalEntry,
            completion: @escaping @Sendable (Result<Void, JobError>) -> Void
        ) {
            journal.keeper.save(
                { () throws(JobError) in try make(entry) }, ofTable: journal.table,
                update: { journal.take(verification.status, &$0, $1) }, completion: completion)
        }
    }
}
