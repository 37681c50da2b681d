import Connectors
import DynamoModel
import LocalAWS
import Pacing
import System
import Transfer

/// A copy to a target of P partitions of 1,000 write units a second each, nothing saved up, whose
/// hash order is the source's: at default settings, or as one reader in scan order writes it.
package struct HeatRun: Sendable {
    package var partitions: Int
    package var itemBytes = 1000
    /// Seconds that the target takes at least.
    package var seconds = 60
    /// Part of the items that are one huge item collection.
    package var collectionShare = 0.0
    /// Whether the target is provisioned with what its partitions have together; else on demand,
    /// with as much.
    package var isProvisioned = true
    package var roundTrip: ClosedRange<Duration> = .milliseconds(3)...(.milliseconds(7))
    /// Now and then nothing is answered for a while, as on a machine that has other work.
    package var stalls: Duration?
    package var seed: UInt64 = 1

    package init(partitions: Int) {
        self.partitions = partitions
    }

    package struct Finding: Sendable {
        package var unitsPerSecond: Double
        /// Of the items sent: those that were refused.
        package var refusedShare: Double
        package var partitions: [UnitSeries]
        package var seconds: Double
        /// Units a second in the partitions that do not hold the huge collection, while they had
        /// work.
        package var othersPerSecond = 0.0
    }

    private static let partitionRate = Double(ServiceLimits.partitionWriteUnits)

    private var throughput: ThroughputModel {
        ThroughputModel(
            limit: .provisioned(Self.partitionRate * Double(partitions)),
            partitionRate: Self.partitionRate, partitions: partitions, burstSeconds: 0, second: 0)
    }

    package var table: ModelTable {
        let items = partitions * seconds * 1000 / CapacityUnits.write(bytes: itemBytes)
        let collection = Int(clamping: Double(items) * collectionShare)
        let segments = ScanSource.segments(forBytes: items * itemBytes)
        var table = ModelTable(
            itemBytes: itemBytes, segments: segments,
            itemsPerSegment: (items - collection) / segments)
        if collection > 0 { table.collection = (segments / 3, collection) }
        return table
    }

    /// The scheduler at default settings.
    package func dynaferry() -> Finding {
        var world = ModelCopy.World(table)
        world.seed = seed
        world.scanLatency = ModelLatency(roundTrip)
        world.writeLatency = ModelLatency(roundTrip)
        if let stalls {
            world.writeLatency.stallEvery = .milliseconds(1_300)
            world.writeLatency.stall = stalls
            world.scanLatency = world.writeLatency
        }
        world.target = ModelTarget(throughput: throughput)
        world.copy.itemBytesReported = itemBytes
        if isProvisioned { world.copy.write.table = Self.partitionRate * Double(partitions) }
        var copy = ModelCopy(world)
        var othersEnd = Duration.zero
        let others = world.table.items - (world.table.collection?.items ?? 0)
        while copy.outcome == nil {
            copy.run(until: copy.now - Instant.zero + .milliseconds(100))
            // All but a few: the last of a segment wait for the last of their page.
            let written = copy.scheduler.counters.itemsWritten - copy.collectionWritten
            if written <= others * 95 / 100 { othersEnd = copy.now - Instant.zero }
        }
        precondition(copy.outcome == .completed, "the copy ended with \(copy.outcome!)")
        var finding = finding(copy.world.target, at: copy.now)
        finding.othersPerSecond =
            Double(others) * 0.95 * world.table.writeUnits / othersEnd.inSeconds
        return finding
    }

    /// One reader in scan order and 16 writers, who send again what was refused.
    package func scanOrder() -> Finding {
        let table = table
        var target = ModelTarget(throughput: throughput)
        var generator = SeededGenerator(seed: seed)
        let total = table.items
        var next = 0
        var again: [Int] = []
        var now = Instant.zero
        while next < total || !again.isEmpty {
            var batch: [Int] = Array(again.prefix(25))
            again.removeFirst(batch.count)
            while batch.count < 25, next < total {
                batch.append(next)
                next += 1
            }
            let places = batch.map { Double($0) / Double(total) }
            let answer = target.write(places, of: table, at: now, &generator)
            again += answer.refused.map { batch[$0] }
            now = now + roundTrip.lowerBound / 16
            // All was refused: a writer waits as SDKs do.
            if answer.refused.count == batch.count { now = now + .milliseconds(25) }
        }
        return finding(target, at: now)
    }

    private func finding(_ target: ModelTarget, at now: Instant) -> Finding {
        let seconds = (now - .zero).inSeconds
        return Finding(
            unitsPerSecond: target.meter.total / seconds,
            refusedShare: Double(target.refusedItems) / Double(max(target.items, 1)),
            partitions: target.partitionMeters, seconds: seconds)
    }
}
