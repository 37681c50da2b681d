import DynamoModel
import System

/// A page whose items are on their way: which of them have been taken for batches, and which have
/// been settled (acknowledged, durably a dead letter, or left out).
struct OpenPage: Sendable {
    /// The open segment that it belongs to, by slot.
    let segment: Int
    let items: [ItemSlice]
    /// Bytes that it holds in memory.
    let heldBytes: Int
    /// Items from here on have not been taken yet; never one that is left out.
    private(set) var taken = 0
    /// Some items are left out: they are settled from the start, and no others are before they are
    /// taken.
    private let hasLeftOut: Bool
    private(set) var unsettled: Int
    private var settled: [UInt64]
    /// All items before this one are settled, and the sum of their sizes; advanced only when asked
    /// for.
    private var prefix = 0
    private(set) var prefixBytes = 0
    /// Sum of the items' sizes.
    let storedBytes: Int

    init(
        segment: Int, items: [ItemSlice], storedBytes: Int, heldBytes: Int, leftOut: [Int] = []
    ) {
        self.segment = segment
        self.items = items
        self.storedBytes = storedBytes
        self.heldBytes = heldBytes
        unsettled = items.count
        settled = [UInt64](repeating: 0, count: (items.count + 63) / 64)
        hasLeftOut = !leftOut.isEmpty
        for index in leftOut { settle(index) }
        passLeftOut()
    }

    /// What a slot holds between two pages.
    static let none = OpenPage(segment: -1, items: [], storedBytes: 0, heldBytes: 0)

    /// 0 when none is left to take; else an upper bound, since some may be left out.
    var untaken: Int { items.count - taken }

    /// Where the items end that can be taken now and lie together, `most` at most.
    func runEnd(most: Int) -> Int {
        let limit = min(items.count, taken + most)
        guard hasLeftOut else { return limit }
        return (taken..<limit).first { isSettled($0) } ?? limit
    }

    mutating func take(_ count: Int) {
        precondition(count >= 0 && count <= untaken, "the page has no \(count) items left")
        taken += count
        passLeftOut()
    }

    private mutating func passLeftOut() {
        guard hasLeftOut else { return }
        while taken < items.count, isSettled(taken) { taken += 1 }
    }

    private func isSettled(_ index: Int) -> Bool {
        settled[index >> 6] & (UInt64(1) << UInt64(index & 63)) != 0
    }

    mutating func settle(_ index: Int) {
        let bit = UInt64(1) << UInt64(index & 63)
        precondition(settled[index >> 6] & bit == 0, "item \(index) is settled twice")
        settled[index >> 6] |= bit
        unsettled -= 1
    }

    /// Items at the page's start that are all settled.
    mutating func settledPrefix() -> Int {
        let before = prefix
        while prefix < items.count {
            let rest = ~settled[prefix >> 6] >> UInt64(prefix & 63)
            if rest == 0 {
                prefix = (prefix | 63) + 1
                continue
            }
            prefix += rest.trailingZeroBitCount
            break
        }
        prefix = min(prefix, items.count)
        for index in before..<prefix { prefixBytes += Int(items[index].size) }
        return prefix
    }
}
