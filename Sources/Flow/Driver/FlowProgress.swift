import Pacing
import System

/// Where a flow stands. Totals are estimates that are corrected as segments end.
package struct FlowProgress: Equatable, Sendable {
    /// Of this run.
    package var counters: FlowCounters
    /// What earlier runs of the job had settled, and its size.
    package var itemsEarlier: Int
    package var bytesEarlier: Int
    package var elapsed: Duration
    package var segments: Int
    /// Items that there are in all; nil while nothing is known of it.
    package var itemsEstimated: Int?
    /// 0...1.
    package var fraction: Double
    package var itemsReadPerSecond = 0.0
    package var readUnitsPerSecond: Double
    package var readLimit: Double?
    /// Of the other side, where a source reads there too.
    package var readUnitsPerSecondElsewhere = 0.0
    package var readLimitElsewhere: Double?
    package var writeUnitsPerSecond: Double
    package var writeLimit: Double?
    package var scansInFlight: Int
    package var writesInFlight: Int
    package var isEnding: Bool
    package var hasEnded: Bool
    package var isPaused: Bool
    package var hold: WaitReason?
    /// What differs is being looked for: until that has ended, ``fraction`` alone says how far it
    /// has come.
    package var isComparing = false

    /// Of a flow that has not begun.
    package init(segments: Int = 0) {
        counters = FlowCounters()
        (itemsEarlier, bytesEarlier) = (0, 0)
        elapsed = .zero
        self.segments = segments
        fraction = 0
        (readUnitsPerSecond, writeUnitsPerSecond) = (0, 0)
        (scansInFlight, writesInFlight) = (0, 0)
        (isEnding, hasEnded, isPaused) = (false, false, false)
    }

    /// Of a flow that these are parts of.
    init(
        _ counters: FlowCounters, _ reader: inout PartitionReader, _ ledger: Ledger,
        _ writer: inout BatchWriter, reported: Int, at now: Instant
    ) {
        self.init(segments: reader.partitions)
        self.counters = counters
        (itemsEarlier, bytesEarlier) = (ledger.itemsEarlier, ledger.bytesEarlier)
        estimate(readInFinished: reader.itemsInFinished, reported: reported)
        itemsReadPerSecond = reader.itemsPerSecond(at: now)
        (readUnitsPerSecond, readLimit) = (reader.consumedPerSecond(at: now), reader.rate)
        (readUnitsPerSecondElsewhere, readLimitElsewhere) = reader.consumedElsewhere(at: now)
        (writeUnitsPerSecond, writeLimit) = writer.consumedPerSecond(at: now)
        (scansInFlight, writesInFlight) = (reader.readsInFlight, writer.writesInFlight)
    }

    /// Totals, from what has been read and what the source reports.
    mutating func estimate(readInFinished: Int, reported: Int) {
        itemsEstimated = Self.estimate(
            read: itemsEarlier + counters.itemsRead, readInFinished: readInFinished,
            segmentsFinished: counters.segmentsFinished, segments: max(1, segments),
            reported: reported)
        let settled = itemsEarlier + counters.itemsSettled
        let share = itemsEstimated.map { Double(settled) / Double(max($0, 1)) } ?? 0
        fraction = min(share, 1)
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
