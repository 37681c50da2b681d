import DynamoModel
import System

/// Which items of a page have been settled: acknowledged, durably a dead letter, or left out.
struct LedgerPage: Sendable {
    /// The slot of the partition that it belongs to.
    let slot: Int
    let items: [ItemSlice]
    /// Which item of those that were read each has come of; empty: each is one.
    private let groups: [Int]
    /// Items that lie between them, and that the source has left out by itself.
    let hidden: Int
    /// Sum of the items' sizes.
    let storedBytes: Int
    /// Bytes that it holds in memory.
    let heldBytes: Int
    /// What follows it.
    let next: Page.Next
    private(set) var unsettled: Int
    private var settled: [UInt64]
    /// All items before this one are settled, and the sum of their sizes; advanced only when asked
    /// for.
    private var prefix = 0
    private(set) var prefixBytes = 0

    /// - Parameter isSettled: nothing is to be done about its items but those that are refused.
    init(_ page: ArrivedPage, slot: Int, isSettled: Bool = false) {
        self.slot = slot
        items = page.items
        groups = page.groups
        hidden = page.itemsHidden
        storedBytes = page.storedBytes
        heldBytes = page.heldBytes
        next = page.next
        if isSettled, page.refused.isEmpty {
            (unsettled, settled, prefix) = (0, [], items.count)
            prefixBytes = storedBytes
            return
        }
        unsettled = items.count
        settled = [UInt64](repeating: 0, count: (items.count + 63) / 64)
        if isSettled {
            let refused = Set(page.refused.map(\.position))
            for index in items.indices where !refused.contains(index) { settle(index) }
        } else {
            for index in page.leftOut { settle(index) }
        }
    }

    /// What stands for a page between two.
    static let none = LedgerPage(.none, slot: -1)

    mutating func settle(_ index: Int) {
        let bit = UInt64(1) << UInt64(index & 63)
        precondition(settled[index >> 6] & bit == 0, "item \(index) is settled twice")
        settled[index >> 6] |= bit
        unsettled -= 1
    }

    /// Items at the page's start that are all settled, with all that came of the same that was
    /// read.
    mutating func settledPrefix(splitsGroups: Bool = false) -> Int {
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
        if prefix < items.count, !groups.isEmpty, !splitsGroups {
            while prefix > before, groups[prefix] == groups[prefix - 1] { prefix -= 1 }
        }
        for index in before..<prefix { prefixBytes += Int(items[index].size) }
        return prefix
    }
}
