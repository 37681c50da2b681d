import DynamoModel
import Pacing
import System

/// The items of one batch, and what they come to.
struct Batch: Sendable {
    private(set) var items: [ItemRef] = []
    private(set) var load = BatchLoad()
    /// What the limits were charged when it was sent.
    var charge: WritePacing.Charge = []
    var grant: SharedBucket.Grant?

    // Of the sink's shape no more than is needed: batches are moved about.
    private let envelope: Int
    private let itemOverhead: Int
    private let memoryFactor: Int

    init(_ shape: BatchShape, capacity: Int) {
        (envelope, itemOverhead) = (shape.envelope, shape.itemOverhead)
        memoryFactor = shape.memoryFactor
        items.reserveCapacity(capacity)
    }

    /// Bytes of it as it is sent.
    var bytes: Int { envelope + load.jsonBytes + items.count * itemOverhead }
    /// Bytes that it takes until it is answered.
    var heldBytes: Int { memoryFactor * bytes }

    /// Whether it takes one more item; an empty one takes any.
    func fits(_ slice: ItemSlice, _ bounds: BatchMixer.Bounds, _ shape: BatchShape) -> Bool {
        if items.isEmpty { return true }
        let units = load.units + shape.units(bytes: Int(slice.size))
        return bytes + Int(slice.length) + itemOverhead <= bounds.bytesMax
            && Double(units) <= bounds.unitsMax
    }

    mutating func add(_ item: ItemRef, _ slice: ItemSlice, _ shape: BatchShape) {
        items.append(item)
        load.add(slice, shape)
    }
}

/// What some items come to: counted once, while they are mixed, so that an answer to all of them
/// need not look at each again.
struct BatchLoad: Sendable {
    /// Units of the items, each rounded up by itself.
    private(set) var units = 0
    private(set) var storedBytes = 0
    private(set) var jsonBytes = 0

    mutating func add(_ slice: ItemSlice, _ shape: BatchShape) {
        units += shape.units(bytes: Int(slice.size))
        storedBytes += Int(slice.size)
        jsonBytes += Int(slice.length)
    }

    mutating func remove(_ slice: ItemSlice, _ shape: BatchShape) {
        units -= shape.units(bytes: Int(slice.size))
        storedBytes -= Int(slice.size)
        jsonBytes -= Int(slice.length)
    }
}
