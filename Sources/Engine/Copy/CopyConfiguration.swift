import DynamoModel

/// All that bounds a copy, settled before it starts.
package struct CopyConfiguration: Sendable {
    /// `TotalSegments` of the source's scan.
    package var segments: Int
    /// Segments kept open at a time, spread evenly over the hash space. In a model of 64 target
    /// partitions 128 used all of their capacity.
    package var openSegmentsMax = 128
    /// Most Scans and most BatchWriteItems in flight.
    package var scansMax = 64
    package var writesMax = 256
    /// Bytes for pages and for batches with their replies.
    package var memory: MemoryBudget
    /// What is known of the items beforehand: stored bytes of one, as the table reports; nil when
    /// it reports nothing.
    package var itemBytesReported: Int?
    /// What was read before the copy began, and is not kept.
    package var spent = SpentReads()
    package var isConsistentRead = false
    /// What may be read: units a second; nil for no limit.
    package var read = ReadLimit()
    /// What may be written.
    package var write = WriteLimits()
    /// Dead letters beyond this number are a systemic fault.
    package var deadLettersMax = 1000
    /// How long faults are waited out without any progress.
    package var giveUpAfter: Duration = .seconds(15 * 60)
    /// How long requests in flight may take to come home when the copy stops.
    package var stopWithin: Duration = .seconds(10)
    /// Progress is made durable this often: a crash loses no more.
    package var saveEvery: Duration = .milliseconds(250)
    /// Where earlier runs of the job left the segments that they had begun; only
    /// ``SegmentPosition/afterReleased`` and nil (finished) are positions here.
    package var earlier: [SegmentProgress] = []
    /// No item of the target is replaced: each is put by itself, on the condition that there is
    /// none.
    package var keepsItems = false {
        didSet { batchItemsMax = keepsItems ? 1 : ServiceLimits.batchItemsMax }
    }
    /// Items of one batch at most; the service's limit unless a test says otherwise.
    package var batchItemsMax = ServiceLimits.batchItemsMax
    /// Neighbouring items that a batch takes of a segment before it goes on to the next.
    package var runItems = 5

    /// Segments that are open at a time at most: each has a slot.
    var slots: Int { min(segments, openSegmentsMax) }

    package init(segments: Int, memory: MemoryBudget) {
        precondition(
            (1...ServiceLimits.segmentsMax).contains(segments), "\(segments) is no segment count")
        self.segments = segments
        self.memory = memory
    }
}

/// Scans whose pages are no part of what is counted otherwise.
package struct SpentReads: Equatable, Sendable {
    package var scans = 0
    package var units = 0.0

    package init() {}
}

/// Limits of the source's side, in read units a second.
package struct ReadLimit: Equatable, Sendable {
    /// Never read faster than this.
    package var unitsPerSecond: Double?
    /// What all copies of the job may read together. Whoever drives the copy keeps to it; see
    /// ``CopyAction/claim(_:units:)``.
    package var shared: Double?

    package init(unitsPerSecond: Double? = nil, shared: Double? = nil) {
        self.unitsPerSecond = unitsPerSecond
        self.shared = shared
    }
}

/// Limits of the target's side, in write units a second: one for the table and one for each of its
/// global indexes, since each is charged by itself.
package struct WriteLimits: Equatable, Sendable {
    package var table: Double?
    /// By index name; an index that is not limited has nil.
    package var indexes: [(name: String, unitsPerSecond: Double?)]
    /// What all copies of the job may write together, tables and indexes summed, as with
    /// ``ReadLimit/shared``.
    package var shared: Double?

    package init(
        table: Double? = nil, indexes: [(name: String, unitsPerSecond: Double?)] = [],
        shared: Double? = nil
    ) {
        self.table = table
        self.indexes = indexes
        self.shared = shared
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.table == right.table && left.shared == right.shared
            && left.indexes.elementsEqual(right.indexes, by: ==)
    }

    /// Each bucket's own limit, the table's first.
    package var all: [Double?] { [table] + indexes.map(\.unitsPerSecond) }
}
