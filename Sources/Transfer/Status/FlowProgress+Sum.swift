import Flow
import System

extension FlowProgress {
    /// Of several tables together. Limits are each table's own, but for those over all tables.
    package static func sum(
        _ tables: [FlowProgress], within totals: UnitTotals? = nil
    ) -> FlowProgress {
        guard var sum = tables.first else { return FlowProgress(segments: 0) }
        if tables.count > 1 {
            for table in tables.dropFirst() { sum.add(table) }
            (sum.readLimit, sum.writeLimit) = (nil, nil)
        }
        if let read = totals?.read { sum.readLimit = min(sum.readLimit ?? read, read) }
        if let write = totals?.write { sum.writeLimit = min(sum.writeLimit ?? write, write) }
        guard tables.count > 1 else { return sum }
        let settled = tables.lazy.map(\.itemsDone).clampedSum
        sum.fraction = min(1, Double(settled) / Double(max(sum.itemsEstimated ?? 0, settled, 1)))
        return sum
    }

    private var itemsDone: Int {
        guard isComparing else { return itemsEarlier + counters.itemsSettled }
        return Int(clamping: fraction * Double(itemsEstimated ?? 0))
    }

    private mutating func add(_ other: FlowProgress) {
        let segmentsFinished = counters.segmentsFinished + other.counters.segmentsFinished
        counters = counters.after(other.counters)
        counters.segmentsFinished = segmentsFinished
        itemsEarlier += other.itemsEarlier
        bytesEarlier += other.bytesEarlier
        elapsed = max(elapsed, other.elapsed)
        segments += other.segments
        if let one = itemsEstimated, let more = other.itemsEstimated {
            itemsEstimated = one.addingClamped(more)
        } else {
            itemsEstimated = nil
        }
        readUnitsPerSecond += other.readUnitsPerSecond
        writeUnitsPerSecond += other.writeUnitsPerSecond
        scansInFlight += other.scansInFlight
        writesInFlight += other.writesInFlight
        isEnding = isEnding || other.isEnding
        hasEnded = hasEnded && other.hasEnded
        isComparing = isComparing || other.isComparing
        isPaused = isPaused || other.isPaused
        // A limit over all tables holds them all, whatever the others wait for just now.
        hold = [hold, other.hold].compactMap(\.self).first { $0.isShared } ?? hold ?? other.hold
    }
}
