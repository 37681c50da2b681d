import DynamoModel
import Pacing
import System

/// Writing: how batches are mixed from open pages, and what comes of the replies.
extension CopyScheduler {
    // MARK: Events

    package mutating func batchAnswered(
        _ id: BatchID, _ answer: AnsweredBatch, at now: Instant
    ) -> [CopyAction] {
        let batch = batchCameBack(id)
        targetHealth.answered(at: now)
        var actions: [CopyAction] = []
        var refused = answer.unprocessed[...]
        if refused.count > 1 { refused.sort() }
        var refusedItems: [BatchItem] = []
        var written = batch.load
        // A put that another item stands in the way of is charged like any other.
        var kept = BatchLoad()
        for position in answer.kept { kept.add(slice(of: batch.items[position])) }
        for (position, item) in batch.items.enumerated() {
            if refused.first == position {
                refused.removeFirst()
                refusedItems.append(item)
                written.remove(slice(of: item))
                segments[segmentSlot(of: item)].heat.refuse()
            } else {
                segments[segmentSlot(of: item)].heat.acknowledge()
                settle(item, &actions)
            }
        }
        precondition(refused.isEmpty, "positions \(refused) are not in the batch")
        let consumed = writing.settle(
            batch.charge, units: written.units, reported: answer.consumed, at: now)
        if batch.grant != nil {
            // Where nothing is reported, what the indexes take is estimated as before.
            let inAll =
                answer.consumed?.total ?? writing.estimate(units: written.units).reduce(0, +)
            settleShare(batch.grant, on: .target, consumed: inAll, &actions)
        }
        counters.itemsKept += answer.kept.count
        counters.itemsWritten += batch.items.count - refusedItems.count - answer.kept.count
        counters.storedBytesWritten += written.storedBytes - kept.storedBytes
        counters.jsonBytesWritten += written.jsonBytes - kept.jsonBytes
        counters.writeUnits += consumed
        counters.itemsUnprocessed += refusedItems.count
        if refusedItems.count < batch.items.count { patience.progressed() }
        retry(refusedItems, at: now)
        judge(
            items: batch.items.count, refused: refusedItems.count, units: consumed,
            roundTrip: answer.roundTrip, at: now)
        pump(at: now, &actions)
        return actions
    }

    package mutating func batchFailed(
        _ id: BatchID, _ failure: CopyFailure, roundTrip: Duration, at now: Instant
    ) -> [CopyAction] {
        let batch = batchCameBack(id)
        writing.settleFailed(
            batch.charge, isOutcomeUnknown: failure.isOutcomeUnknown, at: now)
        var actions: [CopyAction] = []
        settleShare(
            batch.grant, on: .target, consumed: failure.isOutcomeUnknown ? nil : 0, &actions)
        switch failure.kind {
        case .tooLong:
            // Only unprocessed items make a reply that long; which they were is not known.
            targetHealth.answered(at: now)
            if batch.items.count > 1 {
                halve(batch.items, at: now)
            } else {
                counters.itemsUnprocessed += 1
                retry(batch.items, failure, at: now)
            }
        case .remedy(.split):
            targetHealth.answered(at: now)
            refuse(batch.items, failure, at: now)
        case .remedy(.giveUp):
            end(.failed(failure), at: now)
        case .remedy(.slowDown):
            targetHealth.failed(
                Self.throttleBackoff, isRefusal: true, using: &generator, at: now)
            counters.writesThrottled += 1
            for item in batch.items { segments[segmentSlot(of: item)].heat.refuse() }
            patience.failed(failure, at: now)
            retry(batch.items, failure, at: now)
            judge(
                items: batch.items.count, refused: batch.items.count, units: 0,
                roundTrip: roundTrip, at: now)
        case .remedy(.retry), .remedy(.renewCredentials):
            counters.requestsFailed += 1
            patience.failed(failure, at: now)
            targetHealth.failed(Self.faultBackoff, using: &generator, at: now)
            retry(batch.items, failure, at: now)
        }
        pump(at: now, &actions)
        return actions
    }

    private mutating func batchCameBack(_ id: BatchID) -> Batch {
        guard let batch = batches[id.slot] else {
            preconditionFailure("batch \(id.slot) is not in flight")
        }
        batches[id.slot] = nil
        freeBatches.append(id.slot)
        writesInFlight -= 1
        batchBytesHeld -= 2 * batch.bodyBytes
        return batch
    }

    // MARK: Items

    func slice(of item: BatchItem) -> ItemSlice {
        pages[Int(item.page)].items[Int(item.index)]
    }

    private func segmentSlot(of item: BatchItem) -> Int { pages[Int(item.page)].segment }

    package mutating func settle(_ item: BatchItem, _ actions: inout [CopyAction]) {
        let page = Int(item.page)
        pages[page].settle(Int(item.index))
        if pages[page].unsettled == 0 { retire(page, &actions) }
    }

    /// - Parameter failure: of the request that they were in; nil when they came back unprocessed.
    private mutating func retry(
        _ items: [BatchItem], _ failure: CopyFailure? = nil, at now: Instant
    ) {
        guard !items.isEmpty else { return }
        counters.itemsRetried += items.count
        var items = items
        var attempt = 0
        for index in items.indices {
            attempt = max(attempt, Int(items[index].attempt))
            items[index].attempt += 1
            if failure?.isOutcomeUnknown == true { items[index].mayBeThere = true }
        }
        let delay = Self.retryBackoff.delay(attempt: attempt, using: &generator)
        retries.add(.init(due: now + delay, items: items, isWhole: false))
    }

