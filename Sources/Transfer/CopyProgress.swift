import Pacing

/// Where a copy stands. Totals are estimates that are corrected as segments end.
package struct CopyProgress: Equatable, Sendable {
    package var counters: CopyCounters
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
    package var hold: CopyHold?

    init(
        _ scheduler: inout CopyScheduler, itemsReported: Int, segments: Int, elapsed: Duration,
        at now: Instant
    ) {
        counters = scheduler.counters
        self.elapsed = elapsed
        self.segments = segments
        itemsEstimated = Self.estimate(
            read: counters.itemsRead, readInFinished: scheduler.itemsReadInFinishedSegments,
            segmentsFinished: counters.segmentsFinished, segments: segments,
            reported: itemsReported)
        let settled = counters.itemsWritten + counters.deadLetters
        let share = itemsEstimated.map { Double(settled) / Double(max($0, 1)) } ?? 0
        fraction = min(share, 1)
        let rates = scheduler.rates(at: now)
        (readUnitsPerSecond, readLimit) = (rates.read, rates.readLimit)
        (writeUnitsPerSecond, writeLimit) = (rates.write, rates.writeLimit)
        scansInFlight = scheduler.scansUnderWay
        writesInFlight = scheduler.writesUnderWay
        isEnding = scheduler.isEnding
        hasEnded = scheduler.hasEnded
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
