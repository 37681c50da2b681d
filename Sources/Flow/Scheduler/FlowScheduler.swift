import Pacing
import System

/// Decides what a flow from a source to a sink does next. It makes no calls, takes no locks and
/// reads no clock: each event returns the actions to perform, which ``FlowDriver`` does on
/// Dispatch.
///
/// - *Nothing is lost.* An item is settled when the sink has acknowledged it or it is durably a
///   dead letter. A page is released, and a partition's position passes it, only then. At the end
///   items read and items settled must be the same number, or the flow fails.
/// - *Memory is bounded.* A read is sent only when its reserve fits the page pool, a batch only
///   when what it takes fits the batch pool.
/// - *Limits are real.* Nothing is sent before its estimate fits every bucket that it is charged
///   to, and is granted by the limits over several flows.
/// - *Heat is spread.* Many partitions are open at a time, evenly over the hash space; each batch
///   takes from all open pages in turn.
///
/// Not thread-safe: ``FlowDriver`` confines it to one serial queue. Times that it is given must not
/// run backwards. Random numbers come from its seed.
package struct FlowScheduler: Sendable {
    let configuration: FlowConfiguration
    /// Of batches.
    let shape: BatchShape
    var generator: SeededGenerator
    private var phase = FlowPhase.opening
    private let started: Instant
    package internal(set) var counters = FlowCounters()
    var reader: PartitionReader
    var ledger: Ledger
    var mixer: BatchMixer
    var writer: BatchWriter
    var units: UnitBook
    /// Of limits over several flows.
    private var shares: UnitShares
    /// The user holds it.
    package private(set) var isPaused = false
    var stallTimeout: StallTimeout
    var refusedAloneBeforeAnyAccepted = 0
    private var opening: Opening
    /// Until then requests that failed, or were sent before it began, may still be executed.
    var lateUntil: Instant
    private var nextTick: Instant
    private var wakeAsked: Instant?
    package private(set) var hold: WaitReason?

    package init(_ configuration: FlowConfiguration, seed: UInt64, at now: Instant) {
        self.configuration = configuration
        generator = SeededGenerator(seed: seed)
        started = now
        shape = configuration.batch ?? .none
        reader = PartitionReader(configuration, at: now)
        ledger = Ledger(configuration, at: now)
        mixer = BatchMixer(shape, slots: configuration.openMax)
        writer = BatchWriter(configuration, shape, at: now)
        units = UnitBook(configuration, shape)
        shares = UnitShares(configuration.read, configuration.write)
        stallTimeout = StallTimeout(giveUpAfter: configuration.giveUpAfter)
        opening = Opening(at: now)
        lateUntil = now + configuration.lateFor
        nextTick = now + Self.tick
        counters.scans = configuration.spent.scans
        counters.readUnits = configuration.spent.units
    }

    /// Has one of the values be wrong on purpose.
    mutating func plant(_ flaw: SchedulerFlaw) {
        units.flaw = flaw
        (reader.flaw, ledger.flaw, mixer.flaw, writer.flaw) = (flaw, flaw, flaw, flaw)
    }

    // MARK: Events

    package mutating func start(at now: Instant) -> [FlowAction] { pumped(at: now) }

    /// The source has answered what there is to read.
    /// - Parameters:
    ///   - partitions: how many; they are known by their places from now on.
    ///   - earlier: where earlier runs of the job left those that they had begun.
    ///   - waves: of each partition; nil: there is one.
    package mutating func opened(
        _ partitions: Int, _ earlier: [PartitionProgress] = [], waves: [Int]? = nil,
        at now: Instant
    ) -> [FlowAction] {
        reader.begin(waves ?? Array(repeating: 0, count: partitions), earlier)
        ledger.begin(earlier)
        counters.segmentsFinished = reader.partitionsFinished
        if phase == .opening { phase = .running }
        stallTimeout.progressed()
        return pumped(at: now)
    }

    package mutating func openFailed(_ failure: FlowFailure, at now: Instant) -> [FlowAction] {
        if failure.remedy == .giveUp || failure.remedy == .split { return fail(failure, at: now) }
        counters.requestsFailed += 1
        stallTimeout.failed(failure, at: now)
        opening.failed(using: &generator, at: now)
        return pumped(at: now)
    }

    /// Time has passed: the instant that was asked for, or later.
    package mutating func timePassed(at now: Instant) -> [FlowAction] {
        if let wakeAsked, wakeAsked <= now { self.wakeAsked = nil }
        var actions: [FlowAction] = []
        if now >= nextTick { look(at: now, &actions) }
        pump(at: now, &actions)
        return actions
    }

    /// The limits of the user, or of the tables, are others now.
    /// - Parameters:
    ///   - elsewhere: of reading the other side; nil leaves that as it is.
    ///   - writesMax: most writes in flight from now on; nil leaves that as it is.
    package mutating func limitsChanged(
        read: ReadLimit, elsewhere: ReadLimit? = nil, write: WriteLimits, writesMax: Int? = nil,
        at now: Instant
    ) -> [FlowAction] {
        reader.setLimit(read, elsewhere: elsewhere, at: now)
        writer.setLimits(write, writesMax: writesMax, at: now)
        shares.setLimits(read, write)
        return pumped(at: now)
    }

    /// Holds the flow, once what is in flight has come home, or lets it go on.
    package mutating func setPaused(_ paused: Bool, at now: Instant) -> [FlowAction] {
        isPaused = paused
        if !paused { stallTimeout.progressed() }
        return pumped(at: now)
    }

    /// Asks for an orderly end: nothing new is sent, what is in flight comes home.
    package mutating func stop(at now: Instant) -> [FlowAction] {
        end(.stopped, at: now)
        return pumped(at: now)
    }

    /// Something outside the flow's requests makes going on impossible.
    package mutating func fail(_ failure: FlowFailure, at now: Instant) -> [FlowAction] {
        end(.failed(failure), at: now)
        return pumped(at: now)
    }

    mutating func end(_ outcome: FlowOutcome, at now: Instant) {
        phase.end(outcome, by: now + configuration.stopWithin)
    }

    // MARK: Pages

    /// A page arrived whole. Returns the number that it is known by from now on, and the actions.
    package mutating func pageArrived(
        partition: Int, _ page: ArrivedPage, at now: Instant
    ) -> (page: Int, actions: [FlowAction]) {
        let arrival = reader.arrived(partition: partition, page, at: now)
        stallTimeout.progressed()
        var actions: [FlowAction] = []
        UnitShares.settle(
            arrival.grant, on: .source, consumed: page.isPaid ? 0 : arrival.units, &actions)
        let isWritten = configuration.batch != nil
        counters.count(page, arrival, isWritten: isWritten)
        if let begun = arrival.begun {
            ledger.open(arrival.slot, begun)
            if shape.hasUnits { units.begin(begun.partition, items: begun.items) }
        }
        let number = ledger.add(page, of: arrival.slot)
        if isWritten { mixer.add(page, as: number, of: arrival.slot) }
        if !isWritten, configuration.deadLettersMax == 0, let refused = page.refused.first {
            end(.failed(refused.failure), at: now)
            pump(at: now, &actions)
            return (number, actions)
        }
        for refused in page.refused {
            refuse(
                ItemRef(page: number, index: refused.position), refused.failure,
                isAnswered: false, at: now)
        }
        // One that holds nothing to be written may be let go of at once.
        if !isWritten || page.items.count == page.leftOut.count {
            release(arrival.slot, &actions)
        }
        pump(at: now, &actions)
        return (number, actions)
    }

    package mutating func readFailed(
        partition: Int, _ failure: FlowFailure, at now: Instant
    ) -> [FlowAction] {
        let (setback, grant) = reader.failed(
            partition: partition, failure, using: &generator, at: now)
        var actions: [FlowAction] = []
        UnitShares.settle(
            grant, on: .source, consumed: failure.isOutcomeUnknown ? nil : 0, &actions)
        switch setback {
        case .resized: break
        case .final: end(.failed(failure), at: now)
        case .throttled:
            counters.scansThrottled += 1
            stallTimeout.failed(failure, at: now)
        case .fault:
            counters.requestsFailed += 1
            stallTimeout.failed(failure, at: now)
        }
        pump(at: now, &actions)
        return actions
    }

    /// Lets go of a partition's pages whose items are all settled, and of the partition when those
    /// were its last.
    mutating func release(_ slot: Int, _ actions: inout [FlowAction]) {
        while let (page, bytes) = ledger.releaseFirst(of: slot) {
            if configuration.batch != nil { mixer.released(page) }
            reader.released(bytes: bytes, of: slot)
            actions.append(.release(page: page))
        }
        guard reader.close(slot) else { return }
        if shape.hasUnits { actions += units.finish(slot, at: ledger.reached(slot)) }
        ledger.close(slot)
        writer.closed(slot)
        counters.segmentsFinished = reader.partitionsFinished
    }

    // MARK: Saves

    mutating func save(
        at now: Instant, isLast: Bool = false, _ actions: inout [FlowAction]
    ) {
        guard ledger.maySave,
            var save = ledger.save(units.takeSealed(), at: now, isLast: isLast)
        else { return }
        save.itemsAhead =
            shape.hasUnits
            ? counters.itemsSettled - units.itemsSealed : ledger.itemsSettledAhead()
        save.progress = progress(at: now)
        actions.append(.save(save))
    }

    /// The save is durable.
    package mutating func saved(at now: Instant) -> [FlowAction] {
        var actions: [FlowAction] = []
        for refused in ledger.saved() {
            counters.deadLetters += 1
            stallTimeout.progressed()
            let slot = ledger.slot(of: refused.item)
            if ledger.settle(refused.item) { release(slot, &actions) }
        }
        if units.hasFull { closeUnits(all: false, at: now, &actions) }
        pump(at: now, &actions)
        return actions
    }

    /// The save failed, and nothing of it is durable: no item may be moved that could not be
    /// accounted for.
    package mutating func saveFailed(_ failure: FlowFailure, at now: Instant) -> [FlowAction] {
        ledger.saveFailed()
        end(.failed(failure), at: now)
        return pumped(at: now)
    }

    // MARK: Limits over several flows

    /// The units that were claimed are there. Those that are not spent at once are given back:
    /// another flow may need them, and what is held for a later burst would break the limit.
    package mutating func unitsGranted(
        _ grant: SharedBucket.Grant, on side: FlowSide, at now: Instant
    ) -> [FlowAction] {
        shares[side].grant(grant)
        var actions: [FlowAction] = []
        if phase == .running, !isPaused { pump(at: now, &actions) }
        if let unspent = shares[side].take() {
            actions.append(.settle(side, unspent, consumed: 0))
        }
        return actions
    }

    // MARK: What comes of an event

    /// Starts as much work as every bound allows, ends when there is none left, and asks to be
    /// woken when only time can bring more.
    mutating func pump(at now: Instant, _ actions: inout [FlowAction]) {
        switch phase {
        case .opening:
            var wake = nextTick
            if opening.ask(at: now, &wake) { actions.append(.open) }
            ask(wake, &actions)
        case .running:
            mixer.releaseDue(at: now)
            var wake = nextTick
            let isWaiting = waitsForWave(at: now, &actions, &wake)
            startReads(at: now, &actions, &wake)
            startWrites(at: now, &actions, &wake)
            if isWaiting, !isPaused { hold = .lateRequests }
            units.sealAgain(at: now, &actions, &wake)
            sayWhoIsSilent(at: now)
            if ledger.isSaveDue(at: now) { save(at: now, &actions) }
            guard reader.isDone, writer.writesInFlight == 0, units.isDone else {
                return ask(wake, &actions)
            }
            end(FlowOutcome(of: counters), at: now)
            pump(at: now, &actions)
        case .ending(let outcome, let deadline):
            // What is in open units would have to be read again.
            if outcome == .stopped, writer.writesInFlight == 0 {
                closeUnits(all: true, at: now, &actions)
            }
            // Until these are dead letters, no unit with what stands behind them can be closed.
            let hasRefused =
                shape.hasUnits && outcome == .stopped && ledger.refusedWaiting > 0
            if hasRefused { save(at: now, &actions) }
            let isHome =
                reader.readsInFlight == 0 && writer.writesInFlight == 0
                && units.sealsUnderWay == 0 && !hasRefused
            guard isHome || now >= deadline else {
                return ask(min(deadline, nextTick), &actions)
            }
            save(at: now, isLast: true, &actions)
            guard !ledger.isSaving else { return }
            (phase, hold) = (.ended, nil)
            actions.append(.finish(outcome))
        case .ended: break
        }
    }

    private mutating func startReads(
        at now: Instant, _ actions: inout [FlowAction], _ wake: inout Instant
    ) {
        if isPaused { return }
        while let read = reader.next(waiting: mixer.waiting, at: now, &wake) {
            guard shares.isReady(.source, units: read.units, &actions) else { return }
            counters.scans += 1
            actions.append(reader.send(read, grant: shares[.source].take(), at: now))
        }
    }

    private mutating func startWrites(
        at now: Instant, _ actions: inout [FlowAction], _ wake: inout Instant
    ) {
        hold = nil
        if isPaused {
            hold = .paused
            return
        }
        if configuration.batch == nil {
            // Reading is all that there is to wait for.
            hold = WaitReason(reader, shares, at: now)
            if hold == .sourcePages { hold = nil }
            return reader.writersRanDry(at: now)
        }
        // While replies are on their way, the next one releases what is due, or the next look: a
        // wake of its own for each refused batch would cost more than sending it.
        if let next = mixer.nextDue, writer.writesInFlight == 0 { wake = min(wake, next) }
        if let pause = writer.pause(at: now) {
            hold = pause.hold
            wake = min(wake, pause.until)
            return
        }
        while true {
            switch writer.next(
                from: &mixer, units, isMoreComing: reader.readsInFlight > 0, at: now)
            {
            case .wait(let reason, let until):
                hold = reason
                if let until { wake = min(wake, until) }
                return
            case .nothing:
                hold = WaitReason(reader, shares, at: now)
                if units.sealsUnderWay > 0, mixer.waiting.contains(where: { $0 > 0 }) {
                    hold = .targetReplies
                }
                reader.writersRanDry(at: now)
                return
            case .send(let estimate):
                guard shares.isReady(.target, units: estimate.reduce(0, +), &actions) else {
                    hold = .sharedWriteLimit
                    return
                }
                send(estimate, at: now, &actions)
            }
        }
    }

    private mutating func send(
        _ estimate: WritePacing.Estimate, at now: Instant, _ actions: inout [FlowAction]
    ) {
        let (id, batch) = writer.send(estimate, grant: shares[.target].take(), at: now)
        counters.writes += 1
        counters.bytesSent += batch.bytes - shape.envelope
        var unit: UnitNumber?
        if shape.hasUnits {
            let slot = ledger.slot(of: batch.items[0])
            unit = units.unit(of: ledger.partition(in: slot), in: slot, at: now)
        }
        actions.append(.write(id, batch.items, bytesMax: batch.bytes, unit: unit))
    }

    /// A side that does not answer is what holds the flow back, whatever else would.
    private mutating func sayWhoIsSilent(at now: Instant) {
        if isPaused { return }
        if writer.isSilent(at: now) {
            hold = .targetUnreachable
        } else if reader.isSilent(at: now) {
            hold = .sourceUnreachable
        }
    }

    mutating func pumped(at now: Instant) -> [FlowAction] {
        var actions: [FlowAction] = []
        pump(at: now, &actions)
        return actions
    }

    private mutating func ask(_ wake: Instant, _ actions: inout [FlowAction]) {
        if let wakeAsked, wakeAsked <= wake { return }
        wakeAsked = wake
        actions.append(.wake(wake))
    }

    /// The regular look: paces grow, hot partitions are found, and an end is put to a run without
    /// progress.
    private mutating func look(at now: Instant, _ actions: inout [FlowAction]) {
        nextTick = now + Self.tick
        reader.timePassed(at: now)
        writer.timePassed(at: now)
        let heat = writer.lookForHeat()
        reader.holdBack(heat.heldBack)
        if heat.wasSpent { mixer.rejoin() }
        if shape.hasUnits, phase == .running { closeUnits(all: false, at: now, &actions) }
        if let failure = stallTimeout.failure(at: now) { end(.failed(failure), at: now) }
    }

    // MARK: What others may ask

    package var writesUnderWay: Int { writer.writesInFlight }
    /// Most writes in flight now.
    package var writesAllowed: Int { writer.writesAllowed }
    package var itemsEarlier: Int { ledger.itemsEarlier }

    /// Where it stands.
    package mutating func progress(at now: Instant) -> FlowProgress {
        var progress = FlowProgress(
            counters, &reader, ledger, &writer, reported: configuration.itemsReported, at: now)
        progress.elapsed = now - started
        (progress.isEnding, progress.hasEnded) = (phase.isEnding, phase == .ended)
        (progress.isPaused, progress.hold) = (isPaused, hold)
        return progress
    }
}
