import DynamoModel
import Pacing

/// Mixing: which items make the next batch.
extension CopyScheduler {
    /// Items larger than this are no neighbours to be taken together.
    private static let runItemBytesMax = 4096

    /// The next batch: one that is sent as it stands, or what is due again and then items of all
    /// open pages in turn. Nil when there is nothing, or too little while more is on its way.
    mutating func nextBatch(at now: Instant) -> Batch? {
        if let items = whole.popLast() {
            var batch = Batch(capacity: items.count)
            for item in items { batch.add(item, slice(of: item)) }
            return batch
        }
        let isWorthWaiting = scansInFlight > 0 && now - (due.since ?? now) < Self.tick
        if isWorthWaiting, ring.count < configuration.batchItemsMax, isTooLittle { return nil }
        // No batch takes more than half the pool, so that two are under way at least; a single
        // item always fits, as the budget's minimum promises.
        let bytesMax = min(
            ServiceLimits.requestBytesMax - MemoryBudget.batchEnvelope,
            configuration.memory.batchBytes / 4)
        let unitsMax = writing.batchUnitsMax
        var batch = Batch(capacity: configuration.batchItemsMax)
        while batch.items.count < configuration.batchItemsMax {
            if let item = due.first {
                let slice = slice(of: item)
                guard batch.fits(slice, bytesMax: bytesMax, unitsMax: unitsMax) else { break }
                due.removeFirst()
                batch.add(item, slice)
            } else {
                guard let segment = segmentInTurn(),
                    takeRun(of: segment, into: &batch, bytesMax: bytesMax, unitsMax: unitsMax)
                else { break }
            }
        }
        return batch.items.isEmpty ? nil : batch
    }

    /// Whether what is due and what the segments in the ring hold are less than one full batch.
    private var isTooLittle: Bool {
        var untaken = due.count
        if untaken >= configuration.batchItemsMax { return false }
        for slot in ring {
            for page in segments[slot].pages { untaken += pages[page].untaken }
            if untaken >= configuration.batchItemsMax { return false }
        }
        return true
    }

    /// The open segment whose turn it is to give items. A segment leaves the ring here when its
    /// allowance is used up; the regular look puts it back.
    private mutating func segmentInTurn() -> Int? {
        while !ring.isEmpty {
            if turn >= ring.count { turn = 0 }
            let slot = ring[turn]
            guard segments[slot].heat.isSpent else { return slot }
            ring.remove(at: turn)
        }
        return nil
    }

    /// Takes a few neighbours, whose bytes lie together, of the segment whose turn it is, and
    /// passes the turn on; false when the batch is full before that. Large items go one by one: a
    /// run of them would be half a partition's second.
    private mutating func takeRun(
        of slot: Int, into batch: inout Batch, bytesMax: Int, unitsMax: Double
    ) -> Bool {
        guard let page = segments[slot].taking else {
            preconditionFailure("segment \(segments[slot].index) has no items to take")
        }
        let items = pages[page].items
        let first = pages[page].taken
        let room = configuration.batchItemsMax - batch.items.count
        let run = items[first].size > Self.runItemBytesMax ? 1 : configuration.runItems
        let wanted = min(run, room, segments[slot].heat.left)
        var next = first
        let end = pages[page].runEnd(most: wanted)
        while next < end, batch.fits(items[next], bytesMax: bytesMax, unitsMax: unitsMax) {
            batch.add(BatchItem(page: page, index: next), items[next])
            next += 1
        }
        guard next > first else { return false }
        segments[slot].heat.spend(next - first)
        let untaken = pages[page].untaken
        pages[page].take(next - first)
        segments[slot].itemsWaiting -= untaken - pages[page].untaken
        if pages[page].untaken == 0 { segments[slot].taking = nextToTake(of: slot) }
        if segments[slot].taking == nil {
            ring.remove(at: turn)
        } else {
            turn += 1
        }
        return next == end
    }

    /// The first page of a segment that still has items to take.
    private func nextToTake(of slot: Int) -> Int? {
        segments[slot].pages.first { pages[$0].untaken > 0 }
    }
}
