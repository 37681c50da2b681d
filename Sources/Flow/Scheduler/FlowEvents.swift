import DynamoModel
import Pacing

/// A batch in flight, by slot.
package struct BatchID: Hashable, Sendable {
    package let slot: Int
}

/// What ``FlowScheduler`` asks its driver to do: each is complete in itself.
package enum FlowAction: Equatable, Sendable {
    /// Ask the source what there is to read.
    case open
    /// Ask for a page of a partition, behind a cursor or from its start (nil). A reply longer than
    /// `bytesMax` is not to be kept.
    case read(partition: Int, after: Cursor?, itemsMax: Int, bytesMax: Int)
    /// Have these items written, in a batch of at most so many bytes; into this unit of their
    /// partition, where the sink has units.
    case write(BatchID, [ItemRef], bytesMax: Int, unit: UnitNumber?)
    /// Nothing more goes into this unit: note where its partition stands behind it, since bytes of
    /// pages may go after this.
    case closeUnit(UnitNumber, PartitionProgress)
    /// Have the unit sealed.
    case seal(UnitNumber)
    /// Nothing needs the page's bytes any more.
    case release(page: Int)
    /// Make this durable, as a whole or not at all, then say so.
    indirect case save(FlowSave)
    /// Say when units of the limit over all flows, for one request, are there. One claim a side is
    /// open at a time.
    case claim(FlowSide, units: Double)
    /// Report to that limit what a grant has consumed; 0 gives it back.
    case settle(FlowSide, SharedBucket.Grant, consumed: Double)
    /// Say that time has passed, then.
    case wake(Instant)
    /// The flow has ended; nothing is in flight that matters.
    case finish(FlowOutcome)
}

/// How a flow ended.
package enum FlowOutcome: Equatable, Sendable {
    /// Every item is safe, or a dead letter.
    case completed
    /// Stopped when asked to.
    case stopped
    case failed(FlowFailure)
}

/// A page that arrived whole, and that the stages have seen.
package struct ArrivedPage: Equatable, Sendable {
    package var items: [ItemSlice]
    /// What is written of each; empty: they are written as they came.
    package var written: [ItemSlice] = []
    /// Which item of those that were read each has come of; empty: each is one.
    package var groups: [Int] = []
    /// Items that are written otherwise than they came.
    package var rewritten = 0
    /// Items that were only counted.
    package var itemsCounted = 0
    /// Items that the source has left out by itself.
    package var itemsHidden = 0
    /// Of these: those that it was to bring and does not have.
    package var itemsMissing = 0
    /// Sum of the items' sizes as the service counts them.
    package var storedBytes: Int
    /// Bytes of the reply, and bytes that keeping it takes.
    package var replyBytes: Int
    package var heldBytes: Int
    package var next: Page.Next
    /// Positions, in order, of items that are not to be written.
    package var leftOut: [Int]
    /// Items that can't be written, by position, in order.
    package var refused: [Refused] = []
    /// What is done with each item; empty: all are put.
    package var operations: [Operation] = []
    /// As the source reports; nil where it reports nothing.
    package var units: Double?
    package var unitsElsewhere: Double?
    /// Its units have been taken of limits over several flows before.
    package var isPaid = false

    package init(
        items: [ItemSlice], storedBytes: Int, replyBytes: Int, heldBytes: Int, next: Page.Next,
        leftOut: [Int] = [], units: Double? = nil
    ) {
        self.items = items
        self.storedBytes = storedBytes
        self.replyBytes = replyBytes
        self.heldBytes = heldBytes
        self.next = next
        self.leftOut = leftOut
        self.units = units
    }

    /// An item that is a dead letter from the start.
    package struct Refused: Equatable, Sendable {
        package var position: Int
        package var failure: FlowFailure
    }

    /// Positions, in order, of what no batch takes.
    var notTaken: [Int] {
        refused.isEmpty ? leftOut : (leftOut + refused.map(\.position)).sorted()
    }

    /// Items that were read.
    var count: Int { items.count + itemsCounted + itemsHidden }

    /// What stands for a page between two.
    static let none = ArrivedPage(
        items: [], storedBytes: 0, replyBytes: 0, heldBytes: 0, next: .end)
}

/// How far a partition's items are safe.
package enum PartitionPosition: Equatable, Sendable {
    /// Nothing of it is.
    case start
    /// The first items of a page, and all pages before it; at least one item.
    case within(page: Int, items: Int)
    /// All before a cursor.
    case at(Cursor)
    /// All of it.
    case finished
}

/// How far a partition has come, counted from its start, earlier runs of the job included.
package struct PartitionProgress: Equatable, Sendable {
    package var partition: Int
    package var position: PartitionPosition
    /// Items before the position, and their sizes as the service counts them.
    package var items: Int
    package var bytes: Int

    package init(partition: Int, position: PartitionPosition, items: Int, bytes: Int) {
        self.partition = partition
        self.position = position
        self.items = items
        self.bytes = bytes
    }
}

/// A ``UnitID``, with its partition by number.
package struct UnitNumber: Hashable, Sendable {
    package var partition: Int
    package var ordinal: Int

    package init(partition: Int, ordinal: Int) {
        self.partition = partition
        self.ordinal = ordinal
    }
}

/// An item that the target refuses for good, and why.
package struct RefusedItem: Equatable, Sendable {
    package var item: ItemRef
    package var failure: FlowFailure
}

/// Progress to be made durable.
package struct FlowSave: Equatable, Sendable {
    /// The partitions that have come further since the last save.
    package var partitions: [PartitionProgress]
    package var deadLetters: [RefusedItem]
    /// Units that have been sealed since, those of a partition in order. Its cursor is that behind
    /// the last one.
    package var units: [UnitNumber] = []
    /// Items that are settled but beyond their partitions' positions: after a crash they are moved
    /// again.
    package var itemsAhead = 0
    /// The flow as a whole then.
    package var progress = FlowProgress()

    var isEmpty: Bool { partitions.isEmpty && deadLetters.isEmpty && units.isEmpty }
}

/// What holds a flow back now.
package enum WaitReason: String, Equatable, Sendable {
    case writeLimit = "write limit"
    case readLimit = "read limit"
    case sharedWriteLimit = "write limit of all tables"
    case sharedReadLimit = "read limit of all tables"
    case sourcePages = "source pages"
    case sourceThrottled = "throttled by source"
    case targetThrottled = "throttled by target"
    case targetReplies = "target replies"
    case memory = "memory"
    case lateRequests = "late requests"
    case paused = "paused"
    case sourceUnreachable = "source does not answer"
    case targetUnreachable = "target does not answer"

    /// Of all flows of the job alike.
    package var isShared: Bool { self == .sharedReadLimit || self == .sharedWriteLimit }
}
