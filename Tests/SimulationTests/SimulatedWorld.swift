import Connectors
import DynamoModel
import Flow
import Pacing
import System
import Transfer

/// What may go wrong in a simulated job, each as a probability of one request, page or save.
struct Faults {
    var unprocessed = 0.0
    var batchThrottled = 0.0
    var batchFailed = 0.0
    /// Of the items whose batch failed: those that were written all the same.
    var failedButExecuted = 0.5
    var batchReplyTooLong = 0.0
    var scanThrottled = 0.0
    var scanFailed = 0.0
    /// Pages that hold less than was asked for, and some that hold nothing though more follows.
    var pageCutShort = 0.0
    /// Requests and saves that take seconds.
    var stalled = 0.0
    var saveFailed = 0.0
    /// Items that the target refuses for good.
    var poison = 0.0
    /// Kills, power losses and orderly stops over the whole job.
    var interruptions = 0
    /// Runs in which the user pauses, goes on, and sets other limits.
    var userActs = 0.0

    /// Whether the target refuses anything for lack of capacity.
    var areThrottling: Bool { unprocessed > 0 || batchThrottled > 0 }

    static func random(_ generator: inout SeededGenerator) -> Faults {
        func some(_ most: Double) -> Double {
            generator.unit() < 0.5 ? 0 : generator.unit() * most
        }
        return Faults(
            unprocessed: some(0.6), batchThrottled: some(0.3), batchFailed: some(0.3),
            failedButExecuted: generator.unit(), batchReplyTooLong: some(0.1),
            scanThrottled: some(0.2), scanFailed: some(0.3), pageCutShort: some(0.3),
            stalled: some(0.01), saveFailed: some(0.1), poison: some(0.05),
            interruptions: Int.random(in: 0...6, using: &generator), userActs: some(1))
    }
}

/// The tables of one simulated job, what its faults are, and what it is allowed: all from a seed.
struct SimulatedWorld {
    struct Item {
        let segment: Int
        /// Its place in its segment.
        let position: Int
        let slice: ItemSlice
        let value: UInt64
        /// The target refuses it for good.
        let isPoison: Bool
        /// It is not to be copied.
        let isExpired: Bool
        /// The target's index holds it.
        let isIndexed: Bool

        var units: Int { CapacityUnits.write(bytes: Int(slice.size)) }
    }

    let seed: UInt64
    private(set) var items: [Item] = []
    /// Ordinals of each segment's items, in scan order.
    private(set) var segments: [[Int]]
    /// Sizes of the items before each place of each segment, summed.
    private(set) var bytesBefore: [[Int]]
    /// What a target that is merged into holds beforehand, by ordinal.
    private(set) var older: [UInt64?] = []
    let faults: Faults
    let memory: MemoryBudget
    let deadLettersMax: Int
    let saveEvery: Duration
    let hasIndex: Bool
    let reportsUnits: Bool
    /// What the target charges for an item's own write unit: a local index makes it more than 1.
    let unitsPerUnit: Double
    /// Limits over all tables of the job, of which this one is one: units a second.
    let shared: (read: Double?, write: Double?)
    /// What the target holds already stays.
    let keepsItems: Bool
    /// So many items at a time have come of one that was read: no cursor may lie between them.
    private(set) var groupSize = 1

    init(seed: UInt64, _ generator: inout SeededGenerator) {
        self.seed = seed
        faults = Faults.random(&generator)
        let count = Int.random(in: 1...40, using: &generator)
        segments = [[Int]](repeating: [], count: count)
        bytesBefore = [[Int]](repeating: [0], count: count)
        let spare = [0, 1_000_000, 14_000_000].randomElement(using: &generator) ?? 0
        memory = MemoryBudget(total: MemoryBudget.totalMin + spare)!
        deadLettersMax = generator.unit() < 0.1 ? 3 : 1000
        saveEvery = .milliseconds([5, 50, 250].randomElement(using: &generator) ?? 250)
        hasIndex = generator.unit() < 0.3
        reportsUnits = Bool.random(using: &generator)
        unitsPerUnit = reportsUnits && generator.unit() < 0.3 ? 2 : 1
        // Of its own, so that what was found under a seed before is found under it still.
        var other = SeededGenerator(seed: ~seed)
        func limit() -> Double? {
            other.unit() < 0.3 ? Double.random(in: 20...4_000, using: &other) : nil
        }
        shared = (limit(), limit())
        let expired = other.unit() < 0.5 ? 0 : other.unit()
        keepsItems = other.unit() < 0.25
        let isHeld = keepsItems ? other.unit() : 0
        fill(&generator) { other.unit() < expired }
        for ordinal in items.indices where other.unit() < isHeld {
            older[ordinal] = older[ordinal] ?? other.next()
        }
        // All of a group fits where one of the longest items does.
        let isSmall = items.allSatisfy { $0.slice.length <= 5_000 }
        if other.unit() < 0.5, isSmall { groupSize = Int.random(in: 2...4, using: &other) }
    }

