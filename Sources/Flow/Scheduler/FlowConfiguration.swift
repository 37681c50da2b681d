/// All that bounds a flow, settled before it starts.
package struct FlowConfiguration: Sendable {
    /// Of the source's pages.
    package var page: PageShape
    /// Of the sink's batches; nil: there is no sink, and an item is settled once the stages have
    /// seen it.
    package var batch: BatchShape?
    /// Bytes that stages add to a page for each of its items, at most.
    package var growth = 0
    /// Bytes of a page's buffer, as a multiple of the reply's: 3 where stages write items anew.
    package var pageFactor = 1
    /// Partitions kept open at a time, spread evenly over the list of them. In a model of 64 target
    /// partitions 128 used all of their capacity.
    package var openMax = 128
    /// Most reads and most writes in flight.
    package var readsMax = 64
    package var writesMax = 256
    /// Bytes for pages and for batches with their replies.
    package var memory: MemoryBudget
    /// What is known of the items beforehand: how many there are, and stored bytes of one, as a
    /// table reports; 0 and nil when it reports nothing.
    package var itemsReported = 0
    package var itemBytesReported: Int?
    /// What was read before the flow began, and is not kept.
    package var spent = SpentReads()
    /// What may be read.
    package var read = ReadLimit()
    /// What may be read of the other side, for a source that reads there too.
    package var readElsewhere: ReadLimit?
    /// What may be written.
    package var write = WriteLimits()
    /// Dead letters beyond this number are a systemic fault.
    package var deadLettersMax = 1000
    /// How long faults are waited out without any progress.
    package var giveUpAfter: Duration = .seconds(15 * 60)
    /// How long requests in flight may take to come home when the flow stops.
    package var stopWithin: Duration = .seconds(10)
    /// Units that have been open for so long are sealed though they are not full.
    package var sealAfter: Duration = .seconds(5 * 60)
    /// Requests that were sent before the flow began may land for so long: those of earlier runs,
    /// or of others that wrote into the same table.
    package var lateFor = Duration.zero
    /// No request is taken to land later than this after it failed.
    package var landsWithinMax = Duration.seconds(60)
    /// Progress is made durable this often: a crash loses no more.
    package var saveEvery: Duration = .milliseconds(250)

    package init(page: PageShape, batch: BatchShape?, memory: MemoryBudget) {
        self.page = page
        self.batch = batch
        self.memory = memory
    }
}

/// Reads whose pages are no part of what is counted otherwise.
package struct SpentReads: Equatable, Sendable {
    package var scans = 0
    package var units = 0.0

    package init() {}
}

/// Limits of the source's side, in read units a second.
package struct ReadLimit: Equatable, Sendable {
    /// Never read faster than this; nil for no limit.
    package var unitsPerSecond: Double?
    /// What all flows of the job may read together. The driver of the flow keeps to it; see
    /// ``FlowAction/claim(_:units:)``.
    package var shared: Double?

    package init(unitsPerSecond: Double? = nil, shared: Double? = nil) {
        self.unitsPerSecond = unitsPerSecond
        self.shared = shared
    }
}

/// Limits of the target's side, in write units a second: one for the table and one for each of its
/// global indexes, since each is charged by itself. In this order they are the sink's meters.
package struct WriteLimits: Equatable, Sendable {
    package var table: Double?
    /// By index name; an index that is not limited has nil.
    package var indexes: [(name: String, unitsPerSecond: Double?)]
    /// What all flows of the job may write together, tables and indexes summed, as with
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
