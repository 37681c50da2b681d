import DynamoModel
import Pacing

/// Reading: which segment is asked for a page next, and what comes of the reply.
extension CopyScheduler {
    /// Pages that one segment may have open: reading ahead matters where there are few segments.
    private static let readAheadMax = 8
    /// The effect of more Scans shows only when they have come back.
    private static let scansGrowthInterval = Duration.milliseconds(20)

    // MARK: Events

    /// A page arrived whole. Returns the slot that it is known by from now on, and the actions.
    package mutating func pageArrived(
        segment index: Int, _ page: ArrivedPage, at now: Instant
    ) -> (page: Int, actions: [CopyAction]) {
        let slot = scanCameBack(index)
        sourceHealth.answered(at: now)
        patience.progressed()
        let units =
            page.readUnits
            ?? CapacityUnits.scan(
                bytes: page.storedBytes, consistent: configuration.isConsistentRead)
        reading.settle(segments[slot].charge, units: units, at: now)
        reading.observed(isThrottled: false, units: units, at: now)
        var actions: [CopyAction] = []
        settleShare(
            segments[slot].grant, on: .source, consumed: page.isPaid ? 0 : units, &actions)
        counters.readUnits += units
        counters.itemsRead += page.items.count
        counters.itemsLeftOut += page.leftOut.count
        counters.bytesRead += page.replyBytes
        sizing.learn(
            items: page.items.count, jsonBytes: page.replyBytes, storedBytes: page.storedBytes)
        segments[slot].failures = 0
        segments[slot].planned = nil
        segments[slot].isExhausted = page.isLast
        segments[slot].itemsRead += page.items.count
        let pageSlot = open(page, segment: slot)
        if pages[pageSlot].unsettled == 0 { retire(pageSlot, &actions) }
        pump(at: now, &actions)
        return (pageSlot, actions)
    }

    package mutating func scanFailed(
        segment index: Int, _ failure: CopyFailure, at now: Instant
    ) -> [CopyAction] {
        let slot = scanCameBack(index)
        let consumed: Double? = failure.isOutcomeUnknown ? nil : 0
        reading.settle(segments[slot].charge, units: consumed, at: now)
        var actions: [CopyAction] = []
        settleShare(segments[slot].grant, on: .source, consumed: consumed, &actions)
        switch failure.kind {
        case .tooLong(let bytes):
            sourceHealth.answered(at: now)
            let plan = segments[slot].reserved
            segments[slot].planned = sizing.plan(after: plan, tooLong: bytes)
            if segments[slot].planned == nil {
                end(.failed(failure), at: now)
            }
        case .remedy(.giveUp), .remedy(.split):
            end(.failed(failure), at: now)
        case .remedy(.slowDown):
            sourceHealth.answered(at: now)
            counters.scansThrottled += 1
            reading.observed(isThrottled: true, units: 0, at: now)
            postpone(slot, failure, at: now)
        case .remedy(.retry), .remedy(.renewCredentials):
            counters.requestsFailed += 1
            sourceHealth.failed(Self.faultBackoff, using: &generator, at: now)
            postpone(slot, failure, at: now)
        }
        pump(at: now, &actions)
        return actions
    }

    private mutating func scanCameBack(_ index: Int) -> Int {
        guard let slot = slotOfSegment[index], segments[slot].isScanning else {
            preconditionFailure("segment \(index) is not being scanned")
        }
        segments[slot].isScanning = false
        scansInFlight -= 1
        pageBytesHeld -= bytesReserved(segments[slot].reserved)
        return slot
    }

    private mutating func postpone(_ slot: Int, _ failure: CopyFailure, at now: Instant) {
        let delay = Self.retryBackoff.delay(
            attempt: segments[slot].failures, using: &generator)
        segments[slot].failures += 1
        segments[slot].retryAt = now + delay
        patience.failed(failure, at: now)
    }

    // MARK: Pages

    private mutating func open(_ page: ArrivedPage, segment slot: Int) -> Int {
        let open = OpenPage(
            segment: slot, items: page.items, storedBytes: page.storedBytes,
            heldBytes: page.heldBytes, leftOut: page.leftOut)
        pageBytesHeld += page.heldBytes
        let pageSlot: Int
        if let free = freePages.popLast() {
            pageSlot = free
            pages[free] = open
        } else {
            pageSlot = pages.count
            pages.append(open)
        }
        segments[slot].pages.append(pageSlot)
        segments[slot].itemsWaiting += pages[pageSlot].untaken
        if segments[slot].taking == nil, pages[pageSlot].untaken > 0 {
            segments[slot].taking = pageSlot
            ring.append(slot)
        }
        return pageSlot
    }

    /// Lets go of a page whose items are all settled, and of its segment when that was the last.
    mutating func retire(_ pageSlot: Int, _ actions: inout [CopyAction]) {
        let page = pages[pageSlot]
        precondition(page.unsettled == 0, "page \(pageSlot) has unsettled items")
        let slot = page.segment
        // Pages behind one that is still open are kept, so that the segment's position, which
        // passes them in order, can be told from the pages that are left.
        guard segments[slot].pages.first == pageSlot else { return }
        while let first = segments[slot].pages.first, pages[first].unsettled == 0 {
            pageBytesHeld -= pages[first].heldBytes
            segments[slot].itemsReleased += pages[first].items.count
            segments[slot].bytesReleased += pages[first].storedBytes
            segments[slot].pagesReleased += 1
            pages[first] = OpenPage.none
            freePages.append(first)
            segments[slot].pages.removeFirst()
            actions.append(.release(page: first))
        }
        if segments[slot].isExhausted, segments[slot].pages.isEmpty { close(slot) }
    }

