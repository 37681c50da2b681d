import Connectors
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Pacing

/// The verification of what has been exported: the manifests and files are read back as any reader
/// would, and compared with what the scan has added up to.
extension ExportTask {
    /// - Returns: what becomes of the export: completed, unless it could not tell.
    func verify(_ finish: Finish) async throws(FlowFailure) -> FlowOutcome {
        let (created, readAt) = (context.created, context.time.secondsSinceEpoch)
        note("verifying \(finish.files.title)\(finish.export.names.folder)")
        let export = try await readBack(finish)
        do {
            let verification = try verification(of: export)
            state.withLock { state in
                state.verification = verification
                // Orders that came a moment ago found nothing to obey them.
                verification.obey(state.orders)
            }
            let status = await verification.run()
            guard status.outcome == .completed, var comparison = status.comparison else {
                return status.outcome ?? .stopped
            }
            comparison.judgeCopy(
                isMerged: false, sourceRead: min(created, readAt)...max(created, readAt))
            state.withLock { [comparison] state in
                (state.status.comparison, state.verification) = (comparison, nil)
            }
            try context.keeper.saveNow(TableSave(comparison: comparison), ofTable: number)
            return .completed
        } catch let error as JobError {
            return .failed(FlowFailure(error))
        } catch {
            return .failed(FlowFailure(beforeItems: error))
        }
    }

    private func readBack(_ finish: Finish) async throws(FlowFailure) -> ExportedSource {
        let folder = finish.export.names.folder
        let listing = ExportListing(
            try await finish.files.listed(folder, patience: options.giveUpAfter))
        guard let found = listing.exports.first(where: { $0.folder == folder }) else {
            throw FlowFailure(
                .giveUp, code: "ExportGone",
                message: "\(finish.files.title)\(folder) was just written and is not there",
                hint: "someone may have removed it: run the same command with --restart")
        }
        let read = try await ExportReader(
            finish.files, patience: options.giveUpAfter
        ).read(found)
        return ExportedSource(finish.files, read, subject.description, subject.settings)
    }

    private func verification(of export: ExportedSource) throws -> TableVerification {
        let expiry = subject.settings.timeToLive
        let compared = TableVerification.Subject(
            source: .init(
                place: .table(subject.table), description: subject.description, expiry: expiry),
            target: .init(
                place: .export(export), description: subject.description, expiry: expiry),
            segments: open.record.segments)
        var asked = VerifyOptions()
        asked.isConsistentRead = options.isConsistentRead
        asked.giveUpAfter = options.giveUpAfter
        asked.scansMax = options.scansMax ?? asked.scansMax
        asked.limits = options.limits
        asked.transform = options.transform.inJob(begunAt: context.created)
        let earlier =
            try context.keeper.verifyState(ofTable: number)
            ?? context.keeper.beginVerify(table: number)
        return try TableVerification(
            asked, VerifyLook(compared, memory: options.memory), state.withLock { $0.orders },
            shared: (context.shared, number), from: earlier,
            journal: VerifyJournal(keeper: context.keeper, table: number, isOfCopy: true),
            emit: { (_) throws(FlowFailure) in }, time: context.time, seed: seed)
    }
}
