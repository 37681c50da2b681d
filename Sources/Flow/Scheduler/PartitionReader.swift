import DynamoModel
import Pacing
import System

/// Which page is read next, and whether it may be asked for now.
///
/// Partitions are known by their places in the list that the source gave. They are open up to a
/// number, evenly over that list, each in a slot: the reader gives the slot, and ``Ledger``,
/// ``BatchMixer`` and ``BatchWriter`` know the partition by it for as long as it is open. A read is
/// sent only when its reserve fits the page pool and its units fit the limit.
struct PartitionReader: Sendable {
    /// A partition that is being read or whose pages are still on their way to the target.
    private struct Slot: Sendable {
        let partition: Int
        /// Where earlier runs of the job have left it.
        let before: PartitionProgress?
        /// Behind the page that arrived last; nil: at the partition's start.
        var cursor: Cursor?
        /// A page of it has arrived.
        var hasBegun = false
        var pagesOpen = 0
        /// Bytes of its open pages.
        var bytesHeld = 0
        var isReading = false
        /// Its last page has arrived.
        var isExhausted = false
        /// Items read so far, in earlier runs of the job too: partitions are advanced evenly.
        var itemsRead: Int
        /// A hot partition of the target holds it.
        var isHeldBack = false
        /// Reads that failed in a row, and when it may be asked again.
        var failures = 0
        var retryAt = Instant.zero
        /// What the next read asks for when the last reply was too long for its reserve.
        var planned: PageSizing.Plan?
        /// What the read in flight set aside.
        var reserved = PageSizing.Plan(limit: 1, reserve: 0)
        var charge: TokenBucket.Reservation?
        var chargeElsewhere: TokenBucket.Reservation?
        var grant: SharedBucket.Grant?
        /// False while the slot waits for another partition. (An optional in an array would be
        /// copied as a whole for each look into it.)
        var isOpen = true

        init(partition: Int, before: PartitionProgress?) {
            self.partition = partition
            self.before = before
            if case .at(let cursor) = before?.position { self.cursor = cursor }
            itemsRead = before?.items ?? 0
        }

        /// Whether it may be asked for a further page, its last failure apart.
        func mayRead(pagesMax: Int, heldBackFull: Bool) -> Bool {
            guard isOpen, !isReading, !isExhausted, pagesOpen < pagesMax else { return false }
            return !isHeldBack || (pagesOpen == 0 && !heldBackFull)
        }
    }

    /// A read that may be sent now, as far as the reader goes.
    struct Read {
        fileprivate let slot: Int
        fileprivate let plan: PageSizing.Plan
        /// Read units that it is expected to take.
        let units: Double
    }

    /// What came of a page's arrival.
    struct Arrival {
        let slot: Int
        /// Read units that the page took, of the source and of the other side.
        let units: Double
        let elsewhere: Double
        let grant: SharedBucket.Grant?
        /// Where the partition stood before, when this is its first page in this run.
        let begun: PartitionProgress?
    }

    /// What comes of a read that failed.
    enum ReadSetback {
        /// It is asked for again with a larger reserve, or fewer items.
        case resized
        case throttled
        case fault
        /// Repeating it is of no use.
        case final
    }

    private let configuration: FlowConfiguration
    private var order: PartitionOrder
    private var waves = WaveBook()
    /// Where the partitions of the wave that is read begin.
    private var waveStart = 0
    /// Partitions of it that have not been opened, apart from those that earlier runs have
    /// finished.
    private var unopened = 0
    /// How many there are in all; 0 before the source has answered.
    private(set) var partitions = 0
    /// Partitions that were closed and in whose part of the hash space no other was opened yet.
    private var vacated: [Int] = []
    /// Partitions that earlier runs of the job had begun, and that this one has not opened yet.
    private var earlier: [Int: PartitionProgress] = [:]
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var slotOfPartition: [Int: Int] = [:]
    private var openCount = 0
    /// Some partition was held back by a hot partition at the last look.
    private var hasHeldBack = false
    private(set) var readsInFlight = 0
    private var readsAllowed: Int
    private var readsMayGrowAt: Instant
    private var bytesHeld = 0
    private var sizing: PageSizing
    private var pacing: ReadPacing
    /// Of a source that reads the other side too; nil for most.
    private var elsewhere: ReadPacing?
    private var health = CircuitBreaker()
    /// Items that have arrived.
    private var itemsArrived: RateWindow
    private(set) var partitionsFinished = 0
    /// For estimating how many items there are in all.
    private(set) var itemsInFinished = 0
    var flaw: SchedulerFlaw?

    /// Pages that one partition may have open: reading ahead matters where there are few
    /// partitions.
    private static let readAheadMax = 8
    /// The effect of more reads shows only when they have come back.
    private static let readsGrowthInterval = Duration.milliseconds(20)

