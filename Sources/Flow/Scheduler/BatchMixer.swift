import DynamoModel
import Pacing
import System

/// Which items make the next batch: a few neighbours of each open partition in turn, so that a
/// batch is spread over the hash space, and first of all what is due again.
struct BatchMixer: Sendable {
    private let shape: BatchShape
    /// By the number that the ledger gave them.
    private var pages: [MixerPage] = []
    /// By slot: the pages that have items to take, in order. The first is taken from; those behind
    /// it wait, so that a partition that has read ahead gets no larger share.
    private var queues: [[Int]]
    /// By slot: items of open pages that have not been taken; an upper bound, as a page's is.
    private(set) var waiting: [Int]
    /// Slots that items can be taken from, and whose turn it is.
    private var ring: [Int] = []
    private var turn = 0
    private var retries = RetryQueue()
    /// Items that are due again, taken before those of the ring; and batches that are sent as they
    /// stand.
    private var due = DueItems()
    private var whole: [[ItemRef]] = []
    /// By slot: where batches are of one partition, one of it is under way, or will be sent again.
    private var isUnderWay: [Bool]
    /// Some page had items that are to be deleted.
    private(set) var hasDeletes = false
    var flaw: SchedulerFlaw?

    /// Items larger than this are no neighbours to be taken together.
    private static let runItemBytesMax = 4096
    /// A batch that is not full waits so long for pages that are on their way.
    private static let lingerMax = FlowScheduler.tick

    /// - Parameter slots: partitions that are open at most.
    init(_ shape: BatchShape, slots: Int) {
        self.shape = shape
        queues = Array(repeating: [], count: slots)
        waiting = Array(repeating: 0, count: slots)
        isUnderWay = Array(repeating: false, count: slots)
    }

    // MARK: Pages

    mutating func add(_ page: ArrivedPage, as number: Int, of slot: Int) {
        hasDeletes = hasDeletes || !page.operations.isEmpty
        let page = MixerPage(page, slot: slot)
        waiting[slot] += page.untaken
        if page.untaken > 0 {
            if queues[slot].isEmpty { ring.append(slot) }
            queues[slot].append(number)
        }
        while pages.count <= number { pages.append(.none) }
        pages[number] = page
    }

    /// Nothing of the page is asked for any more.
    mutating func released(_ page: Int) { pages[page] = .none }

    func slice(of item: ItemRef) -> ItemSlice {
        pages[Int(item.page)].items[Int(item.index)]
    }

    func isDelete(_ item: ItemRef) -> Bool {
        pages[Int(item.page)].isDelete(Int(item.index))
    }

    // MARK: Items that are sent again

    /// - Parameters:
    ///   - mayBeWritten: they were in a request that ended without an answer.
    mutating func retry(
        _ items: [ItemRef], mayBeWritten: Bool, using generator: inout SeededGenerator,
        at now: Instant
    ) {
        guard !items.isEmpty else { return }
        var items = items
        var attempt = 0
        for index in items.indices {
            attempt = max(attempt, Int(items[index].attempt))
            items[index].attempt += 1
            if mayBeWritten { items[index].mayBeWritten = true }
        }
        let delay = FlowScheduler.retryBackoff.delay(attempt: attempt, using: &generator)
        retries.add(.init(due: now + delay, items: items, isWhole: false))
    }

    /// A batch was refused for its content: halves find the guilty item. They wait and are
    /// throttled like any other batch.
    mutating func halve(_ items: [ItemRef], at now: Instant) {
        let middle = items.count / 2
        for half in [items[..<middle], items[middle...]] {
            retries.add(.init(due: now, items: Array(half), isWhole: true))
        }
    }

    /// A batch of one partition is sent again as it stands: what follows in it waits.
    mutating func retryWhole(
        _ items: [ItemRef], using generator: inout SeededGenerator, at now: Instant
    ) {
        var items = items
        let attempt = Int(items[0].attempt)
        for index in items.indices { items[index].attempt += 1 }
        let delay = FlowScheduler.retryBackoff.delay(attempt: attempt, using: &generator)
        retries.add(.init(due: now + delay, items: items, isWhole: true))
    }

    /// When the first items are due again; nil when none wait.
    var nextDue: Instant? { retries.nextDue }

    /// Moves what is due again to where the next batches are taken from.
    mutating func releaseDue(at now: Instant) {
        while let group = retries.popDue(at: now) {
            if group.isWhole { whole.append(group.items) } else { due.add(group.items, at: now) }
        }
    }

    // MARK: The next batch

    /// What a batch may come to.
    struct Bounds {
        var bytesMax: Int
        /// Write units.
        var unitsMax: Double
    }

    /// The next batch: one that is sent as it stands, or what is due again and then items of all
    /// open pages in turn. Nil when there is nothing, or too little while more is on its way.
    mutating func next(
        within bounds: Bounds, heat: inout [PartitionHeat], isMoreComing: Bool,
        mayTake: (Int) -> Bool, at now: Instant
    ) -> Batch? {
        if let items = whole.popLast() {
            var batch = Batch(shape, capacity: items.count)
            for item in items { batch.add(item, slice(of: item), shape) }
            return batch
        }
        if shape.hasUnits { return nextOfOne(within: bounds, mayTake) }
        let isWorthWaiting = isMoreComing && now - (due.since ?? now) < Self.lingerMax
        if isWorthWaiting, ring.count < shape.itemsMax, isTooLittle { return nil }
        let itemsMax = shape.itemsMax + (flaw == .overfills ? 1 : 0)
        var batch = Batch(shape, capacity: itemsMax)
        while batch.items.count < itemsMax {
            if let item = due.first {
                // What was taken twice may have been let go of meanwhile.
                if flaw == .takesTwice, pages[Int(item.page)].items.isEmpty {
                    due.removeFirst()
                    continue
                }
                let slice = slice(of: item)
                guard batch.fits(slice, bounds, shape) else { break }
                if flaw != .takesTwice || due.count > 1 { due.removeFirst() }
                batch.add(item, slice, shape)
                if flaw == .takesTwice { break }
            } else {
                guard let slot = slotInTurn(heat),
                    takeRun(of: slot, into: &batch, most: itemsMax, bounds, &heat[slot])
                else { break }
            }
        }
        return batch.items.isEmpty ? nil : batch
    }

