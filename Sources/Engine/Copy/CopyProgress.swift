import Pacing
import System

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
    package init(segments: Int) {
        counters = CopyCounters()
        (itemsEarlier, bytesEarlier) = (0, 0)
        elapsed = .zero
        self.segments = segments
        fraction = 0
        (readUnitsPerSecond, writeUnitsPerSecond) = (0, 0)
        (scansInFlight, writesInFlight) = (0, 0)
        (isEnding, hasEnded, isPaused) = (false, false, false)
    }

    /// What does not change while a copy runs.
    package struct Subject: Sendable {
        package var itemsReported: Int
        package var segments: Int
        var started: Instant
    }

    package init(_ scheduler: inout CopyScheduler, of subject: Subject, at now: Instant) {
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
    package static func estimate(
        read: Int, readInFinished: Int, segmentsFinished: Int, segments: Int, reported: Int
    ) -> Int? {
        let share = Double(segmentsFinished) / Double(segments)
        guard segmentsFinished > 0 else { return reported > 0 ? max(reported, read) : nil }
        let extrapolated = Double(readInFinished) / share
        let estimate =
            reported > 0 ? extrapolated * share + Double(reported) * (1 - share) : extrapolated
        return max(Int(clamping: estimate.rounded()), read)
    }
}
