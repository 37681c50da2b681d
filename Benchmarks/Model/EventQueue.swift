import Pacing

/// What is yet to happen, by time; events of the same instant come in the order they were added.
///
/// A binary heap: adding and taking cost the logarithm of the number of events.
struct EventQueue<Event> {
    private var heap: [(at: Instant, order: Int, event: Event)] = []
    private var added = 0

    mutating func add(_ event: Event, at instant: Instant) {
        added += 1
        heap.append((instant, added, event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isEarlier(child, parent) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    var nextAt: Instant? { heap.first?.at }

    mutating func next() -> (at: Instant, event: Event)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        return (first.at, first.event)
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            let left = 2 * parent + 1
            if left < heap.count, isEarlier(left, least) { least = left }
            if left + 1 < heap.count, isEarlier(left + 1, least) { least = left + 1 }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func isEarlier(_ left: Int, _ right: Int) -> Bool {
        (heap[left].at, heap[left].order) < (heap[right].at, heap[right].order)
    }
}
