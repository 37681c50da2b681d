import Pacing

/// Where a copy stands. Totals are estimates that are corrected as segments end.
package struct CopyProgress: Equatable, Sendable {
    /// Of this run.
    package var counters: CopyCounters
    /// What earlier runs of the job had settled, and its size.
    package var itemsEarlier: Int
    package var bytesEarlier: Int
    package var elapsed: Duration
    package var segments: Int
    /// Items that there are in all; nil while nothing is known of it.
    package var itemsEstimated: Int?
    /// 0...1.
    package var fraction: Double
    package var readUnitsPerSecond: Double
    package var readLimit: Double?
    package var writeUnitsPerSecond: Double
    package var writeLimit: Double?
    package var scansInFlight: Int
    package var writesInFlight: Int
    package var isEnding: Bool
    package var hasEnded: Bool
    package var isPaused: Bool
    package var hold: CopyHold?
    /// What differs is being looked for: until that has ended, ``fraction`` alone says how far it
    /// has come.
    package var isComparing = false

    /// Of a copy that has not begun.
    init(segments: Int) {
        counters = CopyCounters()
        (itemsEarlier, bytesEarlier) = (0, 0)
        elapsed = .zero
        self.segments = segments
        fraction = 0
        (readUnitsPerSecond, writeUnitsPerSecond) = (0, 0)
        (scansInFlight, writesInFlight) = (0, 0)
        (isEnding, hasEnded, isPaused) = (false, false, false)
    }

    /// Of several tables together. Limits are each table's own, but for those over all tables.
    package static func sum(
        _ tables: [CopyProgress], within totals: UnitTotals? = nil
    ) -> CopyProgress {
        guard var sum = tables.first else { return CopyProgress(segments: 0) }
        if tables.count > 1 {
            for table in tables.dropFirst() { sum.add(table) }
            (sum.readLimit, sum.writeLimit) = (nil, nil)
        }
        if let read = totals?.read { sum.readLimit = min(sum.readLimit ?? read, read) }
        if let write = totals?.write { sum.writeLimit = min(sum.writeLimit ?? write, write) }
        guard tables.count > 1 else { return sum }
        let settled = tables.reduce(0) { $0 + $1.itemsDone }
        sum.fraction = min(1, Double(settled) / Double(max(sum.itemsEstimated ?? 0, settled, 1)))
        return sum
    }

    private var itemsDone: Int {
        guard isComparing else { return itemsEarlier + counters.itemsSettled }
        return Int(fraction * Double(itemsEstimated ?? 0))
    }

    private mutating func add(_ other: CopyProgress) {
        let segmentsFinished = counters.segmentsFinished + other.counters.segmentsFinished
        counters = counters.after(other.counters)
        counters.segmentsFinished = segmentsFinished
        itemsEarlier += other.itemsEarlier
        bytesEarlier += other.bytesEarlier
        elapsed = max(elapsed, other.elapsed)
        segments += other.segments
        if let one = itemsEstimated, let more = other.itemsEstimated {
            itemsEstimated = one + more
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

    /// What does not change while a copy runs.
    struct Subject: Sendable {
        var itemsReported: Int
        var segments: Int
        var started: Instant
    }

    init(_ scheduler: inout CopyScheduler, of subject: Subject, at now: Instant) {
        counters = scheduler.counters
        elapsed = now - subject.started
        segments = subject.segments
        itemsEarlier = scheduler.itemsEarlier
        bytesEarlier = scheduler.bytesEarlier
        itemsEstimated = Self.estimate(
            read: itemsEarlier + counters.itemsRead,
            readInFinished: scheduler.itemsReadInFinishedSegments,
            segmentsFinished: counters.segmentsFinished, segments: segments,
            reported: subject.itemsReported)
        let settled = itemsEarlier + counters.itemsSettled
        let share = itemsEstimated.map { Double(settled) / Double(max($0, 1)) } ?? 0
        fraction = min(share, 1)
        let rates = scheduler.rates(at: now)
        (readUnitsPerSecond, readLimit) = (rates.read, rates.readLimit)
        (writeUnitsPerSecond, writeLimit) = (rates.write, rates.writeLimit)
        scansInFlight = scheduler.scansUnderWay
        writesInFlight = scheduler.writesUnderWay
        isEnding = scheduler.isEnding
        hasEnded = scheduler.hasEnded
        isPaused = scheduler.isPaused
        hold = scheduler.hold
    }

    /// What finished segments held says how much the others will, the better the more there are;
    /// what the table reports, up to six hours old, serves until then.
    static func estimate(
        read: Int, readInFinished: Int, segmentsFinished: Int, segments: Int, reported: Int
    ) -> Int? {
        let share = Double(segmentsFinished) / Double(segments)
        guard segmentsFinished > 0 else { return reported > 0 ? max(reported, read) : nil }
        let extrapolated = Double(readInFinished) / share
        let estimate =
            reported > 0 ? extrapolated * share + Double(reported) * (1 - share) : extrapolated
        return max(Int(estimate.rounded()), read)
    }
}
