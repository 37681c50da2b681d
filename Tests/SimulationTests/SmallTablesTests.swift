import Connectors
import DynamoModel
import LocalAWS
import ModelBenchmarks
import Pacing
import Testing

/// Goal: a small table with few units takes hardly longer than its units do.
/// Method: a copy in virtual time of each of 31 tables of 0 to 2 MB, whose sizes are reported. They
/// run beside each other (`JobWidthTests`), so the job takes as long as its largest table.
@Suite struct SmallTablesTests {
    private static let itemBytes = 1_000
    private static let items = (0..<31).map { $0 * 2_000_000 / 30 / itemBytes }

    /// Units of a table that has five of each.
    private var throughput: ThroughputModel {
        ThroughputModel(
            limit: .provisioned(5), partitionRate: 3_000, partitions: 1, burstSeconds: 300,
            second: 0)
    }

    private func world(items: Int, read: Double, write: Double) -> ModelCopy.World {
        var world = ModelCopy.World(
            ModelTable(itemBytes: Self.itemBytes, segments: 1, itemsPerSegment: items))
        world.source = ModelSource(throughput: throughput)
        world.target = ModelTarget(throughput: throughput)
        world.copy.itemBytesReported = Self.itemBytes
        world.copy.read.unitsPerSecond = read
        world.copy.write.table = write
        return world
    }

    /// Limits of reading and writing, in units a second: those of a live source, of one that may be
    /// read as fast as it can, and one where reading takes longer.
    static let limits: [(read: Double, write: Double)] = [(2.5, 5), (5, 5), (1, 5)]

    @Test(.timeLimit(.minutes(20)), arguments: limits)
    func `a table of few units is copied in the time that its units take`(
        limit: (read: Double, write: Double)
    ) {
        var longest = 0.0
        for items in Self.items {
            var copy = ModelCopy(world(items: items, read: limit.read, write: limit.write))
            copy.run()
            #expect(copy.outcome == .completed)
            #expect(copy.world.target.items == items)
            let bytes = items * Self.itemBytes
            let reading = CapacityUnits.scan(bytes: bytes, consistent: false) / limit.read
            let writing = Double(items * CapacityUnits.write(bytes: Self.itemBytes)) / limit.write
            let least = max(reading, writing)
            let took = (copy.now - .zero).inSeconds
            // A table of nothing takes a request.
            #expect(took <= 1.1 * least + 0.1, "\(items) items: \(took) s of \(least)")
            if items > 0 { longest = max(longest, took / least) }
        }
        print("at \(limit): at most \(longest) times the least")
    }
}
