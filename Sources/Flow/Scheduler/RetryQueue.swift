import Pacing

/// An item on its way to the target: where it stands, how often it has been refused, and whether
/// the target may have it although no answer said so.
package struct ItemRef: Equatable, Sendable {
    package var page: UInt32
    package var index: UInt32
    package var attempt: UInt32
    /// A request that it was in ended without an answer.
    package var mayBeWritten = false

    package init(page: Int, index: Int, attempt: Int = 0) {
        self.page = UInt32(page)
        self.index = UInt32(index)
        self.attempt = UInt32(attempt)
    }
}

/// Items that wait before they are sent again, by the time at which each is due.
///
/// A binary heap of groups; adding and removing cost the logarithm of the number of groups.
struct RetryQueue: Sendable {
    struct Group: Sendable {
        var due: Instant
        var items: [ItemRef]
        /// Sent again as they stand: a half of a batch that was refused for its content.
        var isWhole: Bool
    }

    private var heap: [Group] = []
    private(set) var itemCount = 0

    /// When the first group is due; nil when nothing waits.
    var nextDue: Instant? { heap.first?.due }

    mutating func add(_ group: Group) {
        itemCount += group.items.count
        heap.append(group)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].due < heap[parent].due else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// The group that has been due longest; nil when none is due yet.
    mutating func popDue(at now: Instant) -> Group? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        itemCount -= first.items.count
        return first
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].due < heap[least].due { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

/// Items that are due again, first come, first served.
struct DueItems: Sendable {
    private var items: [ItemRef] = []
    private var head = 0
    /// Since when there have been any; nil while there is none.
    private(set) var since: Instant?

    var count: Int { items.count - head }
    var first: ItemRef? { count == 0 ? nil : items[head] }

    mutating func add(_ more: [ItemRef], at now: Instant) {
        since = since ?? now
        // What has been taken is dropped once it is the larger part, so that each item is moved
        // at most once.
        if head > items.count / 2 {
            items.removeFirst(head)
            head = 0
        }
        items += more
    }

    mutating func removeFirst() {
        precondition(count > 0, "no item is due")
        head += 1
        if count == 0 { since = nil }
    }
}
