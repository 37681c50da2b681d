import Pacing
import System

/// What of the flow is safe: which items of open pages are settled, how far each partition's
/// position has come, and what of that is being made durable.
///
/// One save is under way at a time. A partition's position in it never passes an item that is not
/// settled, and a refused item is settled only by the save that keeps it as a dead letter. Before
/// the flow ends, however it does, what is left is saved.
struct Ledger: Sendable {
    /// A partition whose pages are open.
    private struct OpenPartition: Sendable {
        var number = -1
        /// Its open pages in the order of the scan.
        var pages: [Int] = []
        /// Items, and their sizes, in pages that have been released, in this run or earlier ones.
        var itemsReleased = 0
        var bytesReleased = 0
        /// Pages released in this run.
        var pagesReleased = 0
        /// Behind what has been released.
        var position = PartitionPosition.start
        /// What of it is to be saved: pages released, and items of the first open page.
        var saved = (pages: 0, items: 0)
        var isOpen = false
    }

    /// Items that earlier runs of the job have settled, and their sizes.
    private(set) var itemsEarlier = 0
    private(set) var bytesEarlier = 0
    /// Items are settled when they come: nothing is to be written.
    private let settlesAtOnce: Bool
    /// Positions are saved with units, when those are sealed, and not by themselves.
    private let hasUnits: Bool
    private let saveEvery: Duration
    /// By slot.
    private var partitions: [OpenPartition]
    private var pages: [LedgerPage] = []
    private var freePages: [Int] = []
    private var finishedUnsaved: [PartitionProgress] = []
    private var refusedUnsaved: [RefusedItem] = []
    /// The save that is under way.
    private var saving: FlowSave?
    /// A save has failed: none is tried again.
    private var isOver = false
    private var nextSave: Instant
    private var nextHeartbeat = Instant.zero
    private var hasSavedLast = false
    var flaw: SchedulerFlaw?

    /// Progress is saved this often although nothing has moved.
    private static let heartbeat = Duration.seconds(1)

    init(_ configuration: FlowConfiguration, at now: Instant) {
        settlesAtOnce = configuration.batch == nil
        hasUnits = configuration.batch?.hasUnits == true
        saveEvery = configuration.saveEvery
        partitions = Array(repeating: OpenPartition(), count: configuration.openMax)
        nextSave = now + configuration.saveEvery
    }

    /// The source has answered what there is to read.
    mutating func begin(_ earlier: [PartitionProgress]) {
        itemsEarlier = earlier.lazy.map(\.items).clampedSum
        bytesEarlier = earlier.lazy.map(\.bytes).clampedSum
    }

    // MARK: Pages

    /// A partition has its first page.
    mutating func open(_ slot: Int, _ before: PartitionProgress) {
        partitions[slot] = OpenPartition()
        partitions[slot].number = before.partition
        partitions[slot].position = before.position
        partitions[slot].itemsReleased = before.items
        partitions[slot].bytesReleased = before.bytes
        partitions[slot].isOpen = true
    }

    /// Returns what the page is known by until it is released.
    mutating func add(_ page: ArrivedPage, of slot: Int) -> Int {
        let opened = LedgerPage(page, slot: slot, isSettled: settlesAtOnce)
        let number: Int
        if let free = freePages.popLast() {
            number = free
            pages[free] = opened
        } else {
            number = pages.count
            pages.append(opened)
        }
        partitions[slot].pages.append(number)
        return number
    }

    /// The partition that is open in a slot.
    func partition(in slot: Int) -> Int { partitions[slot].number }

    /// The slot of the partition that an item is of.
    func slot(of item: ItemRef) -> Int { pages[Int(item.page)].slot }

    /// - Returns: whether its page has no item left that is not settled.
    mutating func settle(_ item: ItemRef) -> Bool {
        pages[Int(item.page)].settle(Int(item.index))
        return pages[Int(item.page)].unsettled == 0
    }

    /// Lets go of a partition's first page if all of its items are settled. Pages behind one that
    /// is still open are kept, so that the partition's position, which passes them in order, can be
    /// found from the pages that are left.
    mutating func releaseFirst(of slot: Int) -> (page: Int, heldBytes: Int)? {
        guard let first = partitions[slot].pages.first, pages[first].unsettled == 0 else {
            return nil
        }
        let heldBytes = pages[first].heldBytes
        partitions[slot].itemsReleased += pages[first].items.count + pages[first].hidden
        partitions[slot].bytesReleased += pages[first].storedBytes
        partitions[slot].pagesReleased += 1
        partitions[slot].position =
            switch pages[first].next {
            case .more(let cursor): .at(cursor)
            case .end: .finished
            }
        partitions[slot].pages.removeFirst()
        pages[first] = LedgerPage.none
        freePages.append(first)
        return (first, heldBytes)
    }

