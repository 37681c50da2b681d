import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import JSON
import Pacing
import System

/// The verification of one table against another: two passes at most, and a look at what differs.
///
/// The first pass adds up the digests of all items on both sides, by the hash of their keys and by
/// segment. Equal sums are equal tables. Otherwise the segments that differ are read again, and of
/// their items those are kept whose bucket differs; what is left of these is read by its keys.
/// Nothing is written unless a repair is asked for. Any thread may call its methods.
package final class TableVerification: Sendable {
    /// Both tables, as they were when it began.
    struct Subject: Sendable {
        var source: Side
        var target: Side
        var segments: Int
        /// What was read of the source before, for the first pass.
        var first: FirstRead?
        /// nil: nothing is written.
        var repaired: Repaired?

        var schema: KeySchema { source.description.schema }
    }

    /// The target as one that may be written.
    struct Repaired: Sendable {
        var table: TargetTable
        var options: RepairOptions
    }

    struct Side: Sendable {
        var table: any ReadableTable
        var description: TableDescription
        /// The attribute of the time to live.
        var expiry: String?
    }

    let options: VerifyOptions
    let subject: Subject
    let memory: VerifyMemory
    let earlier: VerifyState
    let journal: VerifyJournal?
    /// What it shares with other tables of its job, and by which number it is known there.
    let shared: (limits: SharedLimits, number: Int)
    let emit: @Sendable (VerifyFinding) throws(FlowFailure) -> Void
    /// It writes to a disk, or waits otherwise.
    let emitsSlowly: Bool
    let time: any TimeSource
    let seed: UInt64
    var digestKey: DigestKey { earlier.key }
    private let started: Instant
    let state: Locked<State>

    struct State {
        var verdict: TableVerdict
        var flows: [SideFlow] = []
        /// What passes that have ended have read, of the source and of the target.
        var source = ScanProgress()
        var target = ScanProgress()
        /// What has been repaired, by this run and those before it.
        var repairs: VerifyCounters
        /// What looks at items by their keys just now, and what such looks have come to.
        var looking: FlowDriver?
        var looked = LookProgress()
        var asked: AskedLimits
        var limits: VerifyLimits
        var isPaused = false
        var isStopping = false

        /// Has the limits hold for what runs.
        func tellLimits() {
            for (flow, limit) in zip(flows, [limits.source, limits.target]) {
                flow.driver.setLimits(read: limit)
            }
            looking?.setLimits(limits)
        }
    }

    /// Sums are made durable this often: a crash loses no more.
    static let saveEvery = Duration.seconds(2)

    /// - Parameters:
    ///   - asked: what it is held to at first.
    ///   - shared: holds the units that these say are shared.
    ///   - earlier: what an earlier run of its job has come to.
    ///   - journal: nil keeps nothing.
    ///   - emitsSlowly: `emit` writes to a disk, or waits otherwise.
    ///   - emit: is told of each item that differs, by one thread at a time.
    init(
        _ options: VerifyOptions, _ look: VerifyLook, _ asked: AskedLimits,
        shared: (limits: SharedLimits, number: Int), from earlier: VerifyState,
        journal: VerifyJournal?, emitsSlowly: Bool = false,
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
        self.time = time
        self.seed = seed
        started = time.now
        var verdict = look.verdict
        verdict.counters = earlier.repairs
        state = Locked(
            State(
                verdict: verdict, repairs: earlier.repairs, asked: asked,
                limits: try VerifyLimits(asked, subject)))
    }

    /// Verifies; returns what came of it.
    func run() async -> TableVerdict {
        let watch = CapacityWatch { [weak self] in await self?.lookUpLimits() }
        defer { watch.stop() }
        do {
            end(try await verify())
        } catch is Stopped {
            end(.stopped)
        } catch let failure as FlowFailure {
            end(.failed(failure))
        } catch {
            preconditionFailure("no other error is thrown: \(error)")
        }
        return verdict
    }

    /// Asks for an orderly end.
    func stop() {
        let (flows, looking) = state.withLock { state in
            state.isStopping = true
            return (state.flows, state.looking)
        }
        for flow in flows { flow.driver.stop() }
        looking?.stop()
    }

    /// Holds it once what is in flight has come home, or lets it go on.
    func setPaused(_ paused: Bool) {
        // Told under the lock, so that two commands come in the order in which they were given.
        state.withLock { state in
            state.isPaused = paused
            for flow in state.flows { flow.driver.setPaused(paused) }
            state.looking?.setPaused(paused)
        }
    }

    var isPaused: Bool { state.withLock { $0.isPaused } }
    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Where it stands.
    var verdict: TableVerdict {
        let (flows, looking, looked, verdict, source, target) = state.withLock {
            ($0.flows, $0.looking, $0.looked, $0.verdict, $0.source, $0.target)
        }
        var current = verdict
        guard current.outcome == nil else { return current }
        current.progress.elapsed = time.now - started
        (current.progress.source, current.progress.target) = (source, target)
        if flows.count == 2 {
            current.progress.source.add(flows[0].progress)
            current.progress.target.add(flows[1].progress)
        }
        current.progress.count(looked.with(looking?.progress))
        return current
    }

    func enter(_ stage: VerifyProgress.Stage) {
        state.withLock { $0.verdict.progress.stage = stage }
    }

    private func end(_ outcome: VerifyOutcome) {
        state.withLock { state in
            state.verdict.progress.stage = .ended
            state.verdict.progress.elapsed = time.now - started
            (state.verdict.progress.source, state.verdict.progress.target) = (
                state.source, state.target
            )
            state.verdict.progress.count(state.looked)
            state.verdict.outcome = outcome
        }
    }
}
