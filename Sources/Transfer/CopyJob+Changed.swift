import Connectors
import DynamoDB
import DynamoModel
import Flow
import Pacing

/// The copy of what differs.
extension CopyJob {
    /// Compares both tables of a pair and writes what differs.
    func changedCopy(
        _ number: Int, of pair: TableCopy.Subject, _ options: CopyOptions
    ) async throws -> ChangedCopy {
        let record = tables[number].open.record
        var repair = RepairOptions()
        repair.deadLettersMax = options.deadLettersMax
        var subject = await compared(pair, segments: record.segments)
        subject.first = tables[number].open.first
        subject.repaired = .init(table: pair.tables.target, options: repair)
        let earlier = try store.verifyState(ofTable: number) ?? beginVerify(number)
        // What was refused is tried again, and is a dead letter again if it must be.
        try store.forgetDeadLetters(ofTable: number)
        let tally = ChangedTally(
            segments: record.segments, itemsEarlier: earlier.repairs.repaired,
            itemsReported: pair.source.itemCount, time: time)
        let journal = VerifyJournal(store, table: number) {
            $1 = tally.jobProgress(of: $0, after: record.progress)
        }
        let verification = try TableVerification(
            VerifyOptions(comparing: options),
            VerifyLook(subject, memory: options.memory),
            options.limits, shared: (shared, number), from: earlier,
            journal: journal, emit: { (finding) throws(FlowFailure) in tally.take(finding) },
            time: time, seed: tables[number].seed)
        return ChangedCopy(verification, journal: journal, tally: tally)
    }

    /// Both tables as ones to be compared.
    func compared(
        _ pair: TableCopy.Subject, segments: Int
    ) async -> TableVerification.Subject {
        async let expiry = try? pair.tables.source.timeToLive()
        async let expiryThere = try? pair.tables.target.timeToLive()
        return TableVerification.Subject(
            source: .init(
                table: pair.tables.source, description: pair.source,
                expiry: await expiry ?? nil),
            target: .init(
                table: pair.tables.target, description: pair.target,
                expiry: await expiryThere ?? nil),
            segments: segments)
    }
}

extension OpenTable {
    /// Only what differs is written: the target held items when the job began.
    func isCopiedByDifferences(_ options: CopyOptions) -> Bool {
        options.onlyChanged && record.targetWas == .merged
    }
}

extension VerifyOptions {
    /// As a copy reads.
    init(comparing options: CopyOptions) {
        self.init()
        isConsistentRead = options.isConsistentRead
        giveUpAfter = options.giveUpAfter
        scansMax = options.scansMax ?? scansMax
    }
}