    init(_ configuration: FlowConfiguration, at now: Instant) {
        self.configuration = configuration
        order = PartitionOrder(total: 1)
        readsAllowed = min(8, configuration.readsMax)
        readsMayGrowAt = now
        sizing = Self.sizing(configuration, openPartitions: 1)
        pacing = ReadPacing(configuration.read, at: now)
        elsewhere = configuration.readElsewhere.map { ReadPacing($0, at: now) }
        itemsArrived = RateWindow(at: now)
    }

    /// The source has answered what there is to read.
    /// - Parameters:
    ///   - waves: of each partition.
    ///   - earlier: where earlier runs of the job left those that they had begun.
    mutating func begin(_ waves: [Int], _ earlier: [PartitionProgress]) {
        partitions = waves.count
        sizing = Self.sizing(
            configuration, openPartitions: min(max(1, partitions), configuration.openMax))
        for progress in earlier {
            self.earlier[progress.partition] = progress
            guard progress.position == .finished else { continue }
            partitionsFinished += 1
            itemsInFinished += progress.items
        }
        self.waves = WaveBook(waves, self.earlier)
        if self.waves.mayEnterAtOnce || flaw == .forgetsEarlierRuns { enterWave() }
    }

    /// All that was to be read of a wave has been let go of, and there is a next one.
    var isBetweenWaves: Bool { isWaveDone && !waves.isEmpty }

    /// Nothing that was written before may replace what the next wave writes.
    mutating func enterWave() {
        guard let wave = waves.enter() else { return }
        waveStart = wave.partitions.lowerBound
        unopened = wave.unfinished
        order = PartitionOrder(total: wave.partitions.count, parts: configuration.openMax)
        vacated = []
    }

    private var isWaveDone: Bool { unopened == 0 && openCount == 0 && readsInFlight == 0 }

    private static func sizing(
        _ configuration: FlowConfiguration, openPartitions: Int
    ) -> PageSizing {
        PageSizing(
            configuration.page, poolBytes: configuration.memory.pageBytes,
            openPartitions: openPartitions, itemBytesReported: configuration.itemBytesReported)
    }

    // MARK: What it can tell

    /// Nothing is left to be read, and every page that was read has been let go of.
    var isDone: Bool { isWaveDone && waves.isEmpty }
    /// Units a second that reading is held to; nil when nothing holds it.
    var rate: Double? { pacing.rate }
    /// Whether throttling by the source is what holds it.
    var isThrottled: Bool { pacing.isThrottled }

    /// Whether the source is left alone for a while, since it does not answer.
    func isPaused(at now: Instant) -> Bool { health.isPaused(at: now) }
    func isSilent(at now: Instant) -> Bool { health.isSilent(at: now, underWay: readsInFlight) }

    mutating func consumedPerSecond(at now: Instant) -> Double {
        pacing.consumedPerSecond(at: now)
    }

    mutating func consumedElsewhere(at now: Instant) -> (units: Double, limit: Double?) {
        (elsewhere?.consumedPerSecond(at: now) ?? 0, elsewhere?.rate)
    }

    mutating func itemsPerSecond(at now: Instant) -> Double { itemsArrived.perSecond(at: now) }

    // MARK: Which page next

    /// The read that may be sent now, or nil; then `wake` is no later than when time alone will
    /// bring one.
    /// - Parameter waiting: by slot, items that were read and not yet taken for a batch.
    mutating func next(
        waiting: [Int], at now: Instant, _ wake: inout Instant
    ) -> Read? {
        if health.isPaused(at: now), let until = health.pausedUntil {
            wake = min(wake, until)
            return nil
        }
        // Mostly the pool is full; then there is no need to look for a partition.
        guard readsInFlight < (health.isDown ? 1 : readsAllowed), hasRoom(for: defaultPlan),
            let slot = slotToRead(waiting, at: now, &wake)
        else { return nil }
        let plan = slots[slot].planned ?? defaultPlan
        guard hasRoom(for: plan) else { return nil }
        let units = configuration.page.units(
            items: plan.limit, bytes: sizing.storedBytesExpected(limit: plan.limit))
        let ready = max(
            pacing.readyAt(units, now: now), elsewhere?.readyAt(units, now: now) ?? now)
        guard ready <= now else {
            wake = min(wake, ready)
            return nil
        }
        return Read(slot: slot, plan: plan, units: units)
    }

