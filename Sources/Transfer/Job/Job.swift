import AWS
import Connectors
import Flow
import Jobs
import Pacing
import Status
import System

/// One table or many, worked on as one job: some at a time, the smallest first. Where limits are
/// what says how many, one of them is always of the largest: what it leaves of a limit in common
/// the small ones use meanwhile, and at the end it does not go on alone, held by limits of its own.
///
/// ``CopyPreparation`` and ``VerifyPreparation`` make it, once nothing stands in its way; ``run()``
/// does it. Any thread may call its methods.
package final class Job: Sendable {
    /// How a job works on its tables.
    package struct Policy: Sendable {
        /// Tables at a time; nil: as many as are needed to use what they may.
        package var width: Int?
        /// One table's failure stops the others.
        package var isFailFast = false
        /// Over all runs of the job; nil: whatever it costs.
        package var maxCost: CostLimit?

        package init() {}
    }

    /// A table of the job.
    package struct Table: Sendable {
        package var task: any TableTask
        /// Its number in the job's store; nil: it was refused, and is not in the store.
        package var place: Int?
        /// Stored bytes of the source, as it reports: smaller tables begin first.
        package var bytes = 0
        /// An earlier run has finished it.
        package var isFinished = false
        /// Where items are listed that its target has refused.
        package var deadLettersPath: String?

        package init(
            task: any TableTask, place: Int? = nil, bytes: Int = 0, isFinished: Bool = false,
            deadLettersPath: String? = nil
        ) {
            self.task = task
            self.place = place
            self.bytes = bytes
            self.isFinished = isFinished
            self.deadLettersPath = deadLettersPath
        }
    }

    /// Which job this is a run of, and what holds for the run.
    package struct Run {
        var kind: JobRecord.Kind
        /// nil where nothing outlives the process.
        var id: String?
        /// Processes that have run the job, this one included.
        var runs = 1
        /// Where other processes reach this one.
        var socketPath: String?
        /// What `jobs throttle` has asked for before.
        var throttle = RequestedLimits()
    }

    private let current: Run
    private let keeper: JobKeeper
    private let policy: Policy
    let tables: [Table]
    private let shared: SharedLimits
    /// What the command says of all tables together.
    private let asked: RequestedLimits
    private let note: @Sendable (String) -> Void
    private let time: any TimeSource
    private let started: Instant
    private let state: Locked<State>

    private struct State {
        var orders = JobOrders()
        /// Tables that have not begun, by number: the largest first.
        var waiting: [Int]
    }

    /// - Parameter asked: of any table: what they share is the same in each.
    package init(
        _ run: Run, _ tables: [Table], _ keeper: JobKeeper, _ policy: Policy,
        shared: SharedLimits, asked: RequestedLimits, note: @escaping @Sendable (String) -> Void,
        time: any TimeSource
    ) {
        current = run
        self.tables = tables
        self.keeper = keeper
        self.policy = policy
        self.shared = shared
        self.asked = asked
        self.note = note
        self.time = time
        started = time.now
        let unfinished = tables.indices.filter { !tables[$0].isFinished && tables[$0].place != nil }
        state = Locked(
            State(
                orders: JobOrders(throttle: run.throttle),
                waiting: unfinished.sorted { tables[$0].bytes > tables[$1].bytes }))
        for table in tables { table.task.obey(JobOrders(throttle: run.throttle)) }
    }

    package var id: String? { current.id }

    /// Works on all tables; returns when they are done, or the job stopped or failed.
    package func run() async -> JobStatus {
        let control = listen()
        let costs = policy.maxCost.map { watchCost($0) }
        if let text = totals.description { note(text) }
        let width = max(1, min(width, tables.count))
        let takesLargest = width > 1 && (!totals.areNone || width > current.kind.widthUsual)
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<width {
                group.addTask { await self.runTables(largest: takesLargest && worker == 0) }
            }
        }
        costs?.cancel()
        control?.stop()
        return end()
    }

    private var width: Int {
        if let width = policy.width { return width }
        // A table that is refused is so when its turn comes.
        let throttle = state.withLock { $0.orders.throttle }
        let limits = tables.compactMap { table in
            (try? table.task.limits(under: throttle)) ?? nil
        }
        return totals.width(of: limits, usual: current.kind.widthUsual)
    }

    /// Works on one table after another while there is one that waits.
    /// - Parameter largest: the largest first; else the smallest.
    private func runTables(largest: Bool) async {
        while let number = takeNext(largest: largest) {
            let status = await tables[number].task.run()
            if let failure = status.failure {
                if tables.count > 1 { note("\(status.source) failed: \(failure.message)") }
                if policy.isFailFast || failure.isSystemic { order { $0.isStopping = true } }
            }
            keep(number, status)
        }
    }

    private func takeNext(largest: Bool) -> Int? {
        state.withLock { state in
            if state.orders.isStopping || state.waiting.isEmpty { return nil }
            return largest ? state.waiting.removeFirst() : state.waiting.removeLast()
        }
    }

    private func keep(_ number: Int, _ status: TableStatus) {
        guard let place = tables[number].place else { return }
        do throws(JobError) {
            let isFinished = status.outcome == .completed
            try keeper.saveNow(
                TableSave(
                    settings: isFinished ? status.settings : nil,
                    end: (isFinished, status.failure?.message)), ofTable: place)
        } catch {
            note("\(error.message); the last state of \(status.source) is not kept")
        }
    }

    // MARK: Where it stands

    /// Where it stands, without what is known at its end only.
    package var status: JobStatus {
        var status = JobStatus(
            current.kind, tables.map(\.task.status), elapsed: time.now - started)
        (status.id, status.runs) = (current.id, current.runs)
        let orders = state.withLock { $0.orders }
        (status.isPaused, status.isStopping) = (orders.isPaused, orders.isStopping)
        status.totals = totals
        return status
    }

    /// Limits over all tables that hold now.
    package var totals: UnitTotals {
        asked.updated(by: state.withLock { $0.orders.throttle }).totals
    }

    /// Keeps the job's end, and says what it came to.
    private func end() -> JobStatus {
        var status = status
        status.deadLettersPaths = exportDeadLetters(status)
        status.inAll = keeper.saved
        do throws(JobError) {
            switch kept(status).outcome {
            case .completed: try keeper.end(.finished)
            case .stopped: try keeper.end(.stopped)
            case .failed(let failure): try keeper.end(.failed, reason: failure.message)
            }
        } catch {
            note("\(error.message); the job's last state is not kept")
        }
        status.cost = policy.maxCost.map { limit in
            let dollars = dollars(by: limit.prices)
            return (dollars: dollars, isReached: dollars >= limit.dollars)
        }
        return status
    }

    /// Without tables that are not in it: they do not keep it from being finished.
    private func kept(_ status: JobStatus) -> JobStatus {
        var kept = status
        kept.tables = zip(tables, status.tables).filter { $0.0.place != nil }.map(\.1)
        return kept
    }

    /// What is kept of the job is the record of dead letters; the files are for their user to read.
    /// While a table may go on by itself it has none yet.
    private func exportDeadLetters(_ status: JobStatus) -> [String] {
        var files: [String: DeadLetterFile] = [:]
        var paths: [String] = []
        for (table, status) in zip(tables, status.tables) {
            guard let place = table.place, let outcome = status.outcome, outcome != .stopped else {
                continue
            }
            let wanted =
                table.deadLettersPath ?? DeadLetterFile.defaultPath(table: status.target)
            let file = files[wanted] ?? DeadLetterFile(path: wanted)
            files[wanted] = file
            do {
                for letter in try keeper.deadLetters(ofTable: place) {
                    try file.append(letter, table: status.target)
                }
                try file.sync()
            } catch let failure as FlowFailure {
                let kept = current.id.map { "; they are kept in job \($0)" } ?? ""
                note("\(failure.message)\(kept)")
            } catch {
                note("dead letters can't be read: \(error)")
            }
            if let path = file.path, !paths.contains(path) { paths.append(path) }
        }
        return paths
    }

    // MARK: Cost

    private func dollars(by prices: PriceTable) -> Double {
        tables.reduce(0.0) { $0 + $1.task.dollars(by: prices) }
    }

    /// Stops the job once it has cost what it may.
    private func watchCost(_ limit: CostLimit) -> Task<Void, Never> {
        Task { [self] in
            while !Task.isCancelled {
                let spent = dollars(by: limit.prices)
                if spent >= limit.dollars {
                    note("stopping: the job has cost \(spent.inDollars), and --max-cost is reached")
                    return stop()
                }
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    // MARK: What is asked of it

    /// Asks for an orderly end: no new reads, what is in flight comes home in bounded time.
    package func stop() { order { $0.isStopping = true } }

    /// Tells all tables under the lock, so that two orders come in the order in which they were
    /// given.
    private func order(_ change: (inout JobOrders) -> Void) {
        state.withLock { state in
            change(&state.orders)
            for table in tables { table.task.obey(state.orders) }
        }
    }

    /// Answers `dynaferry jobs` until what it returns is stopped. Without its socket a job runs all
    /// the same, but can't be asked anything.
    private func listen() -> JobControl? {
        guard let id = current.id, let path = current.socketPath else { return nil }
        do throws(JobError) {
            return try JobControl(path) { [weak self] command throws(JobError) in
                try self?.perform(command, id)
            }
        } catch {
            note("dynaferry jobs can't reach job \(id): \(error.message)")
            return nil
        }
    }

    private func perform(_ command: JobCommand, _ id: String) throws(JobError) {
        switch command {
        case .pause:
            try keeper.setState(.paused)
            order { $0.isPaused = true }
            note("paused: dynaferry jobs resume \(id) resumes it")
        case .resume:
            try keeper.setState(.running)
            order { $0.isPaused = false }
            note("resumed")
        case .stop:
            note("stopping: asked by dynaferry jobs stop")
            stop()
        case .throttle(let limits): try throttle(limits)
        }
    }

    /// Sets limits from now on, for this process and those that resume the job.
    /// - Throws: for a percentage of nothing, or when it can't be kept.
    func throttle(_ limits: RequestedLimits) throws(JobError) {
        let throttle = state.withLock { $0.orders.throttle }.updated(by: limits)
        do throws(CopyRefusal) {
            for table in tables where table.task.status.outcome == nil {
                _ = try table.task.limits(under: throttle)
            }
        } catch {
            throw JobError(error.message, hint: error.hint)
        }
        try keeper.addThrottle(limits)
        let totals = asked.updated(by: throttle).totals
        shared.set(totals)
        keeper.setTotals(totals)
        order { $0.throttle = throttle }
        if let text = limits.description { note("limits from now on: \(text)") }
    }
}

extension Job.Run {
    package init(_ job: OpenJob) {
        self.init(
            kind: job.record.kind, id: job.kept == nil ? nil : job.record.id,
            runs: job.record.runs, socketPath: job.kept?.socketPath,
            throttle: job.record.throttle)
    }
}

extension JobRecord.Kind {
    /// Tables at a time unless the user or their limits say how many.
    package var widthUsual: Int { self == .copy ? 4 : 2 }
}

extension FlowFailure {
    /// It concerns every table: working on others makes no sense.
    fileprivate var isSystemic: Bool {
        switch code {
        case "JobState", "CredentialsExpired", "UnrecognizedClientException",
            "InvalidSignatureException", "MissingAuthenticationTokenException":
            true
        default: false
        }
    }
}