    private mutating func close(_ slot: Int) {
        slotOfSegment[segments[slot].index] = nil
        finishedUnsaved.append(
            SegmentProgress(
                segment: segments[slot].index, position: nil,
                items: segments[slot].itemsReleased, bytes: segments[slot].bytesReleased))
        itemsReadInFinishedSegments += segments[slot].itemsRead
        segments[slot].close()
        freeSegments.append(slot)
        vacated.append(segments[slot].index)
        openSegments -= 1
        counters.segmentsFinished += 1
    }

    // MARK: Scans

    mutating func startScans(
        at now: Instant, _ actions: inout [CopyAction], _ wake: inout Instant
    ) {
        if isPaused { return }
        if sourceHealth.isPaused(at: now), let until = sourceHealth.pausedUntil {
            wake = min(wake, until)
            return
        }
        let allowed = sourceHealth.isDown ? 1 : scansAllowed
        while scansInFlight < allowed {
            // Mostly the pool is full; then there is no need to look for a segment.
            guard hasRoom(for: defaultPlan), let slot = nextToScan(at: now, &wake) else { return }
            let plan = segments[slot].planned ?? defaultPlan
            guard hasRoom(for: plan) else { return }
            let units = CapacityUnits.scan(
                bytes: sizing.storedBytesExpected(limit: plan.limit),
                consistent: configuration.isConsistentRead)
            let ready = reading.readyAt(units, now: now)
            guard ready <= now else {
                wake = min(wake, ready)
                return
            }
            guard mayShare(.source, units: units, &actions) else { return }
            segments[slot].charge = reading.take(units, at: now)
            segments[slot].grant = shares[.source].take()
            send(slot, plan, at: now, &actions)
        }
    }

    private func hasRoom(for plan: PageSizing.Plan) -> Bool {
        pageBytesHeld + bytesReserved(plan) <= configuration.memory.pageBytes
    }

    /// The reply, and where its items lie, in an array that may be twice as long as it must be.
    private func bytesReserved(_ plan: PageSizing.Plan) -> Int {
        let slices = 2 * plan.limit * MemoryLayout<ItemSlice>.stride
        return min(plan.reserve + slices, configuration.memory.pageBytes)
    }

    private var defaultPlan: PageSizing.Plan { sizing.plan() }

    private mutating func send(
        _ slot: Int, _ plan: PageSizing.Plan, at now: Instant, _ actions: inout [CopyAction]
    ) {
        if scansInFlight == 0 { sourceHealth.asked(at: now) }
        segments[slot].isScanning = true
        segments[slot].reserved = plan
        pageBytesHeld += bytesReserved(plan)
        scansInFlight += 1
        counters.scans += 1
        actions.append(
            .scan(
                segment: segments[slot].index, limit: plan.limit, replyBytesMax: plan.reserve))
    }

    /// The slot of the segment to scan next: a new one while fewer are open than may be, else the
    /// open one that has the fewest items left to take, and of these the one that has come least
    /// far: one that runs dry leaves its part of the target idle. Linear in the open segments.
    private mutating func nextToScan(at now: Instant, _ wake: inout Instant) -> Int? {
        if openSegments < configuration.openSegmentsMax, segmentsUnopened > 0 {
            return open(segment: nextUnfinished())
        }
        var best: Int?
        var bestWants = (waiting: Int.max, read: Int.max)
        let heldBackFull =
            hasHeldBack && pageBytesHeldBack > configuration.memory.pageBytes / 2
        for slot in segments.indices {
            // Looked at in place: most are passed over, and a copy of each would be what costs.
            let wants = (waiting: segments[slot].itemsWaiting, read: segments[slot].itemsRead)
            guard wants < bestWants,
                segments[slot].mayScan(pagesMax: Self.readAheadMax, heldBackFull: heldBackFull)
            else { continue }
            if segments[slot].retryAt > now {
                wake = min(wake, segments[slot].retryAt)
                continue
            }
            (best, bestWants) = (slot, wants)
        }
        return best
    }

    /// The next segment that no earlier run of the job has finished: of that part of the hash space
    /// which has been without one longest, once each has had its first.
    private mutating func nextUnfinished() -> Int {
        let part = order.isInFirstRound || vacated.isEmpty ? nil : vacated.removeFirst()
        while let index = order.next(near: part) {
            if let earlier = earlier[index], earlier.position == nil { continue }
            segmentsUnopened -= 1
            return index
        }
        preconditionFailure("\(segmentsUnopened) segments are to be opened, but none is left")
    }

    private mutating func open(segment index: Int) -> Int {
        openSegments += 1
        let before = earlier.removeValue(forKey: index)
        let segment = OpenSegment(
            index: index, items: before?.items ?? 0, bytes: before?.bytes ?? 0)
        let slot: Int
        if let free = freeSegments.popLast() {
            slot = free
            segments[free] = segment
        } else {
            slot = segments.count
            segments.append(segment)
        }
        slotOfSegment[index] = slot
        return slot
    }

    /// Bytes of pages whose segments are held back by a hot partition.
    private var pageBytesHeldBack: Int {
        segments.reduce(0) { sum, segment in
            guard segment.isOpen, segment.heat.isHeldBack else { return sum }
            return sum + segment.pages.reduce(0) { $0 + pages[$1].heldBytes }
        }
    }

    /// Allows more Scans at a time when the writers ran dry although all that are allowed were
    /// under way.
    mutating func writersRanDry(at now: Instant) {
        guard scansInFlight >= scansAllowed, !reading.isThrottled, now >= scansMayGrowAt else {
            return
        }
        scansMayGrowAt = now + Self.scansGrowthInterval
        scansAllowed = min(configuration.scansMax, scansAllowed + scansAllowed / 2)
    }
}