    /// The read is sent: takes its units and its reserve.
    mutating func send(
        _ read: Read, grant: SharedBucket.Grant?, at now: Instant
    ) -> FlowAction {
        let slot = read.slot
        slots[slot].charge = pacing.take(read.units, at: now)
        slots[slot].chargeElsewhere = elsewhere?.take(read.units, at: now)
        slots[slot].grant = grant
        if readsInFlight == 0 { health.asked(at: now) }
        slots[slot].isReading = true
        slots[slot].reserved = read.plan
        bytesHeld += bytesReserved(read.plan)
        readsInFlight += 1
        return .read(
            partition: slots[slot].partition, after: slots[slot].cursor,
            itemsMax: read.plan.limit, bytesMax: read.plan.reserve)
    }

    private var defaultPlan: PageSizing.Plan {
        sizing.plan(storedBytesMax: pacing.pageBytesMax(configuration.page))
    }

    private func hasRoom(for plan: PageSizing.Plan) -> Bool {
        if flaw == .readsBeyondMemory { return true }
        return bytesHeld + bytesReserved(plan) <= configuration.memory.pageBytes
    }

    /// The reply, and where its items lie, in arrays that may be twice as long as they must be.
    private func bytesReserved(_ plan: PageSizing.Plan) -> Int {
        let slices = 2 * plan.limit * (MemoryLayout<ItemSlice>.stride + configuration.growth)
        return min(
            plan.reserve * configuration.pageFactor + slices, configuration.memory.pageBytes)
    }

    /// The slot of the partition to read next: a new one while fewer are open than may be, else the
    /// open one that has the fewest items left to take, and of these the one that has come least
    /// far: one that runs dry leaves its part of the target idle. Linear in the open partitions.
    private mutating func slotToRead(
        _ waiting: [Int], at now: Instant, _ wake: inout Instant
    ) -> Int? {
        if openCount < configuration.openMax, unopened > 0 {
            return open(partition: nextUnfinished())
        }
        var best: Int?
        var bestWants = (waiting: Int.max, read: Int.max)
        let heldBackFull = hasHeldBack && bytesHeldBack > configuration.memory.pageBytes / 2
        for slot in slots.indices {
            // Looked at in place: most are passed over, and a copy of each would be what costs.
            let wants = (waiting: waiting[slot], read: slots[slot].itemsRead)
            guard wants < bestWants,
                slots[slot].mayRead(pagesMax: Self.readAheadMax, heldBackFull: heldBackFull)
            else { continue }
            if slots[slot].retryAt > now {
                wake = min(wake, slots[slot].retryAt)
                continue
            }
            (best, bestWants) = (slot, wants)
        }
        return best
    }

    /// Bytes of pages whose partitions are held back by a hot partition.
    private var bytesHeldBack: Int {
        slots.reduce(0) { $0 + ($1.isOpen && $1.isHeldBack ? $1.bytesHeld : 0) }
    }

    /// The next partition that no earlier run of the job has finished: of that part of the hash
    /// space which has been without one longest, once each has had its first.
    private mutating func nextUnfinished() -> Int {
        let part = order.isInFirstRound || vacated.isEmpty ? nil : vacated.removeFirst() - waveStart
        while let place = order.next(near: part) {
            let partition = waveStart + place
            if earlier[partition]?.position == .finished { continue }
            unopened -= 1
            return partition
        }
        preconditionFailure("\(unopened) partitions are to be opened, but none is left")
    }

