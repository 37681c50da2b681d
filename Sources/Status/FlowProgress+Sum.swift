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
        if tables.count > 1 {
            sum.fraction = tables.fraction(done: tables.lazy.map(\.itemsDone).clampedSum)
            let now = tables.filter(\.isUnderWay)
            sum.readLimit = now.limit(\.readLimit)
            sum.readLimitElsewhere = now.limit(\.readLimitElsewhere)
            sum.writeLimit = now.limit(\.writeLimit)
        }
        sum.hold(within: totals)
        return sum
    }

    /// It has begun, and not ended.
    private var isUnderWay: Bool { elapsed > .zero && !hasEnded }

    /// Items that nothing is left to be done about, by this run and earlier ones.
    package var itemsDone: Int {
        guard isComparing else { return itemsEarlier + counters.itemsSettled }
        return Int(clamping: fraction * Double(itemsEstimated ?? 0))
    }

    /// Its limits are no higher than those over all tables.
    package mutating func hold(within totals: UnitTotals) {
        if let read = totals.read { readLimit = min(readLimit ?? read, read) }
        if let write = totals.write { writeLimit = min(writeLimit ?? write, write) }
    }

    /// Adds one that runs beside it.
    package mutating func add(_ other: FlowProgress) {
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
        itemsReadPerSecond += other.itemsReadPerSecond
        readUnitsPerSecond += other.readUnitsPerSecond
        readUnitsPerSecondElsewhere += other.readUnitsPerSecondElsewhere
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

    /// Adds a further pass over the same table, which comes after it.
    package mutating func append(_ pass: FlowProgress) {
        guard segments > 0 else {
            self = pass
            return
        }
        rest()
        let elapsed = elapsed + pass.elapsed
        add(pass)
        self.elapsed = elapsed
        (readLimit, readLimitElsewhere) = (pass.readLimit, pass.readLimitElsewhere)
        writeLimit = pass.writeLimit
        let read = itemsEarlier.addingClamped(counters.itemsRead)
        fraction = min(1, Double(read) / Double(max(itemsEstimated ?? 0, read, 1)))
    }

    /// Nothing is under way any more.
    package mutating func rest() {
        (itemsReadPerSecond, readUnitsPerSecond, writeUnitsPerSecond) = (0, 0, 0)
        readUnitsPerSecondElsewhere = 0
        (readLimit, readLimitElsewhere, writeLimit) = (nil, nil, nil)
        (scansInFlight, writesInFlight) = (0, 0)
        hold = nil
        hasEnded = true
    }
}

extension [FlowProgress] {
    /// Of all together, 0 to 1: by items where it is known how many there are, else by tables.
    package func fraction(done: Int) -> Double {
        let total = compactMap(\.itemsEstimated)
        guard total.count == count else {
            return isEmpty ? 0 : reduce(0) { $0 + $1.fraction } / Double(count)
        }
        return Swift.min(1, Double(done) / Double(Swift.max(total.clampedSum, done, 1)))
    }

    /// What they may take together; nil where one may take as much as there is.
    fileprivate func limit(_ limit: (FlowProgress) -> Double?) -> Double? {
        let limits = compactMap(limit)
        return limits.count == count && count > 0 ? limits.reduce(0, +) : nil
    }
}
