import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Native
import Pacing
import Schema
import Status
import System

/// The copy of one table, from raised units to settings: its items, their verification, and what
/// else there is to do to the target. Any thread may call its methods.
final class CopyTask: TableTask {
    /// Both tables, as they are when the job begins.
    struct Subject: Sendable {
        var tables: CopyPreparation.Pair
        var source: TableDescription
        var target: TableDescription
        var memory: MemoryBudget
        var plan: SettingsPlan
        /// See ``CopyPreflight/Findings/expiryAttribute``.
        var expiryAttribute: String?
    }

    /// What it has in common with the other tables of its job.
    struct Context: Sendable {
        var keeper: JobKeeper
        var shared: SharedLimits
        /// When the job began, in seconds since 1970.
        var created: Double
        var isResumed: Bool
        /// Of several tables only what holds one back is worth a line.
        var isOnlyTable: Bool
        var time: any TimeSource
        /// Of calls to what DynamoDB does by itself.
        var pacer = CallPacer(time: MonotonicTime())
    }

    let options: CopyOptions
    /// Of places that changes name.
    let matches: PlaceMatches?
    let subject: Subject
    let open: OpenTable
    let number: Int
    let context: Context
    /// Says of which table something is, where there are several.
    let note: @Sendable (String) -> Void
    let seed: UInt64
    let state: Locked<State>

    /// What changes while it runs.
    struct State: Sendable {
        var orders = JobOrders()
        var status: TableStatus
        /// What moves its items, or verifies them, just now.
        var work: (any TableTask)?
        var isVerifying = false
        /// What the target had before its units were raised.
        var boost: UnitBoost?
        /// The target, once DynamoDB has made it by itself.
        var made: TableDescription?

        /// With what is under way.
        func status(with work: TableStatus) -> TableStatus {
            var now = status
            now.stage = work.stage
            if !work.requests.isEmpty { now.requests = work.requests }
            if isVerifying {
                now.comparison = work.comparison
            } else {
                now.progress = work.progress
            }
            return now
        }
    }

    init(
        _ options: CopyOptions, _ subject: Subject, _ open: OpenTable, number: Int,
        _ context: Context, note: @escaping @Sendable (String) -> Void, seed: UInt64
    ) {
        self.options = options.inJob(begunAt: context.created)
        matches = options.transform.matches(earlier: open.record.placesMet)
        self.subject = subject
        self.open = open
        self.number = number
        self.context = context
        let name = subject.source.definition.name
        if context.isOnlyTable { self.note = note } else { self.note = { note("\(name): \($0)") } }
        self.seed = seed
        var status = TableStatus(source: name, target: subject.target.definition.name)
        // The table that files were made of is no side of it.
        status.sourceARN = subject.tables.source.table == nil ? nil : subject.source.arn
        status.targetARN = subject.target.arn
        status.progress = Self.idleProgress(options, subject, open)
        status.comparison = open.record.comparison
        status.requests = open.record.requests
        status.collisions = open.record.collisions
        // One that an earlier run has finished was reported by it.
        status.settings =
            open.record.isFinished ? open.record.settings : SettingsReport(subject.plan)
        if open.record.isFinished {
            status.end(.completed)
            status.unmet = matches?.missing ?? []
        }
        state = Locked(State(status: status, boost: open.record.boost))
    }

    /// Of a table that waits, or that an earlier run has finished.
    private static func idleProgress(
        _ options: CopyOptions, _ subject: Subject, _ open: OpenTable
    ) -> FlowProgress {
        var progress = FlowProgress(segments: open.record.segments)
        progress.hasEnded = open.record.isFinished
        if open.isCopiedByDifferences(options) {
            progress.itemsEarlier = open.record.isFinished ? open.record.progress.itemsDone : 0
            progress.counters.segmentsFinished = open.record.isFinished ? progress.segments : 0
            progress.itemsEstimated = max(progress.itemsEarlier, open.record.itemsReported)
            return progress
        }
        progress.itemsEarlier = open.segments.lazy.map(\.items).clampedSum
        progress.bytesEarlier = open.segments.lazy.map(\.bytes).clampedSum
        progress.counters.segmentsFinished = open.segments.count { $0.isFinished }
        progress.itemsEstimated =
            open.record.isFinished
            ? progress.itemsEarlier : max(progress.itemsEarlier, subject.source.itemCount)
        return progress
    }

    // MARK: TableTask

