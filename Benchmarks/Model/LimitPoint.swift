import DynamoModel
import LocalAWS
import Pacing
import System
import Transfer

/// One point of the grid of limits: a copy under one limit, and what the meters showed.
///
/// The claim: in any 10 s window after the first 5 s the meter of the bucket that binds shows the
/// limit × 10 s, -2 % or +1 %, or one smallest possible request, whichever is wider; and no request
/// is throttled while each partition's share is at most 80 % of its own.
package struct LimitPoint: Sendable, CustomStringConvertible {
    package enum Kind: String, CaseIterable, Sendable {
        case reads
        case writes
        /// One global index with entries as large as the items.
        case writesWithIndex = "writes, 1 index"
        /// One with small entries, and one whose limit is half of the table's and binds.
        case writesWithTwoIndexes = "writes, 2 indexes"
        /// One that holds 3 items of 10, at a limit of a tenth of the table's, which binds.
        case writesWithSparseIndex = "writes, sparse index"
    }

    /// What goes wrong meanwhile.
    package enum Trouble: String, CaseIterable, Sendable {
        case none
        /// 1 % of the replies come up to 4 s late.
        case lateReplies = "late replies"
        /// Nothing is answered for 3 s of each 11 s.
        case stalls
        /// For 2 s of each 7 s, 60 % of the items come back unprocessed.
        case refusals
        /// 10 % of the items come back unprocessed, always.
        case background = "10 % unprocessed"
    }

    package var kind: Kind
    package var limit: Double
    package var itemBytes: Int
    package var trouble = Trouble.none
    package var roundTrip: ClosedRange<Duration> = .milliseconds(3)...(.milliseconds(7))

    package init(_ kind: Kind, limit: Double, itemBytes: Int, trouble: Trouble = .none) {
        self.kind = kind
        self.limit = limit
        self.itemBytes = itemBytes
        self.trouble = trouble
    }

    package var description: String {
        "\(kind.rawValue), \(limit) units a second, \(itemBytes) B, \(trouble.rawValue)"
    }

    /// What was found at a point.
    package struct Finding: Sendable {
        /// Units of the least and of the fullest 10 s window, of the bucket that binds.
        package var windows: ClosedRange<Double>
        package var wanted: Double
        package var smallestRequest: Double
        /// Of all other buckets: the fullest window as a part of its limit.
        package var othersMost = 0.0
        package var throttled: Int
        /// Where an item's cost is a matter of chance: what estimates in flight may be wrong by.
        package var costError = 0.0

        package var allowed: ClosedRange<Double> {
            let below = max(wanted * 0.02, smallestRequest)
            let above = max(wanted * 0.01, smallestRequest) + costError
            return (wanted - below - 0.01)...(wanted + above + 0.01)
        }

        /// Whether the limit was kept, and whether it was used.
        package var isKept: Bool {
            windows.upperBound <= allowed.upperBound && othersMost <= allowed.upperBound / wanted
        }
        package var isUsed: Bool { windows.lowerBound >= allowed.lowerBound - 2 * costError }
    }

    private static let lasting = Duration.seconds(40)
    private static let settling = Duration.seconds(5)
    package static let window = Duration.seconds(10)

    /// The limit of the bucket that binds, units of the smallest request that it can be charged.
    private var binding: (limit: Double, smallest: Double) {
        let item = Double(CapacityUnits.write(bytes: itemBytes))
        switch kind {
        case .reads: return (limit, CapacityUnits.scan(bytes: itemBytes, consistent: false))
        case .writes, .writesWithIndex: return (limit, item)
        case .writesWithTwoIndexes: return (limit / 2, item)
        case .writesWithSparseIndex: return (limit / 10, item)
        }
    }

    package func run(seed: UInt64 = 1) -> Finding {
        var copy = ModelCopy(world(seed: seed))
        copy.run(until: Self.lasting)
        let world = copy.world
        func windows(_ meter: UnitSeries) -> ClosedRange<Double> {
            meter.windows(of: Self.window, from: Self.settling, to: Self.lasting) ?? 0...0
        }
        let binding = binding
        var meters = [world.target.meter] + world.target.indexes.map(\.meter)
        var limits = [limit] + indexLimits.map { $0 ?? .infinity }
        if kind == .reads { (meters, limits) = ([world.source.meter], [limit]) }
        let others = zip(meters, limits).map { windows($0).upperBound / ($1 * 10) }.max() ?? 0
        let bound =
            switch kind {
            case .reads, .writes, .writesWithIndex: meters[0]
            case .writesWithTwoIndexes: meters[2]
            case .writesWithSparseIndex: meters[1]
            }
        let isByChance = trouble == .refusals || trouble == .background
        return Finding(
            windows: windows(bound), wanted: binding.limit * 10,
            smallestRequest: binding.smallest, othersMost: others,
            throttled: kind == .reads
                ? world.source.throttled : isByChance ? 0 : world.target.refusedItems,
            costError: kind == .writesWithSparseIndex ? 3 * binding.smallest : 0)
    }

    private func world(seed: UInt64) -> ModelCopy.World {
        let segments = 1024
        let perSecond = max(limit * 8192 / Double(itemBytes), limit)
        let items = perSecond * Self.lasting.inSeconds * 1.5 / Double(segments)
        var world = ModelCopy.World(
            ModelTable(
                itemBytes: itemBytes, segments: segments, itemsPerSegment: Int(clamping: items) + 4)
        )
        world.seed = seed
        world.scanLatency = ModelLatency(roundTrip)
        world.writeLatency = ModelLatency(roundTrip)
        world.target = ModelTarget(throughput: partitions(of: 1000), indexes: indexes)
        if kind == .reads {
            world.target = ModelTarget()
            world.source = ModelSource(throughput: partitions(of: 3000))
            world.copy.read.unitsPerSecond = limit
        } else {
            world.copy.write.table = limit
            world.copy.write.indexes = zip(indexes, indexLimits).map { ($0.name, $1) }
        }
        makeTrouble(&world)
        return world
    }

    /// So many partitions that the share of each is at most 80 % of its own, a power of two since
    /// partitions come by splits; nothing saved up.
    private func partitions(of rate: Double) -> ThroughputModel {
        var count = 1
        while limit / Double(count) > 0.8 * rate { count *= 2 }
        return ThroughputModel(
            limit: .provisioned(rate * Double(count)), partitionRate: rate, partitions: count,
            burstSeconds: 0, second: 0)
    }

    private var indexes: [ModelTarget.Index] {
        switch kind {
        case .reads, .writes: []
        case .writesWithIndex: [.init("all")]
        case .writesWithTwoIndexes: [.init("keys", entryBytes: 100), .init("all")]
        case .writesWithSparseIndex: [.init("sparse", share: 0.3)]
        }
    }

    private var indexLimits: [Double?] {
        switch kind {
        case .reads, .writes: []
        case .writesWithIndex: [limit]
        case .writesWithTwoIndexes: [limit, limit / 2]
        case .writesWithSparseIndex: [limit / 10]
        }
    }

    private func makeTrouble(_ world: inout ModelCopy.World) {
        func delay(_ body: (inout ModelLatency) -> Void) {
            if kind == .reads { body(&world.scanLatency) } else { body(&world.writeLatency) }
        }
        switch trouble {
        case .none: break
        case .lateReplies: delay { ($0.spikeShare, $0.spike) = (0.01, .seconds(4)) }
        case .stalls: delay { ($0.stallEvery, $0.stall) = (.seconds(11), .seconds(3)) }
        case .refusals:
            world.target.refusedShare = 0.6
            (world.target.burstEvery, world.target.burst) = (.seconds(7), .seconds(2))
        case .background: world.target.refusedShare = 0.1
        }
    }
}
