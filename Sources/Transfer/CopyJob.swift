import AWS
import Connectors
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import Pacing
import System

/// One table or many, copied as one job: some at a time, the smallest first. Where limits are what
/// says how many, one that is copied is always of the largest: what it leaves of a limit in common
/// the small ones use meanwhile, and at the end it does not go on alone, held by limits of its own.
///
/// ``prepare(_:job:tables:policy:note:time:seed:)`` refuses what must be refused, finds the job or
/// makes it, and creates the targets; ``run()`` moves the items. Any thread may call its methods.
package final class CopyJob: CommandedJob {
    /// How the tables of a job are gone about.
    package struct Policy: Equatable, Sendable {
        /// Tables that are copied at a time; nil: as many as are needed to use what they may.
        package var width: Int?
        /// One table's failure stops the others.
        package var isFailFast = false

        package init() {}
    }

    package typealias Pair = (source: SourceTable, target: TargetTable)

    package let id: String
    let store: JobStore
    let runs: Int
    /// When the job began, in seconds since 1970.
    let created: Double
    let policy: Policy
    let maxCost: CostLimit?
    let tables: [Table]
    let state: Locked<State>
    let shared: SharedLimits
    let started: Instant
    let time: any TimeSource
    let note: @Sendable (String) -> Void
    private let socketPath: String

    /// What there is to one table of the job, settled before items move.
    struct Table: Sendable {
        var subject: TableCopy.Subject
        var open: OpenTable
        var journal: JobJournal
        var seed: UInt64

        var name: String { subject.source.definition.name }
    }

    /// What changes while the job runs.
    struct State: Sendable {
        /// Of each table.
        var options: [CopyOptions]
        /// Tables that have not begun, by number, the next one last.
        var waiting: [Int]
        var running: [Int: any TableWork] = [:]
        var ended: [Int: TableReport] = [:]
        var isPaused = false
        var isStopping = false
        /// By number: what a target had before its units were raised.
        var boosts: [Int: UnitBoost]
        /// By number: settings that the target's endpoint has no operation for.
        var lacking: [Int: [NotCarried]] = [:]
        /// By number: what verifies a table now, and what it has come to.
        var verifying: [Int: TableVerification] = [:]
        var verdicts: [Int: CopyVerdict] = [:]
        /// By number: what a verification has read that has ended.
        var verified: [Int: VerifyProgress] = [:]
    }

    init(
        _ options: [CopyOptions], _ policy: Policy, maxCost: CostLimit?,
        _ subjects: [TableCopy.Subject],
        job: OpenJob, note: @escaping @Sendable (String) -> Void, time: any TimeSource, seed: UInt64
    ) {
        self.policy = policy
        self.maxCost = maxCost
        self.note = note
        self.time = time
        id = job.record.id
        runs = job.record.runs
        created = job.record.created
        socketPath = job.socketPath
        started = time.now
        let totals = UnitTotals(options)
        shared = SharedLimits(totals, time: time)
        let store = JobStore(job, totals, time: time)
        self.store = store
        tables = subjects.enumerated().map { number, subject in
            Table(
                subject: subject, open: job.tables[number],
                journal: JobJournal(store, table: number, of: job, time: time),
                seed: seed &+ UInt64(number))
        }
        let unfinished = tables.indices.filter { !job.tables[$0].record.isFinished }
        let sizes = subjects.map(\.source.sizeBytes)
        state = Locked(
            State(
                options: options, waiting: unfinished.sorted { sizes[$0] > sizes[$1] },
                boosts: Dictionary(
                    uniqueKeysWithValues: job.tables.enumerated().compactMap { number, table in
                        table.record.boost.map { (number, $0) }
                    })))
    }

    /// Moves the items of all tables; returns when they are safe, or the job stopped or failed.
    package func run() async -> CopyReport {
        let control = listen(on: socketPath, id: id, store)
        let costs = maxCost.map { watchCost($0) }
        if let text = totals.description { note(text) }
        let width = max(1, min(width, tables.count))
        let takesLargest = width > 1 && (!totals.areNone || width > Self.widthUsual)
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<width {
                group.addTask { await self.copyTables(largest: takesLargest && worker == 0) }
            }
        }
        costs?.cancel()
        control?.stop()
        return end()
    }

    private var width: Int {
        if let width = policy.width { return width }
        let options = state.withLock { $0.options }
        // A table that is refused is so when its turn comes.
        let limits = zip(tables, options).compactMap { table, options in
            try? UnitLimits(
                options.limits, source: table.subject.source.definition,
                target: table.subject.target.definition)
        }
        return UnitTotals(options).width(of: limits, usual: Self.widthUsual)
    }

    /// Copies one table after another while there is one that waits.
    /// - Parameter largest: the largest first; else the smallest.
    private func copyTables(largest: Bool) async {
        while let number = takeNext(largest: largest) {
            let (outcome, progress) = await copyTable(number)
            ended(number, await settle(number, outcome), progress)
        }
    }

    private func copyTable(_ number: Int) async -> (outcome: FlowOutcome, FlowProgress?) {
        guard state.withLock({ $0.options[number].part }) != .schema else {
            return (.completed, nil)
        }
        do {
            let copy = try await begin(number, target: try await boosted(number))
            let (outcome, progress) = await copy.run()
            return (outcome, progress)
        } catch {
            return (.failed(FlowFailure(beforeItems: error)), nil)
        }
    }

    private func takeNext(largest: Bool) -> Int? {
        state.withLock { state in
            if state.isStopping || state.waiting.isEmpty { return nil }
            return largest ? state.waiting.removeFirst() : state.waiting.removeLast()
        }
    }

    private func begin(
        _ number: Int, target: TableDescription
    ) async throws -> any TableWork {
        var table = tables[number]
        table.subject.target = target
        let note = note(of: number)
        let options = state.withLock { $0.options }
        let copy: any TableWork
        if table.open.isCopiedByDifferences(options[number]) {
            copy = try await changedCopy(number, of: table.subject, options[number])
        } else {
            copy = try TableCopy(
                options[number], table.subject, from: table.open, journal: table.journal,
                isResumed: runs > 1, digest: try digest(of: number), shared: (shared, number),
                note: note, time: time, seed: table.seed)
        }
        // Of many tables only what holds one back is worth a line.
        if tables.count == 1 || !copy.limits.areNone { note(copy.limitsText) }
        let (isPaused, isStopping, now) = state.withLock { state in
            state.running[number] = copy
            return (state.isPaused, state.isStopping, state.options)
        }
        // What was asked for a moment ago found no copy to be told.
        if now != options {
            try copy.limiting(by: now[number].limits)()
        }
        if isPaused { copy.setPaused(true) }
        if isStopping { copy.stop() }
        return copy
    }

    /// Says of which table something is, where there are several.
    func note(of number: Int) -> @Sendable (String) -> Void {
        guard tables.count > 1 else { return note }
        return { [note, name = tables[number].name] in note("\(name): \($0)") }
    }

    private func ended(_ number: Int, _ outcome: FlowOutcome, _ progress: FlowProgress?) {
        let report = TableReport(
            source: tables[number].name, target: tables[number].subject.target.definition.name,
            outcome: outcome, progress: progress ?? idleProgress(of: number),
            settings: settingsReport(of: number), verdict: verdict(of: number))
        let others = state.withLock { state -> [any TableWork] in
            state.running[number] = nil
            state.ended[number] = report
            guard case .failed(let failure) = outcome, policy.isFailFast || failure.isSystemic
            else { return [] }
            state.isStopping = true
            return Array(state.running.values)
        }
        keep(number, outcome)
        for copy in others { copy.stop() }
    }

    private func keep(_ number: Int, _ outcome: FlowOutcome) {
        var message: String?
        if case .failed(let failure) = outcome {
            message = failure.message
            if tables.count > 1 { note("\(tables[number].name) failed: \(failure.message)") }
        }
        do {
            try store.setEnded(
                table: number, isFinished: outcome == .completed, failure: message)
        } catch {
            note("\(error.message); the last state of \(tables[number].name) is not kept")
        }
    }

    // MARK: Asked from outside

    /// Asks for an orderly end: no new scans, what is in flight comes home in bounded time.
    package func stop() {
        let (running, verifying) = state.withLock { state in
            state.isStopping = true
            return (Array(state.running.values), Array(state.verifying.values))
        }
        for copy in running { copy.stop() }
        for verification in verifying { verification.stop() }
    }

    func holdTables(_ paused: Bool) {
        let (running, verifying) = state.withLock { state in
            state.isPaused = paused
            return (Array(state.running.values), Array(state.verifying.values))
        }
        for copy in running { copy.setPaused(paused) }
        for verification in verifying { verification.setPaused(paused) }
    }

    /// Sets limits from now on, for this process and those that go on with the job.
    /// - Throws: ``JobError`` for a percentage of nothing, or when it can't be kept.
    func throttle(_ asked: AskedLimits) throws(JobError) {
        let (options, running, verifying) = state.withLock { state in
            (state.options.map { $0.throttled(by: asked) }, state.running, state.verifying)
        }
        var changes: [() -> Void] = []
        do throws(CopyRefusal) {
            for (number, copy) in running {
                changes.append(try copy.limiting(by: options[number].limits))
            }
            for (number, verification) in verifying {
                changes.append(try verification.limiting(by: options[number].limits))
            }
        } catch {
            throw JobError(error.message, hint: error.hint)
        }
        try store.addThrottle(asked)
        setTotals(UnitTotals(options))
        state.withLock { $0.options = options }
        for change in changes { change() }
        if let text = asked.description { note("limits from now on: \(text)") }
    }
}

extension FlowFailure {
    /// It would befall every table: going on with others makes no sense.
    fileprivate var isSystemic: Bool {
        switch code {
        case "JobState", "CredentialsExpired", "UnrecognizedClientException",
            "InvalidSignatureException", "MissingAuthenticationTokenException":
            true
        default: false
        }
    }
}
