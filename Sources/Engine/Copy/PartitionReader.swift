import DynamoModel
import Pacing
import System

/// Which page is read next, and whether it may be asked for now.
///
/// Segments are open up to a number, evenly over the hash space, each in a slot: the reader gives
/// the slot, and ``Ledger``, ``BatchMixer`` and ``BatchWriter`` know the segment by it for as long
/// as it is open. A Scan is sent only when its reserve fits the page pool and its units fit the
/// limit.
struct PartitionReader: Sendable {
    /// A segment that is being scanned or whose pages are still on their way to the target.
    private struct Slot: Sendable {
        /// The segment's number, 0 ..< `TotalSegments`.
        let segment: Int
        /// Items, and their sizes, that earlier runs of the job have settled of it.
        let itemsBefore: Int
        let bytesBefore: Int
        /// A page of it has arrived.
        var hasBegun = false
        var pagesOpen = 0
        /// Bytes of its open pages.
        var bytesHeld = 0
        var isScanning = false
        /// Its last page has arrived.
        var isExhausted = false
        /// Items read so far, in earlier runs of the job too: segments are advanced evenly.
        var itemsRead: Int
        /// A hot partition of the target holds it.
        var isHeldBack = false
        /// Scans that failed in a row, and when it may be asked again.
        var failures = 0
        var retryAt = Instant.zero
        /// What the next Scan asks for when the last reply was too long for its reserve.
        var planned: PageSizing.Plan?
        /// What the Scan in flight set aside.
        var reserved = PageSizing.Plan(limit: 1, reserve: 0)
        var charge: TokenBucket.Reservation?
        var grant: SharedBucket.Grant?
        /// False while the slot waits for another segment. (An optional in an array would be
        /// copied as a whole for each look into it.)
        var isOpen = true

        init(segment: Int, before: SegmentProgress?) {
            self.segment = segment
            itemsBefore = before?.items ?? 0
            bytesBefore = before?.bytes ?? 0
            itemsRead = itemsBefore
        }

        /// Whether it may be asked for a further page, its last failure apart.
        func mayScan(pagesMax: Int, heldBackFull: Bool) -> Bool {
            guard isOpen, !isScanning, !isExhausted, pagesOpen < pagesMax else { return false }
            return !isHeldBack || (pagesOpen == 0 && !heldBackFull)
        }
    }

    /// A Scan that may be sent now, as far as the reader goes.
    struct Scan {
        fileprivate let slot: Int
        fileprivate let plan: PageSizing.Plan
        /// Read units that it is expected to take.
        let units: Double
    }

    /// What came of a page's arrival.
    struct Arrival {
        let slot: Int
        /// Read units that the page took.
        let units: Double
        let grant: SharedBucket.Grant?
        /// Where the segment stood before, when this is its first page in this run.
        let begun: SegmentProgress?
    }

    /// What comes of a Scan that failed.
    enum Setback {
        /// It is asked for again with a larger reserve, or fewer items.
        case resized
        case throttled
        case fault
        /// Repeating it is of no use.
        case final
    }

    private let configuration: CopyConfiguration
    private var order: SegmentOrder
    /// Segments that have not been opened, apart from those that earlier runs have finished.
    private var unopened: Int
    /// Segments that were closed and in whose part of the hash space no other was opened yet.
    private var vacated: [Int] = []
    /// Segments that earlier runs of the job had begun, and that this one has not opened yet.
    private var earlier: [Int: SegmentProgress]
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var slotOfSegment: [Int: Int] = [:]
    private var openCount = 0
    /// Some segment was held back by a hot partition at the last look.
    private var hasHeldBack = false
    private(set) var scansInFlight = 0
    private var scansAllowed: Int
    private var scansMayGrowAt: Instant
    private var bytesHeld = 0
    private var sizing: PageSizing
    private var pacing: ReadPacing
    private var health = SideHealth()
    private(set) var segmentsFinished = 0
    /// For estimating how many items there are in all.
    private(set) var itemsInFinished = 0
    var flaw: SchedulerFlaw?