    /// A batch was refused for its content: halves find the guilty item. They wait and are
    /// throttled like any other batch.
    private mutating func halve(_ items: [BatchItem], at now: Instant) {
        counters.itemsRetried += items.count
        let middle = items.count / 2
        for half in [items[..<middle], items[middle...]] {
            retries.add(.init(due: now, items: Array(half), isWhole: true))
        }
    }

    private mutating func refuse(
        _ items: [BatchItem], _ failure: CopyFailure, at now: Instant
    ) {
        guard items.count == 1 else { return halve(items, at: now) }
        if counters.itemsWritten + counters.itemsKept == 0 { refusedAloneBeforeAnyAccepted += 1 }
        refusedUnsaved.append(RefusedItem(item: items[0], failure: failure))
        let isSystemic =
            counters.deadLetters + refusedUnsaved.count + refusedInSave
            > configuration.deadLettersMax
            || refusedAloneBeforeAnyAccepted >= Self.refusedAloneMax
        guard isSystemic else { return }
        var systemic = failure
        systemic.message =
            counters.itemsWritten == 0
            ? "the target refuses every item: \(failure.message)"
            : "more than \(configuration.deadLettersMax) items were refused, the last with:"
                + " \(failure.message)"
        systemic.hint = failure.hint ?? "mend the cause, or raise --max-dead-letters"
        end(.failed(systemic), at: now)
    }

    // MARK: Throttling

    private mutating func judge(
        items: Int, refused: Int, units: Double, roundTrip: Duration, at now: Instant
    ) {
        answeredItems += items
        refusedItems += refused
        let verdict = writing.observed(
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
                work: Double(items - refused), roundTrip: roundTrip,
                heldBack: hold != nil && hold != .targetReplies, at: now)
        }
    }

    mutating func lookForHeat() {
        let share = answeredItems > 0 ? Double(refusedItems) / Double(answeredItems) : 0
        (answeredItems, refusedItems) = (0, 0)
        var wasSpent = false
        hasHeldBack = false
        for slot in segments.indices where segments[slot].isOpen {
            wasSpent = wasSpent || segments[slot].heat.isSpent
            segments[slot].heat.look(tableShare: share)
            hasHeldBack = hasHeldBack || segments[slot].heat.isHeldBack
        }
        guard wasSpent else { return }
        // Segments that had used up their allowance left the ring: they stand in it again, behind
        // the others, whose turns go on as they were.
        let standing = Set(ring)
        ring += segments.indices.filter { !standing.contains($0) && segments[$0].taking != nil }
    }

    // MARK: Batches

    /// Moves what is due again to where the next batches are taken from.
    mutating func releaseDue(at now: Instant) {
        while let group = retries.popDue(at: now) {
            if group.isWhole { whole.append(group.items) } else { due.add(group.items, at: now) }
        }
    }

    mutating func startWrites(
        at now: Instant, _ actions: inout [CopyAction], _ wake: inout Instant
    ) {
        hold = nil
        if isPaused {
            hold = .paused
            return
        }
        // While replies are on their way, the next one releases what is due, or the next look: a
        // wake of its own for each refused batch would cost more than sending it.
        if let next = retries.nextDue, writesInFlight == 0 { wake = min(wake, next) }
        if targetHealth.isPaused(at: now), let until = targetHealth.pausedUntil {
            hold = targetHealth.isRefusing ? .targetThrottled : .targetUnreachable
            wake = min(wake, until)
            return
        }
        let allowed = targetHealth.isDown ? 1 : concurrency.current
        while true {
            guard writesInFlight < allowed else {
                hold = .targetReplies
                return
            }
            guard let batch = pending ?? nextBatch(at: now) else {
                hold = reasonForNoBatch(at: now)
                writersRanDry(at: now)
                return
            }
            pending = batch
            guard batchBytesHeld + 2 * batch.bodyBytes <= configuration.memory.batchBytes else {
                hold = .memory
                return
            }
            let estimate = writing.estimate(units: batch.load.units)
            let ready = writing.readyAt(estimate, now: now)
            guard ready <= now else {
                hold = writing.pace.isThrottled ? .targetThrottled : .writeLimit
                wake = min(wake, max(ready, now + Self.unitsWait))
                return
            }
            guard mayShare(.target, units: estimate.reduce(0, +), &actions) else {
                hold = .sharedWriteLimit
                return
            }
            pending = nil
            send(batch, estimate, at: now, &actions)
        }
    }

    private func reasonForNoBatch(at now: Instant) -> CopyHold {
        if sourceHealth.isPaused(at: now) { return .sourceUnreachable }
        if reading.isThrottled { return .sourceThrottled }
        if scansInFlight == 0, shares[.source].isClaimed { return .sharedReadLimit }
        if scansInFlight == 0, reading.rate != nil { return .readLimit }
        return .sourcePages
    }

    private mutating func send(
        _ batch: Batch, _ estimate: WritePacing.Estimate, at now: Instant,
        _ actions: inout [CopyAction]
    ) {
        var batch = batch
        batch.charge = writing.take(estimate, at: now)
        batch.grant = shares[.target].take()
        batchBytesHeld += 2 * batch.bodyBytes
        if writesInFlight == 0 { targetHealth.asked(at: now) }
        writesInFlight += 1
        counters.writes += 1
        counters.bytesSent += batch.bodyBytes - MemoryBudget.batchEnvelope
        let slot: Int
        if let free = freeBatches.popLast() {
            slot = free
            batches[free] = batch
        } else {
            slot = batches.count
            batches.append(batch)
        }
        actions.append(
            .write(BatchID(slot: slot), batch.items, bodyBytesMax: batch.bodyBytes))
    }
}
