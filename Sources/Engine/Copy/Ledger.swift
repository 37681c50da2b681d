import Pacing
import System

/// What of the copy is safe: which items of open pages are settled, how far each segment's position
/// has come, and what of that is being made durable.
///
/// One save is under way at a time. A segment's position in it never passes an item that is not
/// settled, and a refused item is settled only by the save that keeps it as a dead letter. Before
/// the copy ends, however it does, what is left is saved.
struct Ledger: Sendable {
    /// A segment whose pages are open.
    private struct Segment: Sendable {
        var number = -1
        /// Its open pages in the order of the scan.
        var pages: [Int] = []
        /// Items, and their sizes, in pages that have been released, in this run or earlier ones.
        var itemsReleased = 0
        var bytesReleased = 0
        /// Pages released in this run.
        var pagesReleased = 0
        /// What of it was told to be saved: pages released, and items of the first open page.
        var saved = (pages: 0, items: 0)
        var isOpen = false
    }

    /// Items that earlier runs of the job have settled, and their sizes.
    let itemsEarlier: Int
    let bytesEarlier: Int
    private let saveEvery: Duration
    /// By slot.
    private var segments: [Segment]
    private var pages: [LedgerPage] = []
    private var freePages: [Int] = []
    private var finishedUnsaved: [SegmentProgress] = []
    private var refusedUnsaved: [RefusedItem] = []
    /// The save that is under way.
    private var saving: CopySave?
    /// A save has failed: none is tried again.
    private var isOver = false
    private var nextSave: Instant
    private var nextHeartbeat = Instant.zero
    private var hasSavedLast = false
    var flaw: SchedulerFlaw?

    /// Progress is saved this often although nothing has moved.
    private static let heartbeat = Duration.seconds(1)

    init(_ configuration: CopyConfiguration, at now: Instant) {
        itemsEarlier = configuration.earlier.lazy.map(\.items).clampedSum
        bytesEarlier = configuration.earlier.lazy.map(\.bytes).clampedSum
        saveEvery = configuration.saveEvery
        segments = Array(repeating: Segment(), count: configuration.slots)
        nextSave = now + configuration.saveEvery
    }

    // MARK: Pages

    /// A segment has its first page.
    mutating func open(_ slot: Int, _ before: SegmentProgress) {
        segments[slot] = Segment()
        segments[slot].number = before.segment
        segments[slot].itemsReleased = before.items
        segments[slot].bytesReleased = before.bytes
        segments[slot].isOpen = true
    }

    /// Returns what the page is known by until it is released.
    mutating func add(_ page: ArrivedPage, of slot: Int) -> Int {
        let opened = LedgerPage(page, slot: slot)
        let number: Int
        if let free = freePages.popLast() {
            number = free
            pages[free] = opened
        } else {
            number = pages.count
            pages.append(opened)
        }
        segments[slot].pages.append(number)
        return number
    }

    /// The slot of the segment that an item is of.
    func slot(of item: BatchItem) -> Int { pages[Int(item.page)].slot }

    /// - Returns: whether its page has no item left that is not settled.
    mutating func settle(_ item: BatchItem) -> Bool {
        pages[Int(item.page)].settle(Int(item.index))
        return pages[Int(item.page)].unsettled == 0
    }

    /// Lets go of a segment's first page if all of its items are settled. Pages behind one that is
    /// still open are kept, so that the segment's position, which passes them in order, can be told
    /// from the pages that are left.
    mutating func releaseFirst(of slot: Int) -> (page: Int, heldBytes: Int)? {
        guard let first = segments[slot].pages.first, pages[first].unsettled == 0 else {
            return nil
        }
        let heldBytes = pages[first].heldBytes
        segments[slot].itemsReleased += pages[first].items.count
        segments[slot].bytesReleased += pages[first].storedBytes
        segments[slot].pagesReleased += 1
        segments[slot].pages.removeFirst()
        pages[first] = LedgerPage.none
        freePages.append(first)
        return (first, heldBytes)
    }

    /// The segment has been read to its end, and its pages have been released.
    mutating func close(_ slot: Int) {
        precondition(segments[slot].pages.isEmpty, "slot \(slot) has open pages")
        segments[slot].isOpen = false
        if flaw == .forgetsFinished { return }
        finishedUnsaved.append(
            SegmentProgress(
                segment: segments[slot].number, position: nil,
                items: segments[slot].itemsReleased, bytes: segments[slot].bytesReleased))
    }

    /// Items that the target holds, or dead letters, beyond what segments' positions have passed:
    /// those that a crash would have copied again.
    mutating func itemsSettledAhead() -> Int {
        var ahead = 0
        for slot in segments.indices where segments[slot].isOpen {
            guard let first = segments[slot].pages.first else { continue }
            for page in segments[slot].pages {
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
    var refusedWaiting: Int { refusedUnsaved.count + (saving?.deadLetters.count ?? 0) }

    // MARK: Saves

    var isSaving: Bool { saving != nil }
    func isSaveDue(at now: Instant) -> Bool { now >= nextSave || !refusedUnsaved.isEmpty }

    /// What has changed since the last save; nil when that is nothing, or a save is under way.
    /// - Parameter isLast: also when nothing has, once: the counters may have.
    mutating func save(at now: Instant, isLast: Bool = false) -> CopySave? {
        guard saving == nil, !isOver else { return nil }
        nextSave = now + saveEvery
        var save = CopySave(segments: finishedUnsaved, deadLetters: refusedUnsaved)
        for slot in segments.indices where segments[slot].isOpen {
            if let progress = unsavedProgress(of: slot) { save.segments.append(progress) }
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

    private mutating func unsavedProgress(of slot: Int) -> SegmentProgress? {
        let first = segments[slot].pages.first
        let items = first.map { settledPrefix(of: $0) } ?? 0
        let reached = (pages: segments[slot].pagesReleased, items: items)
        guard reached != segments[slot].saved else { return nil }
        segments[slot].saved = reached
        var progress = SegmentProgress(
            segment: segments[slot].number, position: .afterReleased,
            items: segments[slot].itemsReleased, bytes: segments[slot].bytesReleased)
        if let first, items > 0 {
            progress.position = .within(page: first, items: items)
            progress.items += items
            progress.bytes += pages[first].prefixBytes
        }
        return progress
    }

    private mutating func settledPrefix(of page: Int) -> Int {
        let prefix = pages[page].settledPrefix()
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