    var status: TableStatus {
        let state = state.withLock { $0 }
        return state.work.map { state.status(with: $0.status) } ?? state.status
    }

    func obey(_ orders: JobOrders) {
        state.withLock { state in
            state.orders = orders
            state.work?.obey(orders)
        }
    }

    func limits(under throttle: RequestedLimits) throws(CopyRefusal) -> ResolvedLimits? {
        guard options.part != .schema else { return nil }
        if let work = state.withLock({ $0.work }), !(work is FilesCheck) {
            return try work.limits(under: throttle)
        }
        return try ResolvedLimits(
            options.limits.updated(by: throttle), source: subject.source.definition,
            target: subject.target.definition)
    }

    func run() async -> TableStatus {
        state.withLock { $0.status.stage = .copying }
        let outcome = await settle(await moveItems())
        state.withLock { state in
            state.status.end(outcome)
        }
        return status
    }

    /// The target as it is; before DynamoDB has made it by itself, as it is to be.
    var target: TableDescription { state.withLock { $0.made } ?? subject.target }

    private func moveItems() async -> FlowOutcome {
        guard options.part != .schema else { return .completed }
        do {
            if let load = options.load {
                try keepChain()
                return load == .importTable ? await importTable() : await bulkPut()
            }
            let superseded: Set<LinePlace>
            switch await checkFiles() {
            case .success(let places): superseded = places
            case .failure(let ended): return ended.outcome
            }
            let target = try await boosted()
            let orders = state.withLock { $0.orders }
            try keepChain()
            let copy: any TableTask =
                open.isCopiedByDifferences(options)
                ? try await changedCopy(to: target, orders)
                : try TableCopy(
                    self, to: target, digest: try digest(), superseded: superseded, orders)
            if let limits = try copy.limits(under: orders.throttle),
                context.isOnlyTable || !limits.areNone
            {
                note(
                    limits.description(source: subject.source.definition, target: target.definition)
                )
            }
            let outcome = await perform(copy).outcome ?? .stopped
            if outcome == .completed { tellUnmet() }
            if outcome == .completed, originStage != nil {
                do {
                    try await findCollisions()
                } catch {
                    return .failed(FlowFailure(error as? JobError ?? JobError("\(error)")))
                }
            }
            return outcome
        } catch {
            return .failed(FlowFailure(beforeItems: error))
        }
    }

    /// Keeps which exports are about to be brought into the target.
    /// - Throws: where others are read than when the job began: those that it has read before
    ///   would not come after them.
    private func keepChain() throws {
        guard case .export(let export) = subject.tables.source,
            let chain = AppliedChain(export.export)
        else { return }
        if let earlier = open.record.chain, !open.segments.isEmpty,
            !chain.windows.starts(with: earlier.windows)
        {
            throw CopyRefusal(
                "\(export.title) has other incremental exports than when the job began",
                hint: "put those back that are gone, and move those away that have come before"
                    + " others; or begin anew: --restart")
        }
        try context.keeper.setChain(table: number, chain)
    }

    /// Notes where items come from, where two may come to one key: their keys are changed on the
    /// way, or they are lines that no manifest lists and nobody has looked at before. What one
    /// lists was written of a table, which has each key once.
    var originStage: OriginStage? {
        let (from, to) = (subject.source.schema, subject.target.schema)
        var isUnchecked = false
        if case .export(let export) = subject.tables.source {
            isUnchecked =
                export.export.items == nil && (export.isStream || !checksFirst(export))
        }
        guard isUnchecked || options.transform.movesKeys(from: from, to: to) else { return nil }
        return OriginStage(
            from: from, to: to, hiddenBy: options.transform.hidingKey,
            comeAgain: subject.tables.source.hasWindows)
    }

    /// What was to be changed and was in no item: where there were any.
    private func tellUnmet() {
        guard let matches, !open.isCopiedByDifferences(options) else { return }
        state.withLock { state in
            let progress = state.status.progress
            guard progress.counters.itemsWritten + progress.itemsEarlier > 0 else { return }
            state.status.unmet = matches.missing
        }
    }

    private func findCollisions() async throws {
        let (keeper, number, options) = (context.keeper, number, options)
        let found = try await OwnThread.run {
            Result { () throws(JobError) in
                try keeper.collisions(ofTable: number, bytesMax: options.memory / 2)
            }
        }.get()
        let collisions = found.described(words)
        state.withLock { $0.status.collisions = collisions }
        try keeper.saveNow(TableSave(collisions: collisions), ofTable: number)
    }

