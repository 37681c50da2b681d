/// What of a source is read by itself, in order: a segment, a query, a block of keys, a data file,
/// a shard. Its cursor is saved under its name, which is the same in every run.
package struct Partition: Hashable, Sendable {
    package var name: String
    /// Its items may replace those of lower waves. It is read once all of those are finished and
    /// saved, and no request of theirs may land any more.
    package var wave: Int

    package init(name: String, wave: Int = 0) {
        (self.name, self.wave) = (name, wave)
    }

    /// The name alone tells it from others: records of earlier runs have no wave.
    package static func == (left: Self, right: Self) -> Bool { left.name == right.name }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// Where reading goes on in a partition: opaque to the flow, at most 32 KiB, and good in another
/// process a day later. What is not (a shard's iterator, an open file) is its source's to make
/// again.
package struct Cursor: Hashable, Sendable {
    package var bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }
}

/// How far a partition's items are safe: what one save keeps of it, and the next run goes on from.
package struct PartitionRecord: Equatable, Sendable {
    package var partition: Partition
    /// Behind the last item that is safe with all before it; nil: it is finished.
    package var cursor: Cursor?
    /// Items before it, and their stored bytes, all runs together.
    package var items: Int
    package var bytes: Int

    package init(partition: Partition, cursor: Cursor?, items: Int, bytes: Int) {
        self.partition = partition
        self.cursor = cursor
        self.items = items
        self.bytes = bytes
    }

    package var isFinished: Bool { cursor == nil }
}
