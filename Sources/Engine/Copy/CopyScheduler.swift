import DynamoModel
import Pacing
import System

/// Decides what a table copy does next. It makes no calls, takes no locks and reads no clock: each
/// event returns the actions to perform, which ``CopyDriver`` does on Dispatch.
///
/// - *Nothing is lost.* An item is settled when the target has acknowledged it or it is durably a
///   dead letter. A page is released, and a segment's position passes it, only then. At the end
///   items read and items settled must be the same number, or the copy fails.
/// - *Memory is bounded.* A Scan is sent only when its reserve fits the page pool, a batch only
///   when twice its body fits the batch pool.
/// - *Limits are real.* Nothing is sent before its estimate fits every bucket that it is charged
/// to, and is granted by the limits over several copies.
/// - *Heat is spread.* Many segments are open at a time, evenly over the hash space; each batch
///   takes from all open pages in turn.
///
/// Not thread-safe: ``CopyDriver`` confines it to one serial queue. Times that it is given must not
/// run backwards. Random numbers come from its seed.
package struct CopyScheduler: Sendable {
    package enum Phase: Equatable {
        case running
        /// Waits for what is in flight, then ends so.
        case ending(CopyOutcome, deadline: Instant)
        case ended
    }

    let configuration: CopyConfiguration
    package var generator: SeededGenerator
    package var phase = Phase.running
    package internal(set) var counters = CopyCounters()
    /// For estimating how many items there are in all.
    package internal(set) var itemsReadInFinishedSegments = 0

    // Reading.
    var order: SegmentOrder
    /// Segments that have not been opened, apart from those that earlier runs have finished.
    var segmentsUnopened: Int
    /// Segments that were closed and in whose part of the hash space no other was opened yet.
    var vacated: [Int] = []
    package var segments: [OpenSegment] = []
    var freeSegments: [Int] = []
    var slotOfSegment: [Int: Int] = [:]
    var openSegments = 0
    /// Some segment was held back by a hot partition at the last look.
    var hasHeldBack = false
    package var scansInFlight = 0
    var scansAllowed: Int
    var scansMayGrowAt: Instant
    var pageBytesHeld = 0
    var sizing: PageSizing
    package var reading: ReadPacing
    var sourceHealth = SideHealth()

    // Mixing.
    var pages: [OpenPage] = []
    var freePages: [Int] = []
    /// Segments that items can be taken from, by slot, and whose turn it is.
    var ring: [Int] = []
    var turn = 0
    var retries = RetryQueue()
    /// Items that are due again, taken before those of the ring; and batches that are sent as they
    /// stand.
    var due = DueItems()
    var whole: [[BatchItem]] = []

    // Writing.
    var pending: Batch?
    var batches: [Batch?] = []
    var freeBatches: [Int] = []
    package var writesInFlight = 0
    var batchBytesHeld = 0
    package var writing: WritePacing
    var concurrency: AdaptiveLimit
    var concurrencyBeforeCut = 0
    var targetHealth = SideHealth()
    /// Of limits over several copies.
    package var shares: UnitShares
    /// Share of items refused since the last look, over the whole table.
    var refusedItems = 0
    var answeredItems = 0
    var refusedAloneBeforeAnyAccepted = 0

    // Saving.
    /// Segments that earlier runs of the job had begun, and that this one has not opened yet.
    package var earlier: [Int: SegmentProgress]
    /// Items that earlier runs of the job have settled, and their sizes.
    package let itemsEarlier: Int
    package let bytesEarlier: Int
    var finishedUnsaved: [SegmentProgress] = []
    var refusedUnsaved: [RefusedItem] = []
    /// The save that is under way.
    var saving: CopySave?
    /// A save has failed: none is tried again.
    var isSavingOver = false
    var nextSave: Instant
    var nextHeartbeat = Instant.zero
    var hasSavedLast = false

    /// The user holds it.
    package internal(set) var isPaused = false
    var patience: Patience
    var nextTick: Instant
    var wakeAsked: Instant?
    package internal(set) var hold: CopyHold?

    /// Things that need a look at regular times are looked at this often.
    static let tick = Duration.milliseconds(100)
    /// Units are waited for at least so long, a small part of what is saved up meanwhile: a wake of
    /// its own for each batch would cost more than sending it.
    static let unitsWait = Duration.milliseconds(2)
    /// Items refused one by one before any was accepted: the fault is not theirs.
    static let refusedAloneMax = 100
    /// Before one request, or some items, are sent again; paces and ``SideHealth`` do the rest.
    package static let retryBackoff = Backoff(base: .milliseconds(25), cap: .seconds(1))
    /// Before a side that refuses everything for lack of capacity is asked again.
    static let throttleBackoff = Backoff(base: .milliseconds(25), cap: .milliseconds(100))
    /// Before a side that does not answer at all is asked again.
    static let faultBackoff = Backoff(base: .milliseconds(25), cap: .seconds(20))

    package init(_ configuration: CopyConfiguration, seed: UInt64, at now: Instant) {
        self.configuration = configuration
        generator = SeededGenerator(seed: seed)
        order = SegmentOrder(
            total: configuration.segments, parts: configuration.openSegmentsMax)
        segmentsUnopened = configuration.segments
        earlier = Dictionary(uniqueKeysWithValues: configuration.earlier.map { ($0.segment, $0) })
        itemsEarlier = configuration.earlier.lazy.map(\.items).clampedSum
        bytesEarlier = configuration.earlier.lazy.map(\.bytes).clampedSum
        nextSave = now + configuration.saveEvery
        scansAllowed = min(8, configuration.scansMax)
        scansMayGrowAt = now
        sizing = PageSizing(
            poolBytes: configuration.memory.pageBytes,
            openSegments: min(configuration.segments, configuration.openSegmentsMax),
            itemBytesReported: configuration.itemBytesReported)
        reading = ReadPacing(configuration.read, at: now)
        writing = WritePacing(configuration.write, at: now)
        shares = UnitShares(configuration.read, configuration.write)
        concurrency = AdaptiveLimit(range: 1...configuration.writesMax, at: now)
        patience = Patience(giveUpAfter: configuration.giveUpAfter)
        nextTick = now + Self.tick
        counters.scans = configuration.spent.scans
        counters.readUnits = configuration.spent.units
        for segment in configuration.earlier where segment.position == nil {
            counters.segmentsFinished += 1
            segmentsUnopened -= 1
            itemsReadInFinishedSegments += segment.items
        }
    }

    // MARK: Events

    package mutating func start(at now: Instant) -> [CopyAction] {
        pumped(at: now)
    }

    /// Time has passed: the instant that was asked for, or later.
    package mutating func timePassed(at now: Instant) -> [CopyAction] {
        if let wakeAsked, wakeAsked <= now { self.wakeAsked = nil }
        var actions: [CopyAction] = []
        if now >= nextTick { look(at: now, &actions) }
        pump(at: now, &actions)
        return actions
    }

    /// The limits of the user, or of the tables, are others now.
    /// - Parameter writesMax: most BatchWriteItems in flight from now on; nil leaves that as it is.
    package mutating func limitsChanged(
        read: ReadLimit, write: WriteLimits, writesMax: Int? = nil, at now: Instant
    ) -> [CopyAction] {
        reading.setLimit(read, at: now)
        writing.setLimits(write, at: now)
        shares.setLimits(read, write)
        if let writesMax, writesMax != concurrency.range.upperBound {
            let start = min(concurrency.current, writesMax)
            concurrency = AdaptiveLimit(range: 1...writesMax, start: start, at: now)
        }
        return pumped(at: now)
    }

    /// Holds the copy, once what is in flight has come home, or lets it go on.
    package mutating func setPaused(_ paused: Bool, at now: Instant) -> [CopyAction] {
        isPaused = paused
        if !paused { patience.progressed() }
        return pumped(at: now)
    }

    /// Asks for an orderly end: nothing new is sent, what is in flight comes home.
    package mutating func stop(at now: Instant) -> [CopyAction] {
        end(.stopped, at: now)
        return pumped(at: now)
    }

    /// Something outside the copy's requests makes going on impossible.
    package mutating func fail(_ failure: CopyFailure, at now: Instant) -> [CopyAction] {
        end(.failed(failure), at: now)
        return pumped(at: now)
    }

    package mutating func end(_ outcome: CopyOutcome, at now: Instant) {
        switch phase {
        case .running: phase = .ending(outcome, deadline: now + configuration.stopWithin)
        case .ending(.failed, _), .ended: break
        case .ending(_, let deadline):
            // A failure while ending is what the user must hear of.
            if case .failed = outcome { phase = .ending(outcome, deadline: deadline) }
        }
    }

    // MARK: What comes of an event

    /// Starts as much work as every bound allows, ends when there is none left, and asks to be
    /// woken when only time can bring more.
    mutating func pump(at now: Instant, _ actions: inout [CopyAction]) {
        switch phase {
        case .running:
            releaseDue(at: now)
            var wake = nextTick
            startScans(at: now, &actions, &wake)
            startWrites(at: now, &actions, &wake)
            sayWhoIsSilent(at: now)
            if now >= nextSave || !refusedUnsaved.isEmpty { startSave(at: now, &actions) }
            guard isDrained else { return ask(wake, &actions) }
            end(completedOutcome, at: now)
            pump(at: now, &actions)
        case .ending(let outcome, let deadline):
            guard scansInFlight == 0 && writesInFlight == 0 || now >= deadline else {
                return ask(min(deadline, nextTick), &actions)
            }
            startSave(at: now, isLast: true, &actions)
            if saving == nil { finish(outcome, &actions) }
        case .ended: break
        }
    }

    /// A side that does not answer is what holds the copy back, whatever else would.
    private mutating func sayWhoIsSilent(at now: Instant) {
        if isPaused { return }
        if targetHealth.isSilent(at: now, underWay: writesInFlight) {
            hold = .targetUnreachable
        } else if sourceHealth.isSilent(at: now, underWay: scansInFlight) {
            hold = .sourceUnreachable
        }
    }

    mutating func pumped(at now: Instant) -> [CopyAction] {
        var actions: [CopyAction] = []
        pump(at: now, &actions)
        return actions
    }

    private mutating func ask(_ wake: Instant, _ actions: inout [CopyAction]) {
        if let wakeAsked, wakeAsked <= wake { return }
        wakeAsked = wake
        actions.append(.wake(wake))
    }

    private mutating func finish(_ outcome: CopyOutcome, _ actions: inout [CopyAction]) {
        phase = .ended
        hold = nil
        actions.append(.finish(outcome))
    }

    private var isDrained: Bool {
        segmentsUnopened == 0 && openSegments == 0 && scansInFlight == 0 && writesInFlight == 0
    }

    /// Every item read must have arrived somewhere; the segments' ends alone do not show it.
    private var completedOutcome: CopyOutcome {
        let settled = counters.itemsSettled
        guard counters.itemsRead == settled else {
            return .failed(
                CopyFailure(
                    .remedy(.giveUp), code: "ItemsUnaccounted",
                    message: "\(counters.itemsRead) items were read but \(settled) accounted for",
                    hint: "this is a bug in dynaferry; the target is not a full copy"))
        }
        return .completed
    }

    /// The regular look: paces grow, hot segments are found, and an end is put to a run without
    /// progress.
    private mutating func look(at now: Instant, _ actions: inout [CopyAction]) {
        nextTick = now + Self.tick
        reading.timePassed(at: now)
        writing.timePassed(at: now)
        lookForHeat()
        if let failure = patience.failure(at: now) { end(.failed(failure), at: now) }
    }

    // MARK: What others may ask

    /// It was asked to stop, or failed, and waits for what is in flight.
    package var isEnding: Bool { if case .ending = phase { true } else { false } }
    package var hasEnded: Bool { phase == .ended }
    package var scansUnderWay: Int { scansInFlight }
    package var writesUnderWay: Int { writesInFlight }

    package mutating func rates(
        at now: Instant
    ) -> (read: Double, readLimit: Double?, write: Double, writeLimit: Double?) {
        let write = writing.consumedPerSecond(at: now)
        return (reading.consumedPerSecond(at: now), reading.rate, write.units, write.limit)
    }
}

