import DynamoDB
import DynamoModel
import Engine
import Pacing

/// The copy of what differs.
extension CopyJob {
    /// Compares both tables of a pair and writes what differs.
    func changedCopy(
        _ number: Int, of pair: TableCopy.Subject, _ options: CopyOptions
    ) async throws -> ChangedCopy {
        let record = tables[number].open.record
        let limits = try UnitLimits(
            options, source: pair.source.definition, target: pair.target.definition)
        var repair = RepairOptions()
        repair.deadLettersMax = options.deadLettersMax
        repair.itemsAtOnce = options.writesMax ?? repair.itemsAtOnce
        var subject = try await compared(
            pair, options, segments: record.segments, reading: limits.read)
        subject.repaired = .init(table: pair.tables.target, options: repair, limits: limits.write)
        let earlier = try store.verifyState(ofTable: number) ?? beginVerify(number)
        // What was refused is tried again, and is a dead letter again if it must be.
        try store.forgetDeadLetters(ofTable: number)
        let tally = ChangedTally(
            segments: record.segments, itemsEarlier: earlier.repairs.repaired,
            itemsReported: pair.source.itemCount, time: time)
        let journal = VerifyJournal(store, table: number) {
            $1 = tally.jobProgress(of: $0, after: record.progress)
        }
        let verification = TableVerification(
            VerifyOptions(comparing: options),
            VerifyLook(subject, memory: max(options.memory, VerifyMemory.totalMin)), from: earlier,
            journal: journal, emit: { (finding) throws(CopyFailure) in tally.take(finding) },
            time: time, seed: tables[number].seed)
        return ChangedCopy(verification, journal: journal, tally: tally, limits: limits)
    }

    /// Both tables as ones to be compared.
    func compared(
        _ pair: TableCopy.Subject, _ options: CopyOptions, segments: Int, reading: ReadLimit
    ) async throws -> TableVerification.Subject {
        async let expiry = try? pair.tables.source.timeToLive()
        async let expiryThere = try? pair.tables.target.timeToLive()
        return TableVerification.Subject(
            source: .init(
                table: pair.tables.source, description: pair.source, limit: reading,
                expiry: await expiry ?? nil),
            target: .init(
                table: pair.tables.target, description: pair.target,
                limit: try ReadLimit(options.targetReadUnits, of: pair.target.definition),
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
