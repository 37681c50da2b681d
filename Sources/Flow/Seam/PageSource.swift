import System

/// Called exactly once, whatever happens, on any thread. An answer that never comes costs its
/// memory for good, and ends the flow.
package typealias Done<Value> = @Sendable (Result<Value, FlowFailure>) -> Void

/// What items come from.
///
/// Nothing here retries, waits for capacity or splits: the flow does. It is called on the flow's
/// queue, and may answer on any thread, also before it returns. Renewing credentials is its own
/// affair: it answers once that is done.
package protocol PageSource: AnyObject, Sendable {
    var shape: PageShape { get }

    /// The partitions that there are to read, those that are finished included: wave after wave,
    /// and in each evenly over the target's hash space where they lie in it. What can't be read
    /// from where it stood is ``FlowFailure`` for good.
    /// - Parameter saved: where earlier runs of the job left those that they have begun.
    func open(_ saved: [PartitionRecord], _ done: @escaping Done<[Partition]>)

    /// The page behind a cursor; asked twice, the same items, or newer states of them. One read of
    /// a partition is under way at a time. A reply longer than the request's `bytesMax` is read to
    /// its end, is not kept, and fails to be split.
    func read(_ request: PageRequest, into buffer: ByteBuffer, _ done: @escaping Done<Page>)

    /// Where a partition goes on behind an item of a page: of the item as it came. Asked for when
    /// cursors are saved, and before the page's bytes go.
    func cursor(after item: Int, of page: Page) -> Cursor
}

/// What a source's pages come to at most, and what reading them costs.
package struct PageShape: Equatable, Sendable {
    /// Stored bytes of the largest item there is, and of a page without one more.
    package var itemBytesMax: Int
    package var pageBytesMax: Int
    /// Most bytes of a reply that one stored byte becomes, and what else is in a reply.
    package var replyBytesPerByteMax: Int
    package var envelope: Int
    /// A page's units: one for so many of its stored bytes, rounded up, and one at least, times
    /// ``unit``.
    package var unitBytes: Int
    package var unit: Double
    /// Items of a page at most.
    package var itemsMax = Int.max
    /// How much memory is set aside for a page, in replies.
    package var memoryFactor = 1
    /// Each item's units are rounded up by itself, not those of the page.
    package var roundsEachItem = false

    package init(
        itemBytesMax: Int, pageBytesMax: Int, replyBytesPerByteMax: Int, envelope: Int,
        unitBytes: Int, unit: Double
    ) {
        self.itemBytesMax = itemBytesMax
        self.pageBytesMax = pageBytesMax
        self.replyBytesPerByteMax = replyBytesPerByteMax
        self.envelope = envelope
        self.unitBytes = unitBytes
        self.unit = unit
    }

    /// Units of a page of so many items and stored bytes.
    func units(items: Int, bytes: Int) -> Double {
        let items = roundsEachItem ? max(items, 1) : 1
        return Double(items * max(1, (bytes / items + unitBytes - 1) / unitBytes)) * unit
    }

    /// Bytes of reply that a page of `items` items may have at worst.
    package func replyBytesMax(items: Int) -> Int {
        let stored = min(min(items, pageBytesMax) * itemBytesMax, pageBytesMax + itemBytesMax)
        return stored * replyBytesPerByteMax + envelope
    }
}