    /// The partition has been read to its end, and its pages have been released.
    mutating func close(_ slot: Int) {
        precondition(partitions[slot].pages.isEmpty, "slot \(slot) has open pages")
        partitions[slot].isOpen = false
        if hasUnits || flaw == .forgetsFinished { return }
        finishedUnsaved.append(
            PartitionProgress(
                partition: partitions[slot].number, position: .finished,
                items: partitions[slot].itemsReleased, bytes: partitions[slot].bytesReleased))
    }

    /// How far a partition is settled, which its unit ends with.
    mutating func reached(_ slot: Int) -> PartitionProgress {
        var progress = PartitionProgress(
            partition: partitions[slot].number, position: partitions[slot].position,
            items: partitions[slot].itemsReleased, bytes: partitions[slot].bytesReleased)
        guard let first = partitions[slot].pages.first else { return progress }
        let items = settledPrefix(of: first)
        if items > 0 {
            progress.position = .within(page: first, items: items)
            progress.items += items
            progress.bytes += pages[first].prefixBytes
        }
        return progress
    }

    /// Items that the target holds, or dead letters, beyond what partitions' positions have passed:
    /// those that a crash would have copied again.
    mutating func itemsSettledAhead() -> Int {
        var ahead = 0
        for slot in partitions.indices where partitions[slot].isOpen {
            guard let first = partitions[slot].pages.first else { continue }
            for page in partitions[slot].pages {
                ahead += pages[page].items.count - pages[page].unsettled
            }
            ahead -= pages[first].settledPrefix()
        }
        return ahead
    }

    // MARK: Dead letters

    /// An item that the target refuses for good: settled by the save that keeps it.
    mutating func refuse(_ item: RefusedItem) { refusedUnsaved.append(item) }

    /// Refused items that are not durably dead letters yet.
    /// The same of one slot's partition: its position can't pass them yet.
    func hasRefusedWaiting(_ slot: Int) -> Bool {
        refusedUnsaved.contains { self.slot(of: $0.item) == slot }
            || saving?.deadLetters.contains { self.slot(of: $0.item) == slot } == true
    }

    var refusedWaiting: Int { refusedUnsaved.count + (saving?.deadLetters.count ?? 0) }

    // MARK: Saves

    /// Something of partitions that are finished, or of dead letters, is not durable yet. What is
    /// open is not looked at.
    var hasUnsaved: Bool {
        saving != nil || !finishedUnsaved.isEmpty || !refusedUnsaved.isEmpty
    }
    var isSaving: Bool { saving != nil }
    func isSaveDue(at now: Instant) -> Bool { now >= nextSave || !refusedUnsaved.isEmpty }
    /// A save may be made: none is under way, and none has failed.
    var maySave: Bool { saving == nil && !isOver }

    /// What has changed since the last save; nil when that is nothing, or a save is under way.
    /// - Parameters:
    ///   - units: those that were sealed since.
    ///   - isLast: also when nothing has, once: the counters may have.
    mutating func save(
        _ units: [UnitNumber], at now: Instant, isLast: Bool = false
    ) -> FlowSave? {
        guard maySave else { return nil }
        nextSave = now + saveEvery
        var save = FlowSave(partitions: finishedUnsaved, deadLetters: refusedUnsaved)
        save.units = units
        if !hasUnits {
            for slot in partitions.indices where partitions[slot].isOpen {
                if let progress = unsavedProgress(of: slot) { save.partitions.append(progress) }
            }
        }
        // Whoever looks at the job sees that it lives, and what holds it back.
        let isDue = now >= nextHeartbeat || (isLast && !hasSavedLast)
        guard !save.isEmpty || isDue else { return nil }
        nextHeartbeat = now + Self.heartbeat
        hasSavedLast = isLast
        finishedUnsaved.removeAll()
        refusedUnsaved.removeAll()
        saving = save
        return save
    }

    private mutating func unsavedProgress(of slot: Int) -> PartitionProgress? {
        let progress = reached(slot)
        let reached = (
            pages: partitions[slot].pagesReleased,
            items: progress.items - partitions[slot].itemsReleased
        )
        guard reached != partitions[slot].saved else { return nil }
        partitions[slot].saved = reached
        return progress
    }

    private mutating func settledPrefix(of page: Int) -> Int {
        let prefix = pages[page].settledPrefix(splitsGroups: flaw == .splitsGroups)
        return flaw == .passesUnsettled ? min(prefix + 1, pages[page].items.count) : prefix
    }

    /// The save is durable.
    /// - Returns: its dead letters, which may be settled now.
    mutating func saved() -> [RefusedItem] {
        guard let save = saving else { preconditionFailure("nothing was being saved") }
        saving = nil
        return save.deadLetters
    }

    /// The save failed, and nothing of it is durable.
    mutating func saveFailed() {
        saving = nil
        isOver = true
    }
}