    /// Pages that one segment may have open: reading ahead matters where there are few segments.
    private static let readAheadMax = 8
    /// The effect of more Scans shows only when they have come back.
    private static let scansGrowthInterval = Duration.milliseconds(20)

    init(_ configuration: CopyConfiguration, at now: Instant) {
        self.configuration = configuration
        order = SegmentOrder(total: configuration.segments, parts: configuration.openSegmentsMax)
        unopened = configuration.segments
        earlier = Dictionary(uniqueKeysWithValues: configuration.earlier.map { ($0.segment, $0) })
        scansAllowed = min(8, configuration.scansMax)
        scansMayGrowAt = now
        sizing = PageSizing(
            poolBytes: configuration.memory.pageBytes, openSegments: configuration.slots,
            itemBytesReported: configuration.itemBytesReported)
        pacing = ReadPacing(configuration.read, at: now)
        for segment in configuration.earlier where segment.position == nil {
            segmentsFinished += 1
            unopened -= 1
            itemsInFinished += segment.items
        }
    }

    // MARK: What it can tell

    /// Nothing is left to be read, and every page that was read has been let go of.
    var isDone: Bool { unopened == 0 && openCount == 0 && scansInFlight == 0 }
    /// Units a second that reading is held to; nil when nothing holds it.
    var rate: Double? { pacing.rate }
    /// Whether throttling by the source is what holds it.
    var isThrottled: Bool { pacing.isThrottled }

    /// Whether the source is left alone for a while, since it does not answer.
    func isPaused(at now: Instant) -> Bool { health.isPaused(at: now) }
    func isSilent(at now: Instant) -> Bool { health.isSilent(at: now, underWay: scansInFlight) }

    mutating func consumedPerSecond(at now: Instant) -> Double {
        pacing.consumedPerSecond(at: now)
    }

    // MARK: Which page next

    /// The Scan that may be sent now, or nil; then `wake` is no later than when time alone will
    /// bring one.
    /// - Parameter waiting: by slot, items that were read and not yet taken for a batch.
    mutating func next(
        waiting: [Int], at now: Instant, _ wake: inout Instant
    ) -> Scan? {
        if health.isPaused(at: now), let until = health.pausedUntil {
            wake = min(wake, until)
            return nil
        }
        // Mostly the pool is full; then there is no need to look for a segment.
        guard scansInFlight < (health.isDown ? 1 : scansAllowed), hasRoom(for: defaultPlan),
            let slot = slotToScan(waiting, at: now, &wake)
        else { return nil }
        let plan = slots[slot].planned ?? defaultPlan
        guard hasRoom(for: plan) else { return nil }
        let units = CapacityUnits.scan(
            bytes: sizing.storedBytesExpected(limit: plan.limit),
            consistent: configuration.isConsistentRead)
        let ready = pacing.readyAt(units, now: now)
        guard ready <= now else {
            wake = min(wake, ready)
            return nil
        }
        return Scan(slot: slot, plan: plan, units: units)
    }

    /// The Scan is sent: takes its units and its reserve.
    mutating func send(
        _ scan: Scan, grant: SharedBucket.Grant?, at now: Instant
    ) -> CopyAction {
        let slot = scan.slot
        slots[slot].charge = pacing.take(scan.units, at: now)
        slots[slot].grant = grant
        if scansInFlight == 0 { health.asked(at: now) }
        slots[slot].isScanning = true
        slots[slot].reserved = scan.plan
        bytesHeld += bytesReserved(scan.plan)
        scansInFlight += 1
        return .scan(
            segment: slots[slot].segment, limit: scan.plan.limit,
            replyBytesMax: scan.plan.reserve)
    }

    private var defaultPlan: PageSizing.Plan {
        sizing.plan(
            storedBytesMax: pacing.pageBytesMax(consistent: configuration.isConsistentRead))
    }

