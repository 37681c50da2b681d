import Flow
import System

extension FlowProgress {
    /// Of several tables together.
    /// - Parameter totals: what all of them are held to.
    package static func sum(
        _ tables: [FlowProgress], within totals: UnitTotals = UnitTotals()
    ) -> FlowProgress {
        guard var sum = tables.first else { return FlowProgress() }
        for table in tables.dropFirst() { sum.add(table) }
        sum.hold(within: totals)
        guard tables.count > 1 else { return sum }
        let done = tables.lazy.map(\.itemsDone).clampedSum
        sum.fraction = min(1, Double(done) / Double(max(sum.itemsEstimated ?? 0, done, 1)))
        return sum
    }

    /// Items that nothing is left to be done about, by this run and earlier ones.
    package var itemsDone: Int {
        guard isComparing else { return itemsEarlier + counters.itemsSettled }
        return Int(clamping: fraction * Double(itemsEstimated ?? 0))
    }

    /// Its limits are no higher than those over all tables.
    mutating func hold(within totals: UnitTotals) {
        if let read = totals.read { readLimit = min(readLimit ?? read, read) }
        if let write = totals.write { writeLimit = min(writeLimit ?? write, write) }
    }

    /// With one that goes on beside it.
    mutating func add(_ other: FlowProgress) {
        let segmentsFinished = counters.segmentsFinished + other.counters.segmentsFinished
        counters = counters.after(other.counters)
        counters.segmentsFinished = segmentsFinished
        itemsEarlier += other.itemsEarlier
        bytesEarlier += other.bytesEarlier
        elapsed = max(elapsed, other.elapsed)
        segments += other.segments
        itemsEstimated = Self.sum(itemsEstimated, other.itemsEstimated) { $0.addingClamped($1) }
        itemsReadPerSecond += other.itemsReadPerSecond
        readUnitsPerSecond += other.readUnitsPerSecond
        readUnitsPerSecondElsewhere += other.readUnitsPerSecondElsewhere
        writeUnitsPerSecond += other.writeUnitsPerSecond
        readLimit = Self.sum(readLimit, other.readLimit, +)
        readLimitElsewhere = Self.sum(readLimitElsewhere, other.readLimitElsewhere, +)
        writeLimit = Self.sum(writeLimit, other.writeLimit, +)
        scansInFlight += other.scansInFlight
        writesInFlight += other.writesInFlight
        isEnding = isEnding || other.isEnding
        hasEnded = hasEnded && other.hasEnded
        isComparing = isComparing || other.isComparing
        isPaused = isPaused || other.isPaused
        // A limit over all tables holds them all, whatever the others wait for just now.
        hold = [hold, other.hold].compactMap(\.self).first { $0.isShared } ?? hold ?? other.hold
    }

    /// One that is not known, or not limited, is so for all.
    private static func sum<Number>(
        _ one: Number?, _ other: Number?, _ add: (Number, Number) -> Number
    ) -> Number? {
        guard let one, let other else { return nil }
        return add(one, other)
    }

    /// With a further pass over the same table, which comes after it.
    mutating func append(_ pass: FlowProgress) {
        guard segments > 0 else {
            self = pass
            return
        }
        rest()
        (readLimit, readLimitElsewhere, writeLimit) = (0, 0, 0)
        hasEnded = true
        let elapsed = elapsed + pass.elapsed
        add(pass)
        self.elapsed = elapsed
        let read = itemsEarlier.addingClamped(counters.itemsRead)
        fraction = min(1, Double(read) / Double(max(itemsEstimated ?? 0, read, 1)))
    }

    /// Nothing is under way any more.
    mutating func rest() {
        (itemsReadPerSecond, readUnitsPerSecond, writeUnitsPerSecond) = (0, 0, 0)
        readUnitsPerSecondElsewhere = 0
        (readLimit, readLimitElsewhere, writeLimit) = (nil, nil, nil)
        (scansInFlight, writesInFlight) = (0, 0)
        hold = nil
    }
}
