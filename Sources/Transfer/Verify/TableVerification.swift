import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import JSON
import Jobs
import Pacing
import Status
import System

/// The verification of one table against another: two passes at most, and a look at what differs.
///
/// The first pass adds up the digests of all items on both sides, by the hash of their keys and by
/// segment. Equal sums are equal tables. Otherwise the segments that differ are read again, and of
/// their items those are kept whose bucket differs; what is left of these is read by its keys.
/// Nothing is written unless a repair is asked for. Any thread may call its methods.
final class TableVerification: TableTask {
    /// Both sides, as they were when it began.
    struct Subject: Sendable {
        var source: Side
        var target: Side
        /// Of what is a table.
        var segments: Int
        /// What was read of the source before, for the first pass.
        var first: FirstRead?
        /// nil: nothing is written.
        var repaired: Repaired?

        /// Of the items as they are compared.
        var schema: KeySchema { target.description.schema }
        var sides: [Side] { [source, target] }
        /// Both are read in the same segments.
        var hasCommonSegments: Bool { sides.allSatisfy { $0.place.table != nil } }
    }

    /// The target as one that may be written.
    struct Repaired: Sendable {
        var table: TargetTable
        var options: RepairOptions
    }

    struct Side: Sendable {
        var place: ComparedSide
        var description: TableDescription
        /// The attribute of the time to live.
        var expiry: String?
    }

    let options: VerifyOptions
    let subject: Subject
    let memory: VerifyMemory
    let earlier: VerifyState
    let journal: VerifyJournal
    /// What it shares with other tables of its job, and by which number it is known there.
    let shared: (limits: SharedLimits, number: Int)
    let emit: @Sendable (VerifyFinding) throws(FlowFailure) -> Void
    /// It writes to a disk, or waits otherwise.
    let emitsSlowly: Bool
    /// It is the copy of what differs: its progress is that of a copy.
    let countsAsCopy: Bool
    let time: any TimeSource
    let seed: UInt64
    var digestKey: DigestKey { earlier.key }
    let state: Locked<State>

    struct State {
        /// Without what is under way.
        var status: TableStatus
        var comparison: Comparison
        /// nil before it runs.
        var started: Instant?
        var flows: [FlowDriver] = []
        /// What has been repaired, by this run and those before it.
        var repairs: VerifyCounters
        /// What looks at items by their keys just now.
        var looking: FlowDriver?
        /// What reads all files just now.
        var check: FilesCheck?
        var orders: JobOrders
        var limits: VerifyLimits

        /// What runs.
        var drivers: [FlowDriver] { flows + (looking.map { [$0] } ?? []) }

        /// Has the limits hold for what runs.
        func tellLimits() {
            for (flow, limit) in zip(flows, [limits.source, limits.target]) {
                flow.setLimits(read: limit)
            }
            looking?.setLimits(limits)
        }
    }

    /// Sums are made durable this often: a crash loses no more.
    static let saveEvery = Duration.seconds(2)

    /// - Parameters:
    ///   - orders: those that it begins with.
    ///   - shared: holds the units that these say are shared.
    ///   - earlier: what an earlier run of its job has come to.
    ///   - emitsSlowly: `emit` writes to a disk, or waits otherwise.
    ///   - countsAsCopy: it is the copy of what differs.
    ///   - emit: gets each item that differs, from one thread at a time.
    init(
        _ options: VerifyOptions, _ look: VerifyLook, _ orders: JobOrders,
        shared: (limits: SharedLimits, number: Int), from earlier: VerifyState,
        journal: VerifyJournal, emitsSlowly: Bool = false, countsAsCopy: Bool = false,
        emit: @escaping @Sendable (VerifyFinding) throws(FlowFailure) -> Void,
        time: any TimeSource, seed: UInt64
    ) throws(CopyRefusal) {
        self.options = options
        subject = look.subject
        memory = look.memory
        self.shared = shared
        self.earlier = earlier
        self.journal = journal
        self.emit = emit
        self.emitsSlowly = emitsSlowly
        self.countsAsCopy = countsAsCopy
        self.time = time
        self.seed = seed
        var comparison = look.comparison
        comparison.counters = earlier.repairs
        // Until more is known.
        comparison.source.itemsEstimated = subject.source.description.itemCount
        comparison.target.itemsEstimated = subject.target.description.itemCount
        state = Locked(
            State(
                status: look.status, comparison: comparison, repairs: earlier.repairs,
                orders: orders,
                limits: try VerifyLimits(
                    options.limits.updated(by: orders.throttle), subject)))
    }