    private func hasRoom(for plan: PageSizing.Plan) -> Bool {
        if flaw == .readsBeyondMemory { return true }
        return bytesHeld + bytesReserved(plan) <= configuration.memory.pageBytes
    }

    /// The reply, and where its items lie, in an array that may be twice as long as it must be.
    private func bytesReserved(_ plan: PageSizing.Plan) -> Int {
        let slices = 2 * plan.limit * MemoryLayout<ItemSlice>.stride
        return min(plan.reserve + slices, configuration.memory.pageBytes)
    }

    /// The slot of the segment to scan next: a new one while fewer are open than may be, else the
    /// open one that has the fewest items left to take, and of these the one that has come least
    /// far: one that runs dry leaves its part of the target idle. Linear in the open segments.
    private mutating func slotToScan(
        _ waiting: [Int], at now: Instant, _ wake: inout Instant
    ) -> Int? {
        if openCount < configuration.openSegmentsMax, unopened > 0 {
            return open(segment: nextUnfinished())
        }
        var best: Int?
        var bestWants = (waiting: Int.max, read: Int.max)
        let heldBackFull = hasHeldBack && bytesHeldBack > configuration.memory.pageBytes / 2
        for slot in slots.indices {
            // Looked at in place: most are passed over, and a copy of each would be what costs.
            let wants = (waiting: waiting[slot], read: slots[slot].itemsRead)
            guard wants < bestWants,
                slots[slot].mayScan(pagesMax: Self.readAheadMax, heldBackFull: heldBackFull)
            else { continue }
            if slots[slot].retryAt > now {
                wake = min(wake, slots[slot].retryAt)
                continue
            }
            (best, bestWants) = (slot, wants)
        }
        return best
    }

    /// Bytes of pages whose segments are held back by a hot partition.
    private var bytesHeldBack: Int {
        slots.reduce(0) { $0 + ($1.isOpen && $1.isHeldBack ? $1.bytesHeld : 0) }
    }

    /// The next segment that no earlier run of the job has finished: of that part of the hash space
    /// which has been without one longest, once each has had its first.
    private mutating func nextUnfinished() -> Int {
        let part = order.isInFirstRound || vacated.isEmpty ? nil : vacated.removeFirst()
        while let segment = order.next(near: part) {
            if let earlier = earlier[segment], earlier.position == nil { continue }
            unopened -= 1
            return segment
        }
        preconditionFailure("\(unopened) segments are to be opened, but none is left")
    }