    /// Items that follow each other in the partition whose turn it is, and of which no batch is
    /// under way.
    private mutating func nextOfOne(
        within bounds: Bounds, _ mayTake: (Int) -> Bool
    ) -> Batch? {
        for _ in ring.indices {
            if turn >= ring.count { turn = 0 }
            let slot = ring[turn]
            guard !isUnderWay[slot] || flaw == .overtakes, mayTake(slot) else {
                turn += 1
                continue
            }
            isUnderWay[slot] = true
            return takeInOrder(of: slot, within: bounds)
        }
        return nil
    }

    /// Fills a batch with what follows in a partition, of its first page.
    private mutating func takeInOrder(of slot: Int, within bounds: Bounds) -> Batch {
        guard let page = queues[slot].first else {
            preconditionFailure("slot \(slot) has no items to take")
        }
        let untaken = pages[page].untaken
        var batch = Batch(shape, capacity: min(untaken, shape.itemsMax))
        var isFull = false
        /// Before the first item of several that came of one.
        var group: (batch: Batch, next: Int)?
        while !isFull, pages[page].untaken > 0 {
            let first = pages[page].taken
            let end = pages[page].runEnd(most: shape.itemsMax - batch.items.count)
            var next = first
            while next < end, batch.fits(pages[page].items[next], bounds, shape) {
                if !pages[page].isGroupEnd(next + 1), pages[page].isGroupEnd(next) {
                    group = (batch, next)
                }
                batch.add(ItemRef(page: page, index: next), pages[page].items[next], shape)
                next += 1
            }
            isFull = next < end || batch.items.count == shape.itemsMax
            // What came of one item goes together, where there is room for it.
            if isFull, !pages[page].isGroupEnd(next), let group, !group.batch.items.isEmpty {
                (batch, next) = group
            }
            pages[page].take(next - first)
        }
        waiting[slot] -= untaken - pages[page].untaken
        if pages[page].untaken == 0 { queues[slot].removeFirst() }
        if queues[slot].isEmpty { ring.remove(at: turn) } else { turn += 1 }
        return batch
    }

    /// The batch of a slot's partition has been answered: the next one may be taken.
    mutating func cameBack(_ slot: Int) { isUnderWay[slot] = false }
    func hasUnderWay(_ slot: Int) -> Bool { isUnderWay[slot] }

    /// Whether all that was taken of the slot's partition was taken whole.
    func isAtGroupEnd(_ slot: Int) -> Bool {
        queues[slot].first.map { pages[$0].isAtGroupEnd } ?? true
    }

    /// Whether what is due and what the partitions in the ring hold are less than one full batch.
    private var isTooLittle: Bool {
        var untaken = due.count
        if untaken >= shape.itemsMax { return false }
        for slot in ring {
            untaken += waiting[slot]
            if untaken >= shape.itemsMax { return false }
        }
        return true
    }

    /// The slot whose turn it is to give items. One leaves the ring here when its partition's
    /// allowance is used up; ``rejoin()`` puts it back.
    private mutating func slotInTurn(_ heat: [PartitionHeat]) -> Int? {
        while !ring.isEmpty {
            if turn >= ring.count { turn = 0 }
            let slot = ring[turn]
            guard heat[slot].isSpent else { return slot }
            ring.remove(at: turn)
        }
        return nil
    }

    /// Takes a few neighbours, whose bytes lie together, of the partition whose turn it is, and
    /// passes the turn on; false when the batch is full before that. Large items go one by one: a
    /// run of them would be half a partition's second.
    private mutating func takeRun(
        of slot: Int, into batch: inout Batch, most: Int, _ bounds: Bounds,
        _ heat: inout PartitionHeat
    ) -> Bool {
        guard let page = queues[slot].first else {
            preconditionFailure("slot \(slot) has no items to take")
        }
        let items = pages[page].items
        let first = pages[page].taken
        let room = most - batch.items.count
        let run = items[first].size > Self.runItemBytesMax ? 1 : shape.runItems
        let wanted = min(run, room, heat.left)
        var next = first
        let end = pages[page].runEnd(most: wanted)
        while next < end, batch.fits(items[next], bounds, shape) {
            batch.add(ItemRef(page: page, index: next), items[next], shape)
            next += 1
        }
        guard next > first else { return false }
        heat.spend(next - first)
        let untaken = pages[page].untaken
        pages[page].take(next - first)
        waiting[slot] -= untaken - pages[page].untaken
        if pages[page].untaken == 0 { queues[slot].removeFirst() }
        if queues[slot].isEmpty {
            ring.remove(at: turn)
        } else {
            turn += 1
        }
        return next == end
    }

    /// Partitions that had used up their allowance stand in the ring again, behind the others,
    /// whose turns go on as they were.
    mutating func rejoin() {
        let standing = Set(ring)
        ring += queues.indices.filter { !standing.contains($0) && !queues[$0].isEmpty }
    }
}
