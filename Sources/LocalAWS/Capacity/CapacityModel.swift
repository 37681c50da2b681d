import DynamoModel
import System

/// The capacity of one table or one global index: reads, writes and partitions.
///
/// A value; time is passed in, in seconds of capacity time.
package struct CapacityModel: Sendable {
    package private(set) var reads: ThroughputModel
    package private(set) var writes: ThroughputModel
    /// True when the number of partitions was asked for and never changes.
    private let isFixed: Bool

    /// - Parameter partitions: nil to have as many as the limits need.
    package init(
        reads readLimit: ThroughputModel.Limit, writes writeLimit: ThroughputModel.Limit,
        partitions: Int?, burstSeconds: Double, second: Int64
    ) {
        let count =
            partitions ?? Self.partitions(reads: readLimit.rate, writes: writeLimit.rate)
        reads = ThroughputModel(
            limit: readLimit, partitionRate: Double(ServiceLimits.partitionReadUnits),
            partitions: count, burstSeconds: burstSeconds, second: second)
        writes = ThroughputModel(
            limit: writeLimit, partitionRate: Double(ServiceLimits.partitionWriteUnits),
            partitions: count, burstSeconds: burstSeconds, second: second)
        isFixed = partitions != nil
    }

    private static func partitions(reads: Double, writes: Double) -> Int {
        let needed = max(
            writes / Double(ServiceLimits.partitionWriteUnits),
            reads / Double(ServiceLimits.partitionReadUnits))
        return max(1, Int(clamping: needed.rounded(.up)))
    }

    package var partitionCount: Int { writes.partitionCount }

    package mutating func refusal(
        ofWriting units: Double, partition: Int, second: Int64
    ) -> ThroughputModel.Refusal? {
        let refusal = writes.refusal(of: units, partition: partition, second: second)
        splitIfGrown(second: second)
        return refusal
    }

    package mutating func spendWrite(_ units: Double, partition: Int, second: Int64) {
        writes.spend(units, partition: min(partition, partitionCount - 1), second: second)
    }

    package mutating func refusalOfReading(
        partition: Int, second: Int64
    ) -> ThroughputModel.Refusal? {
        let refusal = reads.refusal(of: nil, partition: partition, second: second)
        splitIfGrown(second: second)
        return refusal
    }

    package mutating func spendRead(_ units: Double, partition: Int, second: Int64) {
        reads.spend(units, partition: min(partition, partitionCount - 1), second: second)
    }

    private mutating func splitIfGrown(second: Int64) {
        guard !isFixed else { return }
        let needed = Self.partitions(reads: reads.rate, writes: writes.rate)
        guard needed > partitionCount else { return }
        reads.split(into: needed, second: second)
        writes.split(into: needed, second: second)
    }
}
