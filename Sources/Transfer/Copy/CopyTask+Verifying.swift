import Connectors
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Pacing

/// The verification of what has been copied: the source's digest is made of the pages that the copy
/// reads anyway, so that only the target is read for it.
extension CopyTask {
    private var isVerified: Bool { options.verifies && options.part != .schema }

    /// nil when there is none to be made, or a part of it was copied without.
    func digest() throws(JobError) -> SourceDigest? {
        guard isVerified, options.load == nil else { return nil }
        return try SourceDigest.kept(
            by: context.keeper, ofTable: number, ComparedSide(subject.tables.source), open,
            items: subject.source.itemCount)
    }

    /// Verifies the table once its items have arrived, when that was asked for.
    /// - Returns: what becomes of the copy: completed, unless it could not tell.
    func verify() async -> FlowOutcome {
        guard isVerified else { return .completed }
        let (created, copiedAt) = (context.created, context.time.secondsSinceEpoch)
        note("verifying \(subject.target.definition.name)")
        do {
            let status = await perform(try await verification(), isVerifying: true)
            guard status.outcome == .completed, var comparison = status.comparison else {
                return status.outcome ?? .stopped
            }
            comparison.judgeCopy(
                isMerged: open.record.targetWas == .merged,
                sourceRead: min(created, copiedAt)...max(created, copiedAt))
            state.withLock { [comparison] in $0.status.comparison = comparison }
            try context.keeper.saveNow(TableSave(comparison: comparison), ofTable: number)
            return .completed
        } catch let error as JobError {
            return .failed(FlowFailure(error))
        } catch {
            return .failed(FlowFailure(beforeItems: error))
        }
    }

    private func verification() async throws -> TableVerification {
        var target = target
        // A target that was just filled reports little yet, and is to hold what the source does.
        if target.itemCount < subject.source.itemCount {
            (target.itemCount, target.sizeBytes) = (
                subject.source.itemCount, subject.source.sizeBytes
            )
        }
        let look = VerifyLook(await compared(with: target), memory: options.memory)
        let earlier =
            try context.keeper.verifyState(ofTable: number)
            ?? context.keeper.beginVerify(table: number)
        return try TableVerification(
            VerifyOptions(comparing: options), look, state.withLock { $0.orders },
            shared: (context.shared, number), from: earlier,
            journal: VerifyJournal(keeper: context.keeper, table: number, isOfCopy: true),
            emit: { (_) throws(FlowFailure) in }, time: context.time, seed: seed)
    }
}
