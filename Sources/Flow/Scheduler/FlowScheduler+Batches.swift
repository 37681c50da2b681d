import Pacing
import System

/// What comes of batches, and of the units that they go into.
extension FlowScheduler {
    // MARK: Batches

    package mutating func batchAnswered(
        _ id: BatchID, _ reply: BatchReply, roundTrip: Duration, at now: Instant
    ) -> [FlowAction] {
        let batch = writer.cameBack(id)
        var actions: [FlowAction] = []
        let fates = BatchFates(batch, reply, mixer, shape)
        var fullSlot: Int?
        if shape.hasUnits {
            precondition(reply.exceptions.isEmpty, "a unit takes all items of a batch")
            let slot = ledger.slot(of: batch.items[0])
            mixer.cameBack(slot)
            if reply.isUnitFull || units.isOverdue(slot, at: now) { fullSlot = slot }
        }
        let refused = settle(batch, but: fates.refused, &actions)
        if let fullSlot { units.markFull(fullSlot) }
        if units.hasFull { closeUnits(all: false, at: now, &actions) }
        let consumed = writer.answered(
            batch, written: fates.taken, reported: reply.units, at: now)
        UnitShares.settle(batch.grant, on: .target, consumed: consumed.inAll, &actions)
        counters.count(batch, fates, units: consumed.units)
        if refused.count < batch.items.count { stallTimeout.progressed() }
        retry(refused, at: now)
        judge(
            batch, refused: refused.count, units: consumed.units, roundTrip: roundTrip, at: now)
        pump(at: now, &actions)
        return actions
    }

    /// - Parameter positions: of items that are to be sent again.
    /// - Returns: these.
    private mutating func settle(
        _ batch: Batch, but positions: [Int], _ actions: inout [FlowAction]
    ) -> [ItemRef] {
        var positions = positions[...]
        var refused: [ItemRef] = []
        for (position, item) in batch.items.enumerated() {
            let slot = ledger.slot(of: item)
            if positions.first == position {
                positions.removeFirst()
                refused.append(item)
                writer.refused(of: slot)
            } else {
                writer.acknowledged(of: slot)
                if ledger.settle(item) { release(slot, &actions) }
            }
        }
        return refused
    }

    package mutating func batchFailed(
        _ id: BatchID, _ failure: FlowFailure, roundTrip: Duration, at now: Instant
    ) -> [FlowAction] {
        let batch = writer.cameBack(id)
        writer.failed(batch, failure, using: &generator, at: now)
        mayLand(within: failure.mayLandWithin, at: now)
        var actions: [FlowAction] = []
        UnitShares.settle(
            batch.grant, on: .target, consumed: failure.isOutcomeUnknown ? nil : 0, &actions)
        switch failure.remedy {
        case .split where shape.hasUnits:
            end(.failed(failure), at: now)
        case .split:
            refuse(batch.items, failure, at: now)
        case .giveUp:
            end(.failed(failure), at: now)
        case .slowDown:
            counters.writesThrottled += 1
            for item in batch.items { writer.refused(of: ledger.slot(of: item)) }
            stallTimeout.failed(failure, at: now)
            retry(batch.items, failure, at: now)
            judge(
                batch, refused: batch.items.count, units: 0, roundTrip: roundTrip, at: now)
        case .retry:
            counters.requestsFailed += 1
            stallTimeout.failed(failure, at: now)
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

    /// - Parameter failure: of the request that they were in; nil when they came back unprocessed.
    private mutating func retry(
        _ items: [ItemRef], _ failure: FlowFailure? = nil, at now: Instant
    ) {
        counters.itemsRetried += items.count
        if shape.hasUnits, !items.isEmpty {
            return mixer.retryWhole(items, using: &generator, at: now)
        }
        mixer.retry(
            items, mayBeWritten: failure?.isOutcomeUnknown == true, using: &generator, at: now)
    }

    private mutating func halve(_ items: [ItemRef], at now: Instant) {
        counters.itemsRetried += items.count
        mixer.halve(items, at: now)
    }

    private mutating func refuse(
        _ items: [ItemRef], _ failure: FlowFailure, at now: Instant
    ) {
        guard items.count == 1 else { return halve(items, at: now) }
        refuse(items[0], failure, at: now)
    }

    /// It is a dead letter.
    /// - Parameter isAnswered: the target has refused it; else it was found to be none before.
    mutating func refuse(
        _ item: ItemRef, _ failure: FlowFailure, isAnswered: Bool = true, at now: Instant
    ) {
        let isFirst = counters.itemsWritten + counters.itemsDeleted + counters.itemsKept == 0
        if isAnswered, isFirst {
            refusedAloneBeforeAnyAccepted += 1
        }
        ledger.refuse(RefusedItem(item: item, failure: failure))
        let isSystemic =
            counters.deadLetters + ledger.refusedWaiting > configuration.deadLettersMax
            || refusedAloneBeforeAnyAccepted >= Self.refusedAloneMax
        guard isSystemic else { return }
        let isRefusingAll = isAnswered && counters.itemsWritten + counters.itemsDeleted == 0
        let deadLetters = isRefusingAll ? nil : configuration.deadLettersMax
        end(.failed(FlowFailure(systemic: failure, after: deadLetters)), at: now)
    }

    // MARK: Units

    package mutating func unitSealed(_ unit: UnitNumber, at now: Instant) -> [FlowAction] {
        units.sealed(unit)
        stallTimeout.progressed()
        return pumped(at: now)
    }

    package mutating func sealFailed(
        _ unit: UnitNumber, _ failure: FlowFailure, at now: Instant
    ) -> [FlowAction] {
        units.failed(unit, using: &generator, at: now)
        switch failure.remedy {
        case .giveUp, .split: end(.failed(failure), at: now)
        case .retry, .slowDown:
            counters.requestsFailed += 1
            stallTimeout.failed(failure, at: now)
        }
        return pumped(at: now)
    }

    /// Nothing more goes into units that are full, or have been open for long, or into any.
    ///
    /// One stays open that holds more than its partition's position can pass: items behind one that
    /// is to be a dead letter, or a part of what came of one item. They would be in two units.
    mutating func closeUnits(all: Bool, at now: Instant, _ actions: inout [FlowAction]) {
        for slot in units.slotsToClose(all: all, at: now)
        where (all || !mixer.hasUnderWay(slot)) && mixer.isAtGroupEnd(slot)
            && !ledger.hasRefusedWaiting(slot)
        {
            actions += units.close(slot, at: ledger.reached(slot))
        }
    }
}