/// Whether a side does anything at all. A few failures among answers are met by repeating the
/// requests that failed; failures in a row also hold back new requests, so that a side which is
/// down, or has no capacity left for now, is asked now and then and not by every request there is.
struct SideHealth: Sendable {
    private(set) var failuresInRow = 0
    /// The last failure was a refusal for lack of capacity.
    private(set) var isRefusing = false
    private(set) var pausedUntil: Instant?
    /// When it answered last, or was asked after a lull.
    private var heardOf = Instant.zero

    private static let silence = Duration.seconds(5)

    /// More failures in a row than this are no coincidence.
    private static let failuresTolerated = 24

    var isDown: Bool { failuresInRow > Self.failuresTolerated }

    /// A request was sent while no other was under way.
    mutating func asked(at now: Instant) {
        if failuresInRow == 0 { heardOf = now }
    }

    /// Nothing has come back for so long that its user should know.
    func isSilent(at now: Instant, underWay: Int) -> Bool {
        (underWay > 0 || failuresInRow > 0) && now - heardOf > Self.silence
    }

    mutating func answered(at now: Instant) {
        heardOf = now
        failuresInRow = 0
        pausedUntil = nil
    }

    mutating func failed(
        _ backoff: Backoff, isRefusal: Bool = false, using generator: inout SeededGenerator,
        at now: Instant
    ) {
        isRefusing = isRefusal
        failuresInRow += 1
        guard isDown else { return }
        let attempt = failuresInRow - Self.failuresTolerated
        pausedUntil = now + backoff.delay(attempt: attempt, using: &generator)
    }

    func isPaused(at now: Instant) -> Bool { pausedUntil.map { $0 > now } ?? false }
}