    private mutating func open(partition: Int) -> Int {
        openCount += 1
        let opened = Slot(partition: partition, before: earlier.removeValue(forKey: partition))
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            slots[free] = opened
        } else {
            slot = slots.count
            slots.append(opened)
        }
        slotOfPartition[partition] = slot
        return slot
    }

    // MARK: What comes of it

    mutating func arrived(
        partition: Int, _ page: ArrivedPage, at now: Instant
    ) -> Arrival {
        let slot = cameBack(partition)
        health.answered(at: now)
        let estimate = configuration.page.units(items: page.count, bytes: page.storedBytes)
        let units = page.units ?? estimate
        let unitsElsewhere = elsewhere == nil ? 0 : page.unitsElsewhere ?? estimate
        pacing.settle(slots[slot].charge, units: units, at: now)
        pacing.observed(isThrottled: false, units: units, at: now)
        elsewhere?.settle(slots[slot].chargeElsewhere, units: unitsElsewhere, at: now)
        elsewhere?.observed(isThrottled: false, units: unitsElsewhere, at: now)
        if page.storedBytes > 0 {
            sizing.learn(
                items: page.count, jsonBytes: page.replyBytes, storedBytes: page.storedBytes)
        }
        itemsArrived.add(Double(page.count), at: now)
        slots[slot].failures = 0
        slots[slot].planned = nil
        switch page.next {
        case .more(let cursor): slots[slot].cursor = cursor
        case .end: slots[slot].isExhausted = true
        }
        slots[slot].itemsRead += page.count
        slots[slot].pagesOpen += 1
        slots[slot].bytesHeld += page.heldBytes
        bytesHeld += page.heldBytes
        defer { slots[slot].hasBegun = true }
        return Arrival(
            slot: slot, units: units, elsewhere: unitsElsewhere, grant: slots[slot].grant,
            begun: slots[slot].hasBegun ? nil : progressBefore(slot))
    }

    private func progressBefore(_ slot: Int) -> PartitionProgress {
        slots[slot].before
            ?? PartitionProgress(
                partition: slots[slot].partition, position: .start, items: 0, bytes: 0)
    }

    /// - Returns: what comes of it, and the grant that it was sent on.
    mutating func failed(
        partition: Int, _ failure: FlowFailure, using generator: inout SeededGenerator,
        at now: Instant
    ) -> (ReadSetback, SharedBucket.Grant?) {
        let slot = cameBack(partition)
        let consumed = failure.isOutcomeUnknown ? nil : 0.0
        pacing.settle(slots[slot].charge, units: consumed, at: now)
        elsewhere?.settle(slots[slot].chargeElsewhere, units: consumed, at: now)
        let grant = slots[slot].grant
        switch failure.remedy {
        case .split:
            health.answered(at: now)
            slots[slot].planned = sizing.plan(
                after: slots[slot].reserved, tooLong: failure.replyBytes)
            return (slots[slot].planned == nil ? .final : .resized, grant)
        case .giveUp:
            return (.final, grant)
        case .slowDown:
            health.answered(at: now)
            // Which side it was is not known: both are spared.
            pacing.observed(isThrottled: true, units: 0, at: now)
            elsewhere?.observed(isThrottled: true, units: 0, at: now)
            postpone(slot, using: &generator, at: now)
            return (.throttled, grant)
        case .retry:
            health.failed(FlowScheduler.faultBackoff, using: &generator, at: now)
            postpone(slot, using: &generator, at: now)
            return (.fault, grant)
        }
    }

    private mutating func cameBack(_ partition: Int) -> Int {
        guard let slot = slotOfPartition[partition], slots[slot].isReading else {
            preconditionFailure("partition \(partition) is not being read")
        }
        slots[slot].isReading = false
        readsInFlight -= 1
        bytesHeld -= bytesReserved(slots[slot].reserved)
        return slot
    }

    private mutating func postpone(
        _ slot: Int, using generator: inout SeededGenerator, at now: Instant
    ) {
        let delay = FlowScheduler.retryBackoff.delay(
            attempt: slots[slot].failures, using: &generator)
        slots[slot].failures += 1
        slots[slot].retryAt = now + delay
    }

    /// A page of the partition has been let go of.
    mutating func released(bytes: Int, of slot: Int) {
        slots[slot].pagesOpen -= 1
        slots[slot].bytesHeld -= bytes
        bytesHeld -= bytes
    }

    /// Gives the slot of a partition free that has been read to its end and let go of.
    /// - Returns: whether it was one.
    mutating func close(_ slot: Int) -> Bool {
        let isRead =
            flaw == .finishesAtGap ? !slots[slot].isReading : slots[slot].isExhausted
        guard isRead, slots[slot].pagesOpen == 0 else { return false }
        slotOfPartition[slots[slot].partition] = nil
        itemsInFinished += slots[slot].itemsRead
        partitionsFinished += 1
        slots[slot].isOpen = false
        freeSlots.append(slot)
        vacated.append(slots[slot].partition)
        openCount -= 1
        return true
    }

    // MARK: Pace

    /// - Parameter limit: of the other side; nil leaves that as it is.
    mutating func setLimit(_ limit: ReadLimit, elsewhere other: ReadLimit?, at now: Instant) {
        pacing.setLimit(limit, at: now)
        if let other { elsewhere?.setLimit(other, at: now) }
    }

    /// Lets the pace grow; call it a few times a second.
    mutating func timePassed(at now: Instant) {
        pacing.timePassed(at: now)
        elsewhere?.timePassed(at: now)
    }

    /// These partitions are held back from now on, and no others.
    mutating func holdBack(_ heldBack: [Int]) {
        if hasHeldBack { for slot in slots.indices { slots[slot].isHeldBack = false } }
        for slot in heldBack { slots[slot].isHeldBack = true }
        hasHeldBack = !heldBack.isEmpty
    }

    /// Allows more reads at a time when the writers ran dry although all that are allowed were
    /// under way.
    mutating func writersRanDry(at now: Instant) {
        guard readsInFlight >= readsAllowed, !pacing.isThrottled, now >= readsMayGrowAt else {
            return
        }
        readsMayGrowAt = now + Self.readsGrowthInterval
        readsAllowed = min(configuration.readsMax, readsAllowed + readsAllowed / 2)
    }
}
