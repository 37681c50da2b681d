import Pacing
import System

/// When the next batch is sent, how many are in flight at once, at what pace, and which partitions
/// are held back because a hot partition of the target refuses their items.
///
/// A batch is sent only when what it takes fits the batch pool and its estimate fits every bucket
/// that it is charged to.
struct BatchWriter: Sendable {
    /// What may be done about the next batch.
    enum Next {
        /// It may be sent, as far as the writer goes.
        case send(WritePacing.Estimate)
        /// There is none.
        case nothing
        /// Not now; nil: a reply, not time, will bring it on.
        case wait(WaitReason, until: Instant?)
    }

    private let bytesMax: Int
    private let shape: BatchShape
    private var pending: Batch?
    private var batches: [Batch?] = []
    private var freeBatches: [Int] = []
    private(set) var writesInFlight = 0
    private var bytesHeld = 0
    private var pacing: WritePacing
    private var concurrency: AdaptiveLimit
    private var concurrencyBeforeCut = 0
    private var health = CircuitBreaker()
    /// By slot; fresh where no partition is open.
    private var heat: [PartitionHeat]
    /// Share of items refused since the last look, over the whole table.
    private var refusedItems = 0
    private var answeredItems = 0
    var flaw: SchedulerFlaw?

    /// Units are waited for at least so long, a small part of what is saved up meanwhile: a wake of
    /// its own for each batch would cost more than sending it.
    private static let unitsWait = Duration.milliseconds(2)
    /// Before a side that refuses everything for lack of capacity is asked again.
    private static let throttleBackoff = Backoff(
        base: .milliseconds(25), cap: .milliseconds(100))

    init(_ configuration: FlowConfiguration, _ shape: BatchShape, at now: Instant) {
        bytesMax = configuration.memory.batchBytes
        self.shape = shape
        pacing = WritePacing(configuration.write, at: now)
        // Units take one batch of each partition at a time, and are this process's own work.
        concurrency = AdaptiveLimit(
            range: (shape.hasUnits ? configuration.writesMax : 1)...configuration.writesMax,
            at: now)
        heat = Array(repeating: PartitionHeat(), count: configuration.openMax)
    }

    // MARK: What it can tell

    /// Most writes in flight now.
    var writesAllowed: Int { concurrency.current }

    func isSilent(at now: Instant) -> Bool { health.isSilent(at: now, underWay: writesInFlight) }

    /// Until when the target is left alone, since it refuses everything or does not answer.
    func pause(at now: Instant) -> (hold: WaitReason, until: Instant)? {
        guard health.isPaused(at: now), let until = health.pausedUntil else { return nil }
        return (health.isRefusing ? .targetThrottled : .targetUnreachable, until)
    }

    mutating func consumedPerSecond(at now: Instant) -> (units: Double, limit: Double?) {
        pacing.consumedPerSecond(at: now)
    }

    // MARK: The next batch

    /// - Parameters:
    ///   - isMoreComing: pages are on their way that a batch may wait for.
    ///   - units: where the sink has units, an item is taken only if there is one for it.
    mutating func next(
        from mixer: inout BatchMixer, _ units: UnitBook, isMoreComing: Bool, at now: Instant
    ) -> Next {
        guard writesInFlight < (health.isDown ? 1 : concurrency.current) else {
            return .wait(.targetReplies, until: nil)
        }
        if pending == nil {
            pending = mixer.next(
                within: bounds, heat: &heat, isMoreComing: isMoreComing,
                mayTake: { units.mayWrite($0) }, at: now)
        }
        guard let batch = pending else { return .nothing }
        guard bytesHeld + batch.heldBytes <= bytesMax else {
            return .wait(.memory, until: nil)
        }
        let estimate = pacing.estimate(units: batch.load.units)
        let ready = pacing.readyAt(estimate, now: now)
        guard ready <= now || flaw == .ignoresLimit else {
            if flaw == .dropsPending { pending = nil }
            return .wait(
                pacing.pace.isThrottled ? .targetThrottled : .writeLimit,
                until: max(ready, now + Self.unitsWait))
        }
        return .send(estimate)
    }

    /// No batch takes more than half the pool, so that two are under way at least; a single item
    /// always fits, as the budget's minimum promises.
    private var bounds: BatchMixer.Bounds {
        BatchMixer.Bounds(
            bytesMax: shape.memoryFactor == 0
                ? shape.bytesMax
                : min(shape.bytesMax - shape.envelope, bytesMax / (2 * shape.memoryFactor)),
            unitsMax: pacing.batchUnitsMax)
    }