    // MARK: TableTask

    func run() async -> TableStatus {
        let watch = CapacityWatch { [weak self] in await self?.lookUpLimits() }
        defer { watch.stop() }
        state.withLock { $0.started = time.now }
        let outcome = await outcome()
        do throws(JobError) {
            try journal.save(status)
            end(outcome)
        } catch {
            // What is not kept is not established.
            state.withLock { $0.comparison.result = nil }
            if case .failed = outcome { end(outcome) } else { end(.failed(FlowFailure(error))) }
        }
        return status
    }

    private func outcome() async -> FlowOutcome {
        do {
            if subject.repaired != nil {
                // What the target refused is tried again, and is a dead letter again if it must be.
                try journal.keeper.forgetDeadLetters(ofTable: journal.table)
                try recountUnchangeable()
            }
            let result = try await verify()
            state.withLock { $0.comparison.result = result }
            return .completed
        } catch is Stopped {
            return .stopped
        } catch let failure as FlowFailure {
            return .failed(failure)
        } catch let error as JobError {
            return .failed(FlowFailure(error))
        } catch {
            preconditionFailure("no other error is thrown: \(error)")
        }
    }

    /// A refused item is kept before the cursor passes it: one may have been counted twice.
    private func recountUnchangeable() throws(JobError) {
        guard countsAsCopy else { return }
        let count = try journal.keeper.deadLetters(ofTable: journal.table)
            .count { $0.isUnchangeable }
        state.withLock { state in
            state.repairs.unchangeable = count
            state.comparison.counters.unchangeable = count
        }
    }

    func obey(_ orders: JobOrders) {
        state.withLock { state in
            let before = state.orders
            state.orders = orders
            for driver in state.drivers {
                if orders.isPaused != before.isPaused { driver.setPaused(orders.isPaused) }
                if orders.isStopping { driver.stop() }
            }
            state.check?.obey(orders)
            // What can't be was refused before.
            guard orders.throttle != before.throttle,
                let limits = try? VerifyLimits(
                    options.limits.updated(by: orders.throttle), subject)
            else { return }
            state.limits = limits
            state.tellLimits()
        }
    }

    func limits(under throttle: RequestedLimits) throws(CopyRefusal) -> ResolvedLimits? {
        try VerifyLimits(options.limits.updated(by: throttle), subject).units
    }

    /// What runs is to be as it was ordered, whatever it was made for.
    func start(_ drivers: [FlowDriver], in state: inout State, limits begun: VerifyLimits) {
        if state.limits != begun { state.tellLimits() }
        for driver in drivers {
            if state.orders.isPaused { driver.setPaused(true) }
            if state.orders.isStopping { driver.stop() }
        }
    }

    var status: TableStatus {
        let (state, flows, looking) = state.withLock { ($0, $0.flows, $0.looking) }
        return status(state, flows.map(\.progress), looking?.progress)
    }

    /// - Parameters:
    ///   - flows: how far the pass is that is under way, on both sides.
    ///   - look: how far the look at single items is that is under way.
    private func status(
        _ state: State, _ flows: [FlowProgress], _ look: FlowProgress?
    ) -> TableStatus {
        var (status, comparison) = (state.status, state.comparison)
        if flows.count == 2 {
            comparison.source.append(flows[0])
            comparison.target.append(flows[1])
        }
        if let look { comparison.looks.append(look) }
        let elapsed = status.progress.elapsed
        let outcome = status.outcome
        status.progress =
            countsAsCopy
            ? comparison.progress(
                asCopyOf: subject.source.description.itemCount, after: earlier.repairs)
            : comparison.progress
        status.progress.elapsed =
            status.outcome == nil ? state.started.map { time.now - $0 } ?? .zero : elapsed
        status.progress.hasEnded = false
        if let outcome { status.end(outcome) }
        status.progress.isEnding = state.orders.isStopping
        status.progress.isPaused = state.orders.isPaused
        status.comparison = comparison
        return status
    }

    func enter(_ stage: TableStatus.Stage) { state.withLock { $0.status.stage = stage } }

    private func end(_ outcome: FlowOutcome) {
        state.withLock { state in
            state.status.stage = .ended
            state.status.outcome = outcome
            state.status.progress.elapsed = state.started.map { time.now - $0 } ?? .zero
        }
    }
}