    private mutating func open(segment: Int) -> Int {
        openCount += 1
        let opened = Slot(segment: segment, before: earlier.removeValue(forKey: segment))
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            slots[free] = opened
        } else {
            slot = slots.count
            slots.append(opened)
        }
        slotOfSegment[segment] = slot
        return slot
    }

    // MARK: What comes of it

    mutating func arrived(
        segment: Int, _ page: ArrivedPage, at now: Instant
    ) -> Arrival {
        let slot = cameBack(segment)
        health.answered(at: now)
        let units =
            page.readUnits
            ?? CapacityUnits.scan(
                bytes: page.storedBytes, consistent: configuration.isConsistentRead)
        pacing.settle(slots[slot].charge, units: units, at: now)
        pacing.observed(isThrottled: false, units: units, at: now)
        sizing.learn(
            items: page.items.count, jsonBytes: page.replyBytes, storedBytes: page.storedBytes)
        slots[slot].failures = 0
        slots[slot].planned = nil
        slots[slot].isExhausted = page.isLast
        slots[slot].itemsRead += page.items.count
        slots[slot].pagesOpen += 1
        slots[slot].bytesHeld += page.heldBytes
        bytesHeld += page.heldBytes
        defer { slots[slot].hasBegun = true }
        return Arrival(
            slot: slot, units: units, grant: slots[slot].grant,
            begun: slots[slot].hasBegun ? nil : progressBefore(slot))
    }

    private func progressBefore(_ slot: Int) -> SegmentProgress {
        SegmentProgress(
            segment: slots[slot].segment, position: .afterReleased,
            items: slots[slot].itemsBefore, bytes: slots[slot].bytesBefore)
    }

    /// - Returns: what comes of it, and the grant that it was sent on.
    mutating func failed(
        segment: Int, _ failure: CopyFailure, using generator: inout SeededGenerator,
        at now: Instant
    ) -> (Setback, SharedBucket.Grant?) {
        let slot = cameBack(segment)
        pacing.settle(
            slots[slot].charge, units: failure.isOutcomeUnknown ? nil : 0, at: now)
        let grant = slots[slot].grant
        switch failure.kind {
        case .tooLong(let bytes):
            health.answered(at: now)
            slots[slot].planned = sizing.plan(after: slots[slot].reserved, tooLong: bytes)
            return (slots[slot].planned == nil ? .final : .resized, grant)
        case .remedy(.giveUp), .remedy(.split):
            return (.final, grant)
        case .remedy(.slowDown):
            health.answered(at: now)
            pacing.observed(isThrottled: true, units: 0, at: now)
            postpone(slot, using: &generator, at: now)
            return (.throttled, grant)
        case .remedy(.retry), .remedy(.renewCredentials):
            health.failed(CopyScheduler.faultBackoff, using: &generator, at: now)
            postpone(slot, using: &generator, at: now)
            return (.fault, grant)
        }
    }

    private mutating func cameBack(_ segment: Int) -> Int {
        guard let slot = slotOfSegment[segment], slots[slot].isScanning else {
            preconditionFailure("segment \(segment) is not being scanned")
        }
        slots[slot].isScanning = false
        scansInFlight -= 1
        bytesHeld -= bytesReserved(slots[slot].reserved)
        return slot
    }

    private mutating func postpone(
        _ slot: Int, using generator: inout SeededGenerator, at now: Instant
    ) {
        let delay = CopyScheduler.retryBackoff.delay(
            attempt: slots[slot].failures, using: &generator)
        slots[slot].failures += 1
        slots[slot].retryAt = now + delay
    }

    /// A page of the segment has been let go of.
    mutating func released(bytes: Int, of slot: Int) {
        slots[slot].pagesOpen -= 1
        slots[slot].bytesHeld -= bytes
        bytesHeld -= bytes
    }

    /// Gives the slot of a segment free that has been read to its end and let go of.
    /// - Returns: whether it was one.
    mutating func close(_ slot: Int) -> Bool {
        let isRead =
            flaw == .finishesAtGap ? !slots[slot].isScanning : slots[slot].isExhausted
        guard isRead, slots[slot].pagesOpen == 0 else { return false }
        slotOfSegment[slots[slot].segment] = nil
        itemsInFinished += slots[slot].itemsRead
        segmentsFinished += 1
        slots[slot].isOpen = false
        freeSlots.append(slot)
        vacated.append(slots[slot].segment)
        openCount -= 1
        return true
    }

    // MARK: Pace

    mutating func setLimit(_ limit: ReadLimit, at now: Instant) {
        pacing.setLimit(limit, at: now)
    }

    /// Lets the pace grow; call it a few times a second.
    mutating func timePassed(at now: Instant) { pacing.timePassed(at: now) }

    /// These segments are held back from now on, and no others.
    mutating func holdBack(_ heldBack: [Int]) {
        if hasHeldBack { for slot in slots.indices { slots[slot].isHeldBack = false } }
        for slot in heldBack { slots[slot].isHeldBack = true }
        hasHeldBack = !heldBack.isEmpty
    }

    /// Allows more Scans at a time when the writers ran dry although all that are allowed were
    /// under way.
    mutating func writersRanDry(at now: Instant) {
        guard scansInFlight >= scansAllowed, !pacing.isThrottled, now >= scansMayGrowAt else {
            return
        }
        scansMayGrowAt = now + Self.scansGrowthInterval
        scansAllowed = min(configuration.scansMax, scansAllowed + scansAllowed / 2)
    }
}
