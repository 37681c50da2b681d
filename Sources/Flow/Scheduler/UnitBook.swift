import Pacing
import System

/// Which units of a ``UnitSink`` are open and which are being sealed.
///
/// A partition has one unit open at most. Memory for it is set aside before its first batch, and
/// given back when it has been sealed: so as many units may be open and being sealed as fit the
/// batch pool. Units of a partition may be sealed in any order; they are handed to the next save in
/// theirs.
struct UnitBook: Sendable {
    private struct Open: Sendable {
        let unit: UnitNumber
        let since: Instant
    }

    /// Nothing more goes into it.
    private struct Closed: Sendable {
        let unit: UnitNumber
        /// Settled in it, those before its first that were left out included.
        let items: Int
        var isUnderWay = true
        var isSealed = false
        var failures = 0
        /// When it is asked for again, after a failure.
        var retryAt = Instant.zero
    }

    private let unitsMax: Int
    private let closeAfter: Duration
    /// By slot.
    private var open: [Open?]
    /// In the order in which they were closed.
    private var closed: [Closed] = []
    /// By partition: its next unit, and how many of its items are in those before.
    private var ordinals: [Int: Int] = [:]
    private var itemsBefore: [Int: Int] = [:]
    /// Items in units that have been handed to saves.
    private(set) var itemsSealed = 0
    private var openCount = 0
    /// Slots whose unit is full, but whose partition's position can't pass all of it yet.
    private var full: Set<Int> = []
    private(set) var sealsUnderWay = 0
    var flaw: SchedulerFlaw?

    /// - Parameter slots: partitions that are open at most.
    init(_ configuration: FlowConfiguration, _ shape: BatchShape) {
        unitsMax =
            shape.hasUnits ? max(1, configuration.memory.batchBytes / shape.unitMemory) : .max
        closeAfter = configuration.sealAfter
        open = Array(repeating: nil, count: configuration.openMax)
    }

    var hasFull: Bool { !full.isEmpty }

    /// Nothing is left to be sealed.
    var isDone: Bool { openCount == 0 && closed.allSatisfy(\.isSealed) }

    /// A partition is begun, of which earlier runs of the job have sealed so many items.
    mutating func begin(_ partition: Int, items: Int) { itemsBefore[partition] = items }

    /// Whether a batch of the slot's partition has a unit to go into, or may begin one.
    func mayWrite(_ slot: Int) -> Bool {
        open[slot] != nil || openCount + closed.count { !$0.isSealed } < unitsMax
    }

    /// The unit that the next batch of a partition goes into.
    mutating func unit(of partition: Int, in slot: Int, at now: Instant) -> UnitNumber {
        if let open = open[slot] { return open.unit }
        let unit = UnitNumber(partition: partition, ordinal: ordinals[partition, default: 0])
        open[slot] = Open(unit: unit, since: now)
        openCount += 1
        return unit
    }

    /// The slot's unit has been open for long.
    func isOverdue(_ slot: Int, at now: Instant) -> Bool {
        open[slot].map { now - $0.since >= closeAfter } ?? false
    }

    mutating func markFull(_ slot: Int) { full.insert(slot) }

    /// Slots whose units are full, or have been open for long; or all that have one.
    func slotsToClose(all: Bool, at now: Instant) -> [Int] {
        open.indices.filter { slot in
            open[slot] != nil && (all || full.contains(slot) || isOverdue(slot, at: now))
        }
    }

    /// Nothing more goes into a slot's unit, if one is open: it is sealed next.
    /// - Parameter progress: of its partition, with the unit's last item.
    mutating func close(_ slot: Int, at progress: PartitionProgress) -> [FlowAction] {
        guard let unit = open[slot]?.unit else { return [] }
        open[slot] = nil
        full.remove(slot)
        openCount -= 1
        add(Closed(unit: unit, items: itemsSince(progress)))
        sealsUnderWay += 1
        return [.closeUnit(unit, progress), .seal(unit)]
    }

    /// The slot's partition is finished. Where no unit is open, what is behind its last one passes
    /// with one that never reaches the sink.
    mutating func finish(_ slot: Int, at progress: PartitionProgress) -> [FlowAction] {
        var end = progress
        end.position = .finished
        if open[slot] != nil { return close(slot, at: end) }
        let unit = UnitNumber(
            partition: end.partition, ordinal: ordinals[end.partition, default: 0])
        add(Closed(unit: unit, items: itemsSince(end), isUnderWay: false, isSealed: true))
        return [.closeUnit(unit, end)]
    }

    private func itemsSince(_ progress: PartitionProgress) -> Int {
        progress.items - itemsBefore[progress.partition, default: 0]
    }

    private mutating func add(_ entry: Closed) {
        ordinals[entry.unit.partition] = entry.unit.ordinal + 1
        itemsBefore[entry.unit.partition, default: 0] += entry.items
        closed.append(entry)
    }

    mutating func sealed(_ unit: UnitNumber) {
        let place = cameBack(unit)
        closed[place].isSealed = true
    }

    /// It is sealed again after a while.
    mutating func failed(
        _ unit: UnitNumber, using generator: inout SeededGenerator, at now: Instant
    ) {
        let place = cameBack(unit)
        let delay = FlowScheduler.faultBackoff.delay(
            attempt: closed[place].failures, using: &generator)
        closed[place].retryAt = now + delay
        closed[place].failures += 1
    }

    private mutating func cameBack(_ unit: UnitNumber) -> Int {
        guard let place = closed.firstIndex(where: { $0.unit == unit && $0.isUnderWay }) else {
            preconditionFailure("\(unit) is not being sealed")
        }
        closed[place].isUnderWay = false
        sealsUnderWay -= 1
        return place
    }

    /// Has units sealed again that are due now.
    /// - Parameter wake: no later than when the next one is.
    mutating func sealAgain(
        at now: Instant, _ actions: inout [FlowAction], _ wake: inout Instant
    ) {
        for place in closed.indices where !closed[place].isUnderWay && !closed[place].isSealed {
            guard closed[place].retryAt <= now else {
                wake = min(wake, closed[place].retryAt)
                continue
            }
            closed[place].isUnderWay = true
            sealsUnderWay += 1
            actions.append(.seal(closed[place].unit))
        }
    }

    /// Units that a save may list: sealed, with all before them of their partitions.
    mutating func takeSealed() -> [UnitNumber] {
        var (taken, kept): ([UnitNumber], [Closed]) = ([], [])
        var isHeld: Set<Int> = []
        for entry in closed {
            let mayPass = flaw == .passesUnsealed || !isHeld.contains(entry.unit.partition)
            if entry.isSealed, mayPass {
                taken.append(entry.unit)
                itemsSealed += entry.items
            } else {
                kept.append(entry)
                isHeld.insert(entry.unit.partition)
            }
        }
        closed = kept
        return taken
    }
}
