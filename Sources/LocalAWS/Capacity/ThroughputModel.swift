import DynamoModel
import System

/// What one table or index takes a second in one direction, reads or writes: its own limit, and
/// that of each of its partitions.
///
/// Provisioned throughput is the limit as it stands; adaptive capacity lends it to any partition
/// up to the partition's own maximum. On demand the limit is twice the highest second of the
/// half hours before, at least what a new table has (guide, "On-demand capacity mode").
/// A value; time is passed in, in seconds of capacity time.
package struct ThroughputModel: Sendable {
    /// What says no, as `ThrottlingReasons` names it.
    package enum Refusal: String, Sendable {
        case provisioned = "ProvisionedThroughputExceeded"
        case maximum = "MaxOnDemandThroughputExceeded"
        case keyRange = "KeyRangeThroughputExceeded"
    }

    package enum Limit: Equatable, Sendable {
        case provisioned(Double)
        /// `initial` units a second at once, more as traffic grows, never more than `maximum`.
        case onDemand(initial: Double, maximum: Double?)

        var rate: Double {
            switch self {
            case .provisioned(let rate): rate
            case .onDemand(let initial, _): initial
            }
        }
    }

    private static let growthSeconds: Int64 = 1800

    private let limit: Limit
    private let partitionRate: Double
    private let burstSeconds: Double
    private var whole: UnitBucket
    private var maximum: UnitBucket?
    private var partitions: [UnitBucket]
    /// Units of the running second, the most that a second of the running half hour and of those
    /// before has taken, and when the running half hour began.
    private var secondUnits = (second: Int64(0), units: 0.0)
    private var peaks = (running: 0.0, before: 0.0)
    private var windowStart: Int64

    package init(
        limit: Limit, partitionRate: Double, partitions: Int, burstSeconds: Double, second: Int64
    ) {
        precondition(partitions > 0, "a table has at least one partition, not \(partitions)")
        self.limit = limit
        self.partitionRate = partitionRate
        self.burstSeconds = burstSeconds
        whole = UnitBucket(rate: limit.rate, burstSeconds: burstSeconds, second: second)
        if case .onDemand(_, let maximum?) = limit {
            self.maximum = UnitBucket(rate: maximum, burstSeconds: 0, second: second)
        }
        let bucket = UnitBucket(rate: partitionRate, burstSeconds: burstSeconds, second: second)
        self.partitions = Array(repeating: bucket, count: partitions)
        windowStart = second
    }

    /// Units a second that the whole takes now.
    package var rate: Double { whole.rate }

    package var partitionCount: Int { partitions.count }

    /// Why `units` may not be spent on the partition now; nil when they may. Without a number of
    /// units: why nothing may be spent.
    package mutating func refusal(
        of units: Double?, partition: Int, second: Int64
    ) -> Refusal? {
        grow(second: second)
        func admits(_ bucket: inout UnitBucket) -> Bool {
            units.map { bucket.admits($0, second: second) }
                ?? bucket.admitsAnything(second: second)
        }
        guard admits(&whole) else { return .provisioned }
        if maximum != nil, !admits(&maximum!) { return .maximum }
        return admits(&partitions[partition]) ? nil : .keyRange
    }

    package mutating func spend(_ units: Double, partition: Int, second: Int64) {
        whole.spend(units, second: second)
        maximum?.spend(units, second: second)
        partitions[partition].spend(units, second: second)
        if secondUnits.second != second { secondUnits = (second, 0) }
        secondUnits.units += units
        peaks.running = max(peaks.running, secondUnits.units)
    }

    /// On demand: raises the limit when a half hour with a new peak is over.
    private mutating func grow(second: Int64) {
        guard case .onDemand(let initial, _) = limit else { return }
        guard second - windowStart >= Self.growthSeconds else { return }
        windowStart = second
        peaks.before = max(peaks.before, peaks.running)
        peaks.running = 0
        let rate = max(initial, 2 * peaks.before)
        guard rate > whole.rate else { return }
        whole = UnitBucket(rate: rate, burstSeconds: burstSeconds, second: second)
    }

    /// Splits the table into more partitions, each with a fresh second.
    package mutating func split(into count: Int, second: Int64) {
        guard count > partitions.count else { return }
        let bucket = UnitBucket(rate: partitionRate, burstSeconds: burstSeconds, second: second)
        partitions = Array(repeating: bucket, count: count)
    }
}
