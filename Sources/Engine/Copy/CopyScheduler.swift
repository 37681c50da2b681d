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
    private let configuration: CopyConfiguration
    private var generator: SeededGenerator
    private var phase = CopyPhase.running
    package private(set) var counters = CopyCounters()
    private var reader: PartitionReader
    private var ledger: Ledger
    private var mixer: BatchMixer
    private var writer: BatchWriter
    /// Of limits over several copies.
    private var shares: UnitShares
    /// The user holds it.
    package private(set) var isPaused = false
    private var patience: Patience
    private var refusedAloneBeforeAnyAccepted = 0
    private var nextTick: Instant
    private var wakeAsked: Instant?
    package private(set) var hold: CopyHold?

    package init(_ configuration: CopyConfiguration, seed: UInt64, at now: Instant) {
        self.configuration = configuration
        generator = SeededGenerator(seed: seed)
        reader = PartitionReader(configuration, at: now)
        ledger = Ledger(configuration, at: now)
        mixer = BatchMixer(configuration)
        writer = BatchWriter(configuration, at: now)
        shares = UnitShares(configuration.read, configuration.write)
        patience = Patience(giveUpAfter: configuration.giveUpAfter)
        nextTick = now + Self.tick
        counters.scans = configuration.spent.scans
        counters.readUnits = configuration.spent.units
        counters.segmentsFinished = reader.segmentsFinished
    }

    /// Has one of the four values be wrong on purpose.
    mutating func plant(_ flaw: SchedulerFlaw) {
        (reader.flaw, ledger.flaw, mixer.flaw, writer.flaw) = (flaw, flaw, flaw, flaw)
    }

    // MARK: Events

    package mutating func start(at now: Instant) -> [CopyAction] { pumped(at: now) }

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
        reader.setLimit(read, at: now)
        writer.setLimits(write, writesMax: writesMax, at: now)
        shares.setLimits(read, write)
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

    private mutating func end(_ outcome: CopyOutcome, at now: Instant) {
        switch phase {
        case .running: phase = .ending(outcome, deadline: now + configuration.stopWithin)
        case .ending(.failed, _), .ended: break
        case .ending(_, let deadline):
            // A failure while ending is what the user must hear of.
            if case .failed = outcome { phase = .ending(outcome, deadline: deadline) }
        }
    }

    // MARK: Pages

    /// A page arrived whole. Returns the number that it is known by from now on, and the actions.
    package mutating func pageArrived(
        segment: Int, _ page: ArrivedPage, at now: Instant
    ) -> (page: Int, actions: [CopyAction]) {
        let arrival = reader.arrived(segment: segment, page, at: now)
        patience.progressed()
        var actions: [CopyAction] = []
        UnitShares.settle(
            arrival.grant, on: .source, consumed: page.isPaid ? 0 : arrival.units, &actions)
        counters.readUnits += arrival.units
        counters.itemsRead += page.items.count
        counters.itemsLeftOut += page.leftOut.count
        counters.bytesRead += page.replyBytes
        if let begun = arrival.begun { ledger.open(arrival.slot, begun) }
        let number = ledger.add(page, of: arrival.slot)
        mixer.add(page, as: number, of: arrival.slot)
        // One that holds nothing to be written may be let go of at once.
        if page.items.count == page.leftOut.count { release(arrival.slot, &actions) }
        pump(at: now, &actions)
        return (number, actions)
    }

    package mutating func scanFailed(
        segment: Int, _ failure: CopyFailure, at now: Instant
    ) -> [CopyAction] {
        let (setback, grant) = reader.failed(
            segment: segment, failure, using: &generator, at: now)
        var actions: [CopyAction] = []
        UnitShares.settle(
            grant, on: .source, consumed: failure.isOutcomeUnknown ? nil : 0, &actions)
        switch setback {
        case .resized: break
        case .final: end(.failed(failure), at: now)
        case .throttled:
            counters.scansThrottled += 1
            patience.failed(failure, at: now)
        case .fault:
            counters.requestsFailed += 1
            patience.failed(failure, at: now)
        }
        pump(at: now, &actions)
        return actions
    }

    /// Lets go of a segment's pages whose items are all settled, and of the segment when those
    /// were its last.
    private mutating func release(_ slot: Int, _ actions: inout [CopyAction]) {
        while let (page, bytes) = ledger.releaseFirst(of: slot) {
            mixer.released(page)
            reader.released(bytes: bytes, of: slot)
            actions.append(.release(page: page))
        }
        guard reader.close(slot) else { return }
        ledger.close(slot)
        writer.closed(slot)
        counters.segmentsFinished = reader.segmentsFinished
    }

    // MARK: Batches

    package mutating func batchAnswered(
        _ id: BatchID, _ answer: AnsweredBatch, at now: Instant
    ) -> [CopyAction] {
        let batch = writer.cameBack(id)
        var actions: [CopyAction] = []
        var refused = answer.unprocessed[...]
        if refused.count > 1 { refused.sort() }
        var refusedItems: [BatchItem] = []
        var written = batch.load
        // A put that another item stands in the way of is charged like any other.
        var kept = BatchLoad()
        for position in answer.kept { kept.add(mixer.slice(of: batch.items[position])) }
        for (position, item) in batch.items.enumerated() {
            let slot = ledger.slot(of: item)
            if refused.first == position {
                refused.removeFirst()
                refusedItems.append(item)
                written.remove(mixer.slice(of: item))
                writer.refused(of: slot)
            } else {
                writer.acknowledged(of: slot)
                settle(item, of: slot, &actions)
            }
        }
        precondition(refused.isEmpty, "positions \(refused) are not in the batch")
        let consumed = writer.answered(
            batch, written: written, reported: answer.consumed, at: now)
        UnitShares.settle(batch.grant, on: .target, consumed: consumed.inAll, &actions)
        counters.itemsKept += answer.kept.count
        counters.itemsWritten += batch.items.count - refusedItems.count - answer.kept.count
        counters.storedBytesWritten += written.storedBytes - kept.storedBytes
        counters.jsonBytesWritten += written.jsonBytes - kept.jsonBytes
        counters.writeUnits += consumed.units
        counters.itemsUnprocessed += refusedItems.count
        if refusedItems.count < batch.items.count { patience.progressed() }
        retry(refusedItems, at: now)
        judge(
            batch, refused: refusedItems.count, units: consumed.units,
            roundTrip: answer.roundTrip, at: now)
        pump(at: now, &actions)
        return actions
    }

    package mutating func batchFailed(
        _ id: BatchID, _ failure: CopyFailure, roundTrip: Duration, at now: Instant
    ) -> [CopyAction] {
        let batch = writer.cameBack(id)
        writer.failed(batch, failure, using: &generator, at: now)
        var actions: [CopyAction] = []
        UnitShares.settle(
            batch.grant, on: .target, consumed: failure.isOutcomeUnknown ? nil : 0, &actions)
        switch failure.kind {
        case .tooLong where batch.items.count > 1:
            // Only unprocessed items make a reply that long; which they were is not known.
            halve(batch.items, at: now)
        case .tooLong:
            counters.itemsUnprocessed += 1
            retry(batch.items, failure, at: now)
        case .remedy(.split):
            refuse(batch.items, failure, at: now)
        case .remedy(.giveUp):
            end(.failed(failure), at: now)
        case .remedy(.slowDown):
            counters.writesThrottled += 1
            for item in batch.items { writer.refused(of: ledger.slot(of: item)) }
            patience.failed(failure, at: now)
            retry(batch.items, failure, at: now)
            judge(
                batch, refused: batch.items.count, units: 0, roundTrip: roundTrip, at: now)
        case .remedy(.retry), .remedy(.renewCredentials):
            counters.requestsFailed += 1
            patience.failed(failure, at: now)
            retry(batch.items, failure, at: now)
        }
        pump(at: now, &actions)
        return actions
    }

    private mutating func judge(
        _ batch: Batch, refused: Int, units: Double, roundTrip: Duration, at now: Instant
    ) {
        writer.judge(
            items: batch.items.count, refused: refused, units: units, roundTrip: roundTrip,
            isHeldBack: hold != nil && hold != .targetReplies, at: now)
    }

    private mutating func settle(
        _ item: BatchItem, of slot: Int, _ actions: inout [CopyAction]
    ) {
        if ledger.settle(item) { release(slot, &actions) }
    }

    /// - Parameter failure: of the request that they were in; nil when they came back unprocessed.
    private mutating func retry(
        _ items: [BatchItem], _ failure: CopyFailure? = nil, at now: Instant
    ) {
        counters.itemsRetried += items.count
        mixer.retry(
            items, mayBeThere: failure?.isOutcomeUnknown == true, using: &generator, at: now)
    }

    private mutating func halve(_ items: [BatchItem], at now: Instant) {
        counters.itemsRetried += items.count
        mixer.halve(items, at: now)
    }

    private mutating func refuse(
        _ items: [BatchItem], _ failure: CopyFailure, at now: Instant
    ) {
        guard items.count == 1 else { return halve(items, at: now) }
        if counters.itemsWritten + counters.itemsKept == 0 { refusedAloneBeforeAnyAccepted += 1 }
        ledger.refuse(RefusedItem(item: items[0], failure: failure))
        let isSystemic =
            counters.deadLetters + ledger.refusedWaiting > configuration.deadLettersMax
            || refusedAloneBeforeAnyAccepted >= Self.refusedAloneMax
        guard isSystemic else { return }
        let deadLetters = counters.itemsWritten == 0 ? nil : configuration.deadLettersMax
        end(.failed(CopyFailure(systemic: failure, after: deadLetters)), at: now)
    }

    // MARK: Saves

    /// The save is durable.
    package mutating func saved(at now: Instant) -> [CopyAction] {
        var actions: [CopyAction] = []
        for refused in ledger.saved() {
            counters.deadLetters += 1
            patience.progressed()
            settle(refused.item, of: ledger.slot(of: refused.item), &actions)
        }
        pump(at: now, &actions)
        return actions
    }

    /// The save failed, and nothing of it is durable: no item may be moved that could not be
    /// accounted for.
    package mutating func saveFailed(_ failure: CopyFailure, at now: Instant) -> [CopyAction] {
        ledger.saveFailed()
        end(.failed(failure), at: now)
        return pumped(at: now)
    }

    // MARK: Limits over several copies

    /// The units that were claimed are there. Those that are not spent at once are given back:
    /// another copy may need them, and what is held for a later burst would break the limit.
    package mutating func unitsGranted(
        _ grant: SharedBucket.Grant, on side: CopySide, at now: Instant
    ) -> [CopyAction] {
        shares[side].grant(grant)
        var actions: [CopyAction] = []
        if phase == .running, !isPaused { pump(at: now, &actions) }
        if let unspent = shares[side].take() {
            actions.append(.settle(side, unspent, consumed: 0))
        }
        return actions
    }

    // MARK: What comes of an event

    /// Starts as much work as every bound allows, ends when there is none left, and asks to be
    /// woken when only time can bring more.
    private mutating func pump(at now: Instant, _ actions: inout [CopyAction]) {
        switch phase {
        case .running:
            mixer.releaseDue(at: now)
            var wake = nextTick
            startScans(at: now, &actions, &wake)
            startWrites(at: now, &actions, &wake)
            sayWhoIsSilent(at: now)
            if ledger.isSaveDue(at: now), let save = ledger.save(at: now) {
                actions.append(.save(save))
            }
            guard reader.isDone, writer.writesInFlight == 0 else { return ask(wake, &actions) }
            end(completedOutcome, at: now)
            pump(at: now, &actions)
        case .ending(let outcome, let deadline):
            let isHome = reader.scansInFlight == 0 && writer.writesInFlight == 0
            guard isHome || now >= deadline else {
                return ask(min(deadline, nextTick), &actions)
            }
            if let save = ledger.save(at: now, isLast: true) { actions.append(.save(save)) }
            if !ledger.isSaving { finish(outcome, &actions) }
        case .ended: break
        }
    }

    private mutating func startScans(
        at now: Instant, _ actions: inout [CopyAction], _ wake: inout Instant
    ) {
        if isPaused { return }
        while let scan = reader.next(waiting: mixer.waiting, at: now, &wake) {
            guard shares.isReady(.source, units: scan.units, &actions) else { return }
            counters.scans += 1
            actions.append(reader.send(scan, grant: shares[.source].take(), at: now))
        }
    }

    private mutating func startWrites(
        at now: Instant, _ actions: inout [CopyAction], _ wake: inout Instant
    ) {
        hold = nil
        if isPaused {
            hold = .paused
            return
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
                from: &mixer, isMoreComing: reader.scansInFlight > 0, at: now)
            {
            case .wait(let reason, let until):
                hold = reason
                if let until { wake = min(wake, until) }
                return
            case .nothing:
                hold = reasonForNoBatch(at: now)
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
        _ estimate: WritePacing.Estimate, at now: Instant, _ actions: inout [CopyAction]
    ) {
        let (id, batch) = writer.send(estimate, grant: shares[.target].take(), at: now)
        counters.writes += 1
        counters.bytesSent += batch.bodyBytes - MemoryBudget.batchEnvelope
        actions.append(.write(id, batch.items, bodyBytesMax: batch.bodyBytes))
    }

    private func reasonForNoBatch(at now: Instant) -> CopyHold {
        if reader.isPaused(at: now) { return .sourceUnreachable }
        if reader.isThrottled { return .sourceThrottled }
        if reader.scansInFlight == 0, shares[.source].isClaimed { return .sharedReadLimit }
        if reader.scansInFlight == 0, reader.rate != nil { return .readLimit }
        return .sourcePages
    }

    /// A side that does not answer is what holds the copy back, whatever else would.
    private mutating func sayWhoIsSilent(at now: Instant) {
        if isPaused { return }
        if writer.isSilent(at: now) {
            hold = .targetUnreachable
        } else if reader.isSilent(at: now) {
            hold = .sourceUnreachable
        }
    }

    private mutating func pumped(at now: Instant) -> [CopyAction] {
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

    /// Every item read must have arrived somewhere; the segments' ends alone do not show it.
    private var completedOutcome: CopyOutcome {
        counters.itemsRead == counters.itemsSettled
            ? .completed
            : .failed(CopyFailure(read: counters.itemsRead, settled: counters.itemsSettled))
    }

    /// The regular look: paces grow, hot segments are found, and an end is put to a run without
    /// progress.
    private mutating func look(at now: Instant, _ actions: inout [CopyAction]) {
        nextTick = now + Self.tick
        reader.timePassed(at: now)
        writer.timePassed(at: now)
        let heat = writer.lookForHeat()
        reader.holdBack(heat.heldBack)
        if heat.wasSpent { mixer.rejoin() }
        if let failure = patience.failure(at: now) { end(.failed(failure), at: now) }
    }

    // MARK: What others may ask

    /// It was asked to stop, or failed, and waits for what is in flight.
    package var isEnding: Bool { if case .ending = phase { true } else { false } }
    package var hasEnded: Bool { phase == .ended }
    package var scansUnderWay: Int { reader.scansInFlight }
    package var writesUnderWay: Int { writer.writesInFlight }
    /// Most BatchWriteItems in flight now.
    package var writesAllowed: Int { writer.writesAllowed }
    /// Items that earlier runs of the job have settled, and their sizes.
    package var itemsEarlier: Int { ledger.itemsEarlier }
    package var bytesEarlier: Int { ledger.bytesEarlier }
    /// For estimating how many items there are in all.
    package var itemsReadInFinishedSegments: Int { reader.itemsInFinished }

    /// Items that the target holds, or dead letters, beyond what segments' positions have passed:
    /// those that a crash would have copied again.
    package mutating func itemsSettledAhead() -> Int { ledger.itemsSettledAhead() }

    package mutating func rates(
        at now: Instant
    ) -> (read: Double, readLimit: Double?, write: Double, writeLimit: Double?) {
        let write = writer.consumedPerSecond(at: now)
        return (reader.consumedPerSecond(at: now), reader.rate, write.units, write.limit)
    }
}
