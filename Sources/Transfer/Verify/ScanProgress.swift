import Flow

/// Where the reading of one table stands.
package struct ScanProgress: Equatable, Sendable {
    package var counters = FlowCounters()
    package var segments = 0
    /// nil while nothing is known of it.
    package var itemsEstimated: Int?
    package var readUnitsPerSecond = 0.0
    package var readLimit: Double?
    package var itemsPerSecond = 0.0
    package var scansInFlight = 0
    package var hold: FlowHold?

    package init() {}

    /// What a run does of it.
    /// - Parameter finishedBefore: segments that earlier runs have finished.
    init(_ progress: FlowProgress, finishedBefore: Int) {
        counters = progress.counters
        counters.segmentsFinished = max(0, counters.segmentsFinished - finishedBefore)
        segments = max(0, progress.segments - finishedBefore)
        itemsEstimated = progress.itemsEstimated.map { max(0, $0 - progress.itemsEarlier) }
        (readUnitsPerSecond, readLimit) = (progress.readUnitsPerSecond, progress.readLimit)
        itemsPerSecond = progress.itemsReadPerSecond
        (scansInFlight, hold) = (progress.scansInFlight, progress.hold)
    }

    /// Of what is read besides scans.
    mutating func setRate(_ rate: (units: Double, limit: Double?)) {
        (readUnitsPerSecond, readLimit) = rate
    }

    /// 0...1.
    package var fraction: Double {
        guard segments > 0 else { return 1 }
        guard let itemsEstimated, itemsEstimated > 0 else {
            return Double(counters.segmentsFinished) / Double(segments)
        }
        return min(1, Double(counters.itemsRead) / Double(itemsEstimated))
    }

    /// Nothing is scanned now.
    mutating func rest() {
        (itemsPerSecond, readUnitsPerSecond, readLimit, hold) = (0, 0, nil, nil)
    }

    /// A further pass over the same table.
    mutating func add(_ other: ScanProgress) {
        let (finished, before) = (other.counters.segmentsFinished, segments)
        if before == 0 {
            self = other
            return
        }
        counters = counters.after(other.counters)
        counters.segmentsFinished += finished
        segments += other.segments
        itemsEstimated = (itemsEstimated ?? 0) + (other.itemsEstimated ?? 0)
        (readUnitsPerSecond, readLimit) = (other.readUnitsPerSecond, other.readLimit)
        itemsPerSecond = other.itemsPerSecond
        (scansInFlight, hold) = (other.scansInFlight, other.hold)
    }
}
