import Pacing
import System

/// The units of one table or one global index: what they may be, what they were.
///
/// Reads and writes are charged to a place in the hash space, which lies in one partition.
package struct UnitAccount: Sendable {
    /// Nil when capacity is unlimited.
    var model: CapacityModel?
    package private(set) var reads = UnitMeter()
    package private(set) var writes = UnitMeter()
    package private(set) var partitionReads: [UnitMeter]
    package private(set) var partitionWrites: [UnitMeter]
    package private(set) var throttledReads = 0
    package private(set) var throttledWrites = 0
    /// Capacity time runs this many times faster than the wall.
    private let timeScale: Double

    /// - Parameter partitions: how many are metered when capacity is unlimited.
    package init(model: CapacityModel?, partitions: Int, timeScale: Double) {
        self.model = model
        self.timeScale = timeScale
        let count = model?.partitionCount ?? partitions
        partitionReads = Array(repeating: UnitMeter(), count: count)
        partitionWrites = partitionReads
    }

    /// Replaces the model, as when the table's throughput is changed; the meters go on.
    package mutating func replaceModel(_ model: CapacityModel?) {
        self.model = model
        growMeters()
    }

    private mutating func growMeters() {
        let count = max(model?.partitionCount ?? 1, partitionReads.count)
        let missing = count - partitionReads.count
        guard missing > 0 else { return }
        partitionReads += Array(repeating: UnitMeter(), count: missing)
        partitionWrites += Array(repeating: UnitMeter(), count: missing)
    }

    package func second(at now: Instant) -> Int64 {
        Int64(clamping: Double(now.nanoseconds) * timeScale / 1e9)
    }

    var partitionCount: Int { model?.partitionCount ?? partitionReads.count }

    private func partition(of hash: UInt64) -> Int {
        HashSegment.index(of: hash, total: partitionCount)
    }

    mutating func refusal(
        ofWriting units: Double, hash: UInt64, at now: Instant
    ) -> ThroughputModel.Refusal? {
        guard model != nil else { return nil }
        let partition = partition(of: hash)
        let second = second(at: now)
        let refusal = model!.refusal(ofWriting: units, partition: partition, second: second)
        growMeters()
        if refusal != nil { throttledWrites += 1 }
        return refusal
    }

    mutating func refusalOfReading(hash: UInt64, at now: Instant) -> ThroughputModel.Refusal? {
        guard model != nil else { return nil }
        let partition = partition(of: hash)
        let second = second(at: now)
        let refusal = model!.refusalOfReading(partition: partition, second: second)
        growMeters()
        if refusal != nil { throttledReads += 1 }
        return refusal
    }

    mutating func chargeWrite(_ units: Double, hash: UInt64, at now: Instant) {
        let partition = partition(of: hash)
        let second = second(at: now)
        model?.spendWrite(units, partition: partition, second: second)
        writes.add(units, at: now)
        if partitionWrites.count > 1 { partitionWrites[partition].add(units, at: now) }
    }

    mutating func chargeRead(_ units: Double, hash: UInt64, at now: Instant) {
        let partition = partition(of: hash)
        let second = second(at: now)
        model?.spendRead(units, partition: partition, second: second)
        reads.add(units, at: now)
        if partitionReads.count > 1 { partitionReads[partition].add(units, at: now) }
    }
}