    /// Where an item came from, in words: of a line its file's name.
    private func words(_ origin: String) -> String {
        guard case .export(let export) = subject.tables.source,
            case let parts = origin.split(separator: ":"), parts.count == 2,
            let file = CheckedNumber.int(parts[0], in: 1...max(1, export.export.data.count))
        else { return origin }
        return "line \(parts[1]) of \(export.files.title(of: export.export.data[file - 1].name))"
    }

    /// Has a part of the work done, and keeps what it has come to.
    func perform(_ work: any TableTask, isVerifying: Bool = false) async -> TableStatus {
        state.withLock { state in
            (state.work, state.isVerifying) = (work, isVerifying)
            // Orders that came a moment ago found no work to obey them.
            work.obey(state.orders)
        }
        let status = await work.run()
        state.withLock { state in
            // What a check has read is not what has been copied.
            if !(work is FilesCheck) { state.status = state.status(with: status) }
            (state.work, state.isVerifying) = (nil, false)
        }
        return status
    }

    func dollars(by prices: PriceTable) -> Double {
        let (status, isRaised) = (status, state.withLock { $0.boost != nil })
        let cost = TableCost(
            prices, subject.source, subject.target, at: subject.target.region,
            readsFiles: open.record.readsFiles, boost: isRaised ? options.boostWrites : nil)
        let earlier = open.record.progress
        var dollars = prices.dollars(warmUnits: open.record.warmUnits) ?? 0
        dollars += cost.dollars(earlier.counters, seconds: earlier.seconds)
        let now = status.progress
        if now.elapsed > .zero { dollars += cost.dollars(now.counters, seconds: now.seconds) }
        guard !open.record.isFinished, let read = status.comparison else { return dollars }
        return dollars
            + cost.dollars(
                readUnits: read.progress.counters.readUnits,
                targetReadUnits: read.progress.counters.readUnitsElsewhere, writeUnits: 0,
                bytes: 0, seconds: 0)
    }

    // MARK: A copy of what differs

    /// Compares both tables and writes what differs, item by item, while it is still as it was
    /// read. Nothing is deleted.
    private func changedCopy(
        to target: TableDescription, _ orders: JobOrders
    ) async throws -> TableVerification {
        var repair = RepairOptions()
        repair.deadLettersMax = options.deadLettersMax
        var compared = await compared(with: target)
        compared.first = open.first
        compared.repaired = .init(table: subject.tables.target, options: repair)
        let earlier =
            try context.keeper.verifyState(ofTable: number)
            ?? context.keeper.beginVerify(table: number)
        return try TableVerification(
            VerifyOptions(comparing: options), VerifyLook(compared, memory: options.memory),
            orders, shared: (context.shared, number), from: earlier,
            journal: VerifyJournal(keeper: context.keeper, table: number),
            countsAsCopy: true, emit: { (_) throws(FlowFailure) in }, time: context.time,
            seed: seed)
    }

    /// Both tables as ones to be compared.
    func compared(with target: TableDescription) async -> TableVerification.Subject {
        let tables = subject.tables
        async let expiry = tables.source.timeToLive()
        async let expiryThere = try? tables.target.timeToLive()
        return TableVerification.Subject(
            source: .init(
                place: ComparedSide(tables.source), description: subject.source,
                expiry: await expiry),
            target: .init(
                place: .table(tables.target), description: target,
                expiry: await expiryThere ?? nil),
            segments: segmentsCompared)
    }

    /// What the target is read in: files have no segments that it could share.
    private var segmentsCompared: Int {
        subject.tables.source.table == nil
            ? ScanSource.segments(forBytes: subject.source.sizeBytes) : open.record.segments
    }
}

extension OpenTable {
    /// Only what differs is written: the target held items when the job began.
    func isCopiedByDifferences(_ options: CopyOptions) -> Bool {
        options.onlyChanged && record.targetWas == .merged
    }
}

extension CopyOptions {
    /// With what is known once the job is.
    fileprivate func inJob(begunAt seconds: Double) -> CopyOptions {
        var options = self
        options.transform = transform.inJob(begunAt: seconds)
        return options
    }
}

extension VerifyOptions {
    /// As a copy reads.
    init(comparing options: CopyOptions) {
        self.init()
        isConsistentRead = options.isConsistentRead
        giveUpAfter = options.giveUpAfter
        scansMax = options.scansMax ?? scansMax
        limits = options.limits
        transform = options.transform
    }
}