    /// The number of what was read that an item at a place of its segment has come of.
    func group(_ place: Int) -> Int { place / groupSize }

    private mutating func fill(
        _ generator: inout SeededGenerator, isExpired: () -> Bool
    ) {
        let count = [0, 1, 30, 200, 600].randomElement(using: &generator) ?? 0
        let lengthMax = [200, 5_000, 500_000].randomElement(using: &generator) ?? 200
        let isSkewed = Bool.random(using: &generator)
        let olderShare = generator.unit() < 0.2 ? 0.3 : 0
        for ordinal in 0..<count {
            let segment = isSkewed ? 0 : Int.random(in: segments.indices, using: &generator)
            let length = Int.random(in: 30...lengthMax, using: &generator)
            let size = max(1, length / Int.random(in: 2...13, using: &generator))
            let slice = ItemSlice(
                offset: UInt32(ordinal), length: UInt32(length), size: UInt32(size))
            let (value, isPoison) = (generator.next(), generator.unit() < faults.poison)
            let isExpired = isExpired()
            items.append(
                Item(
                    segment: segment, position: segments[segment].count, slice: slice,
                    value: value, isPoison: isPoison && !isExpired, isExpired: isExpired,
                    isIndexed: hasIndex && generator.unit() < 0.3))
            segments[segment].append(ordinal)
            bytesBefore[segment].append(bytesBefore[segment][items[ordinal].position] + size)
            older.append(generator.unit() < olderShare ? generator.next() : nil)
        }
    }

    var poisonCount: Int { items.count { $0.isPoison } }

    /// What the target is to hold of an item in the end.
    func expected(_ ordinal: Int) -> UInt64? {
        let item = items[ordinal]
        if keepsItems, let older = older[ordinal] { return older }
        return item.isPoison || item.isExpired ? older[ordinal] : item.value
    }

    /// Write units that the target charges for some items: the table's and its index's.
    func units(of ordinals: [Int]) -> (table: Double, index: Double) {
        var (table, index) = (0, 0)
        for ordinal in ordinals {
            let units = items[ordinal].units
            table += units
            if items[ordinal].isIndexed { index += units }
        }
        return (Double(table) * unitsPerUnit, Double(index))
    }

    // MARK: What one process of the job is told

    func configuration(_ generator: inout SeededGenerator) -> FlowConfiguration {
        var configuration = FlowConfiguration(
            page: .scan(), batch: keepsItems ? .conditionalPuts : .puts, memory: memory)
        configuration.openMax = Int.random(in: 1...48, using: &generator)
        configuration.readsMax = Int.random(in: 1...32, using: &generator)
        configuration.writesMax = Int.random(in: 1...32, using: &generator)
        configuration.deadLettersMax = deadLettersMax
        configuration.saveEvery = saveEvery
        // Less than some requests take: then a copy that stops leaves them in flight.
        configuration.stopWithin = .milliseconds(
            [20, 1_000, 10_000].randomElement(using: &generator) ?? 1_000)
        configuration.write = writeLimits(&generator)
        configuration.read = readLimit(&generator)
        return configuration
    }

    func writeLimits(_ generator: inout SeededGenerator) -> WriteLimits {
        let all = units(of: Array(items.indices))
        let table = Self.limit(all.table, &generator)
        guard hasIndex else { return WriteLimits(table: table, shared: shared.write) }
        return WriteLimits(
            table: table, indexes: [(name: "index", Self.limit(all.index, &generator))],
            shared: shared.write)
    }

    func readLimit(_ generator: inout SeededGenerator) -> ReadLimit {
        let bytes = bytesBefore.reduce(0) { $0 + ($1.last ?? 0) }
        return ReadLimit(
            unitsPerSecond: Self.limit(
                CapacityUnits.scan(bytes: bytes, consistent: false), &generator),
            shared: shared.read)
    }

    /// None, or one that makes `units` a matter of hundredths of a second or of seconds.
    private static func limit(_ units: Double, _ generator: inout SeededGenerator) -> Double? {
        let seconds = Double.random(in: 0.05...4, using: &generator)
        return Bool.random(using: &generator) ? nil : max(2, units / seconds)
    }
}