    /// The batch that ``next(from:isMoreComing:at:)`` returned is sent.
    mutating func send(
        _ estimate: WritePacing.Estimate, grant: SharedBucket.Grant?, at now: Instant
    ) -> (id: BatchID, batch: Batch) {
        guard var batch = pending else { preconditionFailure("there is no batch to be sent") }
        pending = nil
        batch.charge = pacing.take(estimate, at: now)
        batch.grant = grant
        bytesHeld += batch.heldBytes
        if writesInFlight == 0 { health.asked(at: now) }
        writesInFlight += 1
        let slot: Int
        if let free = freeBatches.popLast() {
            slot = free
            batches[free] = batch
        } else {
            slot = batches.count
            batches.append(batch)
        }
        return (BatchID(slot: slot), batch)
    }

    // MARK: What comes of it

    /// A reply or a failure: the batch is in flight no more.
    mutating func cameBack(_ id: BatchID) -> Batch {
        guard let batch = batches[id.slot] else {
            preconditionFailure("batch \(id.slot) is not in flight")
        }
        batches[id.slot] = nil
        freeBatches.append(id.slot)
        writesInFlight -= 1
        bytesHeld -= batch.heldBytes
        return batch
    }

    /// An item of a partition was acknowledged.
    mutating func acknowledged(of slot: Int) { heat[slot].acknowledge() }
    /// One was refused for lack of capacity.
    mutating func refused(of slot: Int) { heat[slot].refuse() }

    /// A batch was answered.
    /// - Parameter written: what of it was written.
    /// - Returns: the units that it took: those of the limits, and those of table and indexes
    ///   summed, where the latter are estimated if the reply does not tell.
    mutating func answered(
        _ batch: Batch, written: BatchLoad, reported: [Double]?, at now: Instant
    ) -> (units: Double, inAll: Double) {
        health.answered(at: now)
        let units = pacing.settle(
            batch.charge, units: written.units, reported: reported, at: now)
        guard batch.grant != nil else { return (units, units) }
        let inAll = reported?.reduce(0, +) ?? pacing.estimate(units: written.units).reduce(0, +)
        return (units, inAll)
    }

    /// A batch failed as a whole.
    mutating func failed(
        _ batch: Batch, _ failure: FlowFailure, using generator: inout SeededGenerator,
        at now: Instant
    ) {
        pacing.settleFailed(
            batch.charge, isOutcomeUnknown: failure.isOutcomeUnknown, at: now)
        switch failure.remedy {
        case .split: health.answered(at: now)
        case .giveUp: break
        case .slowDown:
            health.failed(Self.throttleBackoff, isRefusal: true, using: &generator, at: now)
        case .retry:
            health.failed(FlowScheduler.faultBackoff, using: &generator, at: now)
        }
    }

    /// Takes in how a batch fared: the pace, and how many may be in flight, follow.
    /// - Parameter isHeldBack: something other than replies was what kept more from being sent.
    mutating func judge(
        items: Int, refused: Int, units: Double, roundTrip: Duration, isHeldBack: Bool,
        at now: Instant
    ) {
        answeredItems += items
        refusedItems += refused
        let verdict = pacing.observed(
            items: items, refused: refused, units: units, roundTrip: roundTrip, at: now)
        switch verdict {
        case .cut(let share):
            concurrencyBeforeCut = max(concurrencyBeforeCut, concurrency.current)
            concurrency.shrink(by: share, at: now)
        case .undone:
            concurrency.restore(concurrencyBeforeCut, at: now)
            concurrencyBeforeCut = 0
        case nil:
            concurrency.completed(
                work: Double(items - refused), roundTrip: roundTrip, heldBack: isHeldBack,
                at: now)
        }
    }

    // MARK: Pace and heat

    /// - Parameter writesMax: nil leaves that as it is.
    mutating func setLimits(_ limits: WriteLimits, writesMax: Int?, at now: Instant) {
        pacing.setLimits(limits, at: now)
        if let writesMax, writesMax != concurrency.range.upperBound {
            let start = min(concurrency.current, writesMax)
            concurrency = AdaptiveLimit(range: 1...writesMax, start: start, at: now)
        }
    }

    /// Lets the pace grow; call it a few times a second.
    mutating func timePassed(at now: Instant) { pacing.timePassed(at: now) }

    /// Looks which partitions are refused much more than the table.
    /// - Returns: slots of those that are held back now, and whether some had used up what they
    ///   were allowed.
    mutating func lookForHeat() -> (heldBack: [Int], wasSpent: Bool) {
        let share = answeredItems > 0 ? Double(refusedItems) / Double(answeredItems) : 0
        (answeredItems, refusedItems) = (0, 0)
        var wasSpent = false
        var heldBack: [Int] = []
        for slot in heat.indices {
            wasSpent = wasSpent || heat[slot].isSpent
            heat[slot].look(tableShare: share)
            if heat[slot].isHeldBack { heldBack.append(slot) }
        }
        return (heldBack, wasSpent)
    }

    /// The partition of a slot is done.
    mutating func closed(_ slot: Int) { heat[slot] = PartitionHeat() }
}
