import DynamoModel
import System

/// What a sink takes at a time, and what it costs.
package struct BatchShape: Equatable, Sendable {
    package var itemsMax: Int
    /// Bytes of one batch as it is sent: each item's with `itemOverhead`, and `envelope`.
    package var bytesMax: Int
    package var itemOverhead: Int
    package var envelope: Int
    /// Bytes set aside for a batch, as a multiple of the batch's own: 2 where the reply may bring
    /// everything back, 0 where the items stay in their pages.
    package var memoryFactor: Int
    /// Stored bytes that one unit covers: each item is rounded up by itself.
    package var unitBytes: Int
    /// Neighbouring items that a batch takes of a partition before it goes on to the next.
    package var runItems = 5
    /// Of a ``UnitSink``: bytes that an open unit keeps in memory until it is sealed. 0: items are
    /// safe when they are answered.
    package var unitMemory = 0

    /// Items are safe once the unit that they are in is sealed, and a batch is of one partition.
    package var hasUnits: Bool { unitMemory > 0 }

    package init(
        itemsMax: Int, bytesMax: Int, itemOverhead: Int, envelope: Int, memoryFactor: Int,
        unitBytes: Int
    ) {
        self.itemsMax = itemsMax
        self.bytesMax = bytesMax
        self.itemOverhead = itemOverhead
        self.envelope = envelope
        self.memoryFactor = memoryFactor
        self.unitBytes = unitBytes
    }

    /// Of a flow that writes nothing.
    static let none = BatchShape(
        itemsMax: 1, bytesMax: 0, itemOverhead: 0, envelope: 0, memoryFactor: 1, unitBytes: 1)

    /// Units of one item, as estimated; what table and indexes really take is learnt.
    func units(bytes: Int) -> Int {
        // Mostly so: a division costs more than all else that is done about an item here.
        bytes <= unitBytes ? 1 : (bytes + unitBytes - 1) / unitBytes
    }
}

/// One item of a batch, for its sink. A plain value, so that a batch costs no reference counts.
package struct BatchItem: @unchecked Sendable {
    // @unchecked: the flow holds the page, and changes nothing in it, until the batch is answered.

    package var slice: ItemSlice
    /// A request that it was in ended without an answer: it may have been written.
    package var mayBeWritten: Bool
    /// The bytes that the slice is of, as the source sent them; readable until the batch is
    /// answered.
    package var page: UnsafeRawBufferPointer
    private let number: UInt32
    private let held: Unmanaged<HeldPage>

    init(_ number: UInt32, of held: HeldPage, mayBeWritten: Bool) {
        self.number = number
        self.held = Unmanaged.passUnretained(held)
        self.mayBeWritten = mayBeWritten
        slice = held.page.written(Int(number))
        page = held.page.buffer.bytes
    }

    /// Its own bytes.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: page[slice.range])
    }

    /// What it was read of.
    package var partition: Partition {
        held._withUnsafeGuaranteedRef { $0.page.request.partition }
    }

    package var operation: Operation {
        held._withUnsafeGuaranteedRef { held in
            held.page.operations.isEmpty ? .put : held.page.operations[Int(number)]
        }
    }

    /// What the target had in its place; nil: nothing. Only where writes are conditional.
    package var before: ItemSlice? {
        held._withUnsafeGuaranteedRef { held in
            held.page.before.isEmpty ? nil : held.page.before[Int(number)]
        }
    }

    /// What a source or a stage has made of its page, and which item of it this is.
    package func made<Value>(_ type: Value.Type) -> (of: Value, item: Int)? {
        held._withUnsafeGuaranteedRef { held in
            held.page.made(type).map { ($0, Int(number)) }
        }
    }
}

/// A page that a flow holds, and how many of its items have been passed to the folds.
final class HeldPage {
    let page: Page
    var folded = 0

    init(_ page: Page) { self.page = page }
}

/// The outcome of an item of a batch.
package enum ItemOutcome: Equatable, Sendable {
    case written
    /// The target has another one in its place, which stays.
    case kept
    /// The condition of its write does not hold any more: it is settled, and not written.
    case changed
    /// Refused for lack of capacity: it is sent again.
    case unprocessed
}

/// What a sink answers to a batch.
package struct BatchReply: Equatable, Sendable {
    /// By position, in order; what is not named has been written.
    package var exceptions: [Exception]
    /// Units consumed, by the sink's meters, and at the end what no meter is for; nil where nothing
    /// is reported.
    package var units: [Double]?
    /// How long it took; nil: since it was sent.
    package var roundTrip: Duration?
    /// False: nothing was sent, and no units are to be charged, or learnt from.
    package var isCharged = true
    /// Nothing more goes into the unit that the batch went into.
    package var isUnitFull = false

    package struct Exception: Equatable, Sendable {
        package var position: Int
        package var outcome: ItemOutcome

        package init(_ position: Int, _ outcome: ItemOutcome) {
            self.position = position
            self.outcome = outcome
        }
    }

    package init(
        _ exceptions: [Exception] = [], units: [Double]? = nil, roundTrip: Duration? = nil,
        isCharged: Bool = true
    ) {
        self.exceptions = exceptions
        self.units = isCharged ? units : [0]
        self.roundTrip = roundTrip
        self.isCharged = isCharged
    }

    /// Positions in any order.
    package init(
        unprocessed: [Int], units: [Double]? = nil, roundTrip: Duration? = nil
    ) {
        self.init(
            unprocessed.sorted().map { Exception($0, .unprocessed) }, units: units,
            roundTrip: roundTrip)
    }
}

/// Where items go. Threads, waits and credentials as with ``PageSource``.
package protocol BatchSink: AnyObject, Sendable {
    var shape: BatchShape { get }

    /// Writes items; `batch` is readable on any thread until `done` is called. A failure is of all
    /// of them: one for its content (`split`) has the batch halved, and refuses an item alone.
    func write(_ batch: [BatchItem], _ done: @escaping Done<BatchReply>)
}

/// Some items of one partition that become durable together: a file. Numbered in the order of the
/// partition's items, in each run from 0.
package struct UnitID: Hashable, Sendable {
    package var partition: Partition
    package var ordinal: Int

    package init(partition: Partition, ordinal: Int) {
        self.partition = partition
        self.ordinal = ordinal
    }
}

/// A sink of units. Taken is not safe: an item's bytes may go once its batch is answered, but its
/// partition's cursor passes it only when its unit is sealed, in the save that keeps the unit's
/// record.
///
/// All items of a batch are of one partition; they come in its order, one batch at a time, and go
/// into one unit. So a batch is taken whole, or its request fails and is sent again as it is: no
/// item is refused, kept, or sent again by itself.
package protocol UnitSink: BatchSink {
    func write(_ batch: [BatchItem], in unit: UnitID, _ done: @escaping Done<BatchReply>)

    /// Makes a unit durable, as a whole or not at all. Asked again after a failure: the same bytes
    /// under the same name. No batch of it is under way, and none follows.
    /// - Parameter done: is given what is to be kept of it, by which it is found again.
    func seal(_ unit: UnitID, _ done: @escaping Done<[UInt8]>)
}

extension UnitSink {
    package func write(_ batch: [BatchItem], _ done: @escaping Done<BatchReply>) {
        preconditionFailure("a batch without a unit")
    }
}
