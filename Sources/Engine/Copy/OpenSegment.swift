import Pacing

/// A segment that is being scanned or whose pages are still on their way to the target.
package struct OpenSegment: Sendable {
    /// Its number, 0 ..< `TotalSegments`.
    package let index: Int
    /// Its open pages, by slot, in the order of the scan.
    var pages: [Int] = []
    /// The page that items are taken from now; nil while none has any left. The pages behind it
    /// wait, so that a segment that has read ahead gets no larger share.
    var taking: Int?
    /// Items of its open pages that have not been taken; an upper bound, as a page's is.
    var itemsWaiting = 0
    /// A Scan of it is in flight.
    var isScanning = false
    /// Its last page has arrived.
    var isExhausted = false
    /// Items read so far, in earlier runs of the job too: segments are advanced evenly.
    package var itemsRead: Int
    /// Items, and their sizes, in pages that have been released, in this run or earlier ones.
    var itemsReleased: Int
    var bytesReleased: Int
    /// Pages released in this run.
    var pagesReleased = 0
    /// What of it was told to be saved: pages released, and items of the first open page.
    var saved = (pages: 0, items: 0)
    /// Scans that failed in a row, and when it may be asked again.
    package var failures = 0
    var retryAt = Instant.zero
    /// What the next Scan asks for when the last reply was too long for its reserve.
    var planned: PageSizing.Plan?
    /// What the Scan in flight set aside.
    var reserved = PageSizing.Plan(limit: 1, reserve: 0)
    var charge: TokenBucket.Reservation?
    var grant: SharedBucket.Grant?
    var heat = SegmentHeat()

    /// False while its slot waits for another segment. (An optional in an array would be copied as
    /// a whole for each look into it.)
    private(set) var isOpen = true

    /// `items` and `bytes` are what earlier runs of the job have settled of it.
    init(index: Int, items: Int = 0, bytes: Int = 0) {
        self.index = index
        itemsRead = items
        itemsReleased = items
        bytesReleased = bytes
    }

    package mutating func close() { isOpen = false }

    /// Whether it may be asked for a further page, its last failure apart.
    func mayScan(pagesMax: Int, heldBackFull: Bool) -> Bool {
        guard isOpen, !isScanning, !isExhausted, pages.count < pagesMax else { return false }
        return !heat.isHeldBack || (pages.isEmpty && !heldBackFull)
    }
}

/// Whether a segment's items are refused much more often than the table's, and how many of them
/// may then be sent until the next look.
///
/// A hot partition of the target refuses the items of the segments that it holds. Only those are
/// slowed; the table's pace is for what all segments meet alike.
struct SegmentHeat: Sendable {
    private var acknowledged = 0
    private var refused = 0
    /// Items that may be taken until the next look; nil while the segment is not held back.
    private(set) var allowance: Int?
    private var spent = 0

    /// How far above the table's share a segment's must be.
    private static let shareAbove = 0.3
    private static let refusedMin = 8

    var isHeldBack: Bool { allowance != nil }

    /// Items that may still be taken before the next look.
    var left: Int { allowance.map { max(0, $0 - spent) } ?? .max }
    /// Whether none may.
    var isSpent: Bool { left == 0 }

    mutating func acknowledge() { acknowledged += 1 }
    mutating func refuse() { refused += 1 }
    mutating func spend(_ items: Int) { spent += items }

    /// Looks at what came back since the last look, and halves or raises the allowance.
    mutating func look(tableShare: Double) {
        defer { (acknowledged, refused, spent) = (0, 0, 0) }
        let total = acknowledged + refused
        guard total > 0 else { return }
        let share = Double(refused) / Double(total)
        if share > tableShare + Self.shareAbove, refused >= Self.refusedMin || isHeldBack {
            allowance = max(1, min(allowance ?? total, total) / 2)
        } else if let allowance {
            // Grows while it is used up; free again when it no longer binds.
            let grown = allowance + max(1, allowance / 4)
            self.allowance = spent < allowance && refused == 0 ? nil : grown
        }
    }
}
