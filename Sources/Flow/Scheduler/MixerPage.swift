import DynamoModel

/// Which items of a page are still to be taken for batches.
struct MixerPage: Sendable {
    /// The slot of the partition that it belongs to.
    let slot: Int
    /// As they are written.
    let items: [ItemSlice]
    /// Which item of those that were read each has come of; empty: each is one.
    private let groups: [Int]
    /// What is done with each; empty: all are put.
    private let operations: [Operation]
    /// Items from here on have not been taken yet; never one that is left out.
    private(set) var taken = 0
    /// Positions of items that no batch takes and that are not passed yet, the next one last.
    private var leftOut: [Int]

    init(_ page: ArrivedPage, slot: Int) {
        self.slot = slot
        items = page.written.isEmpty ? page.items : page.written
        groups = page.groups
        operations = page.operations
        leftOut = page.notTaken.reversed()
        passLeftOut()
    }

    /// What stands for a page between two.
    static let none = MixerPage(.none, slot: -1)

    func isDelete(_ item: Int) -> Bool { !operations.isEmpty && operations[item] == .delete }

    /// 0 when none is left to take; else an upper bound, since some may be left out.
    var untaken: Int { items.count - taken }

    /// Where the items end that can be taken now and lie together, `most` at most.
    func runEnd(most: Int) -> Int {
        min(items.count, taken + most, leftOut.last ?? .max)
    }

    /// Whether what stands before a place has come of other items than what stands behind it.
    func isGroupEnd(_ place: Int) -> Bool {
        groups.isEmpty || place == 0 || place >= items.count || groups[place] != groups[place - 1]
    }

    /// All that has been taken has been taken whole.
    var isAtGroupEnd: Bool { isGroupEnd(taken) }

    mutating func take(_ count: Int) {
        precondition(count >= 0 && count <= untaken, "the page has no \(count) items left")
        taken += count
        passLeftOut()
    }

    private mutating func passLeftOut() {
        while leftOut.last == taken {
            leftOut.removeLast()
            taken += 1
        }
    }
}
