import DynamoDB
import DynamoModel
import Pacing
import System

/// The items of one BatchWriteItem, and what they come to.
struct Batch: Sendable {
    private(set) var items: [BatchItem] = []
    private(set) var load = BatchLoad()
    /// What the limits were charged when it was sent.
    var charge: WritePacing.Charge = []
    var grant: SharedBucket.Grant?

    init(capacity: Int) {
        items.reserveCapacity(capacity)
    }

    /// Bytes of its body, and of the longest reply that is kept.
    var bodyBytes: Int {
        MemoryBudget.batchEnvelope + load.jsonBytes
            + items.count * BatchWriteRequest.itemEnvelope
    }

    /// Whether it takes one more item; an empty one takes any.
    func fits(_ slice: ItemSlice, _ bounds: BatchMixer.Bounds) -> Bool {
        if items.isEmpty { return true }
        var grown = load
        grown.add(slice)
        return bodyBytes + Int(slice.length) + BatchWriteRequest.itemEnvelope <= bounds.bytesMax
            && Double(grown.units) <= bounds.unitsMax
    }

    mutating func add(_ item: BatchItem, _ slice: ItemSlice) {
        items.append(item)
        load.add(slice)
    }
}

/// What some items come to: counted once, while they are mixed, so that an answer to all of them
/// need not look at each again.
struct BatchLoad: Sendable {
    /// Write units of the items as the service rounds them, each by itself.
    private(set) var units = 0
    private(set) var storedBytes = 0
    private(set) var jsonBytes = 0

    mutating func add(_ slice: ItemSlice) {
        units += CapacityUnits.write(bytes: Int(slice.size))
        storedBytes += Int(slice.size)
        jsonBytes += Int(slice.length)
    }

    mutating func remove(_ slice: ItemSlice) {
        units -= CapacityUnits.write(bytes: Int(slice.size))
        storedBytes -= Int(slice.size)
        jsonBytes -= Int(slice.length)
    }
}
