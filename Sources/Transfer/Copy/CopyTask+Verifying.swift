import Connectors
import DynamoDB
import DynamoModel
import Flow
import Pacing

/// The verification of what has been copied: the source's digest is made of the pages that the copy
/// reads anyway, so that only the target is read for it.
extension CopyJob {
    private func isVerified(_ number: Int) -> Bool {
        let options = state.withLock { $0.options[number] }
        return options.verifies && options.part != .schema
    }

    /// What a table's source adds up to while it is copied, and the key that its digests are made
    /// with; nil when there is none to be made, or a part of it was copied without.
    func digest(of number: Int) throws(JobError) -> (fold: DigestFold, key: DigestKey)? {
        guard isVerified(number) else { return nil }
        let table = tables[number]
        let segments = table.open.record.segments
        var kept = try store.verifyState(ofTable: number)
        // A run without a digest has moved cursors that the sums know nothing of.
        let cursors = Dictionary(
            uniqueKeysWithValues: table.open.segments.map { ($0.segment, $0.cursor?.bytes) })
        if let state = kept,
            Dictionary(uniqueKeysWithValues: state.source.segments.map { ($0.segment, $0.cursor) })
                != cursors
        {
            kept = nil
        }
        if let state = kept, !state.source.buckets.isEmpty {
            return (DigestFold(TableSums(state.source, segments: segments)), state.key)
        }
        let state = try beginVerify(number)
        guard cursors.isEmpty else { return nil }
        let buckets = TableSums.buckets(forItems: max(table.subject.source.itemCount, 1 << 18))
        let sums = TableSums(buckets: min(buckets, DigestFold.bucketsMax), segments: segments)
        return (DigestFold(sums), state.key)
    }

    func beginVerify(_ number: Int) throws(JobError) -> VerifyState {
        var generator = SystemRandomNumberGenerator()
        let state = VerifyState(key: DigestKey(using: &generator))
        try store.beginVerify(table: number, key: state.key)
        return state
    }

    /// Verifies a table whose items have arrived, when that was asked for.
    /// - Returns: what becomes of the copy: completed, unless it could not tell.
    func verify(_ number: Int) async -> FlowOutcome {
        guard isVerified(number) else { return .completed }
        let copiedAt = time.secondsSinceEpoch
        note(of: number)("verifying \(tables[number].subject.target.definition.name)")
        do {
            let options = state.withLock { $0.options[number] }
            let verification = try await verification(of: number, options)
            let (isPaused, isStopping, now) = state.withLock { state in
                state.verifying[number] = verification
                return (state.isPaused, state.isStopping, state.options[number])
            }
            // What was asked for a moment ago found no verification to be told.
            if now != options { try verification.limiting(by: now.limits)() }
            if isPaused { verification.setPaused(true) }
            if isStopping { verification.stop() }
            let verdict = await verification.run()
            state.withLock {
                $0.verifying[number] = nil
                $0.verified[number] = verdict.progress
            }
            switch verdict.outcome {
            case .stopped, nil: return .stopped
            case .failed(let failure): return .failed(failure)
            case .equal, .repaired, .different: break
            }
            let isMerged = tables[number].open.record.targetWas == .merged
            let copied = CopyVerdict(
                verdict, isMerged: isMerged,
                sourceRead: min(created, copiedAt)...max(created, copiedAt))
            state.withLock { $0.verdicts[number] = copied }
            try store.setVerdict(table: number, copied)
            return .completed
        } catch let error as JobError {
            return .failed(FlowFailure(error))
        } catch {
            return .failed(FlowFailure(beforeItems: error))
        }
    }

    private func verification(
        of number: Int, _ options: CopyOptions
    ) async throws -> TableVerification {
        let table = tables[number]
        var subject = table.subject
        // A target that was just filled reports little yet, and is to hold what the source does.
        if subject.target.itemCount < subject.source.itemCount {
            (subject.target.itemCount, subject.target.sizeBytes) = (
                subject.source.itemCount, subject.source.sizeBytes
            )
        }
        let look = VerifyLook(
            await compared(subject, segments: table.open.record.segments),
            memory: options.memory)
        let earlier = try store.verifyState(ofTable: number) ?? beginVerify(number)
        return try TableVerification(
            VerifyOptions(comparing: options), look, options.limits, shared: (shared, number),
            from: earlier,
            journal: VerifyJournal(store, table: number) { verdict, progress in
                let target = verdict.progress.target
                progress.itemsVerified = target.counters.itemsRead
                progress.itemsToVerify = target.itemsEstimated
            },
            emit: { (_) throws(FlowFailure) in }, time: time, seed: table.seed)
    }

    /// Where the tables stand that are verified now.
    package var verifications: [VerifyProgress] {
        state.withLock { Array($0.verifying.values) }.map(\.verdict.progress)
    }

    /// What a table's verification has come to, in this run or an earlier one.
    func verdict(of number: Int) -> CopyVerdict? {
        state.withLock { $0.verdicts[number] } ?? tables[number].open.record.verdict
    }
}
