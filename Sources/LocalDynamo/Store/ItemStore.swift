import Glibc

/// The items of one table in the service's order: by the hash of the partition key, then by the
/// partition key, then by the sort key.
///
/// Two levels of sorted leaves: a list of leaves, each of up to 256 entries; an entry holds the hash
/// and where the item is. Finding one takes two binary searches, nearly always over hashes alone.
/// Used under the table's lock.
struct ItemStore: ~Copyable {
    struct Entry {
        var hash: UInt64
        var record: Record
    }

    /// A place between entries: before `leaf[index]`.
    struct Position: Equatable {
        var leaf: Int
        var index: Int
    }

    private static let leafEntriesMax = 256

    private struct Leaf {
        var entries: UnsafeMutablePointer<Entry>
        var count: Int
    }

    /// Never empty leaves; `first[n]` is the hash of leaf n's first entry.
    private var leaves: [Leaf] = []
    private var first: [UInt64] = []
    private(set) var count = 0

    init() {}

    deinit { for leaf in leaves { leaf.entries.deallocate() } }

    // MARK: Searching

    /// Whether the entry stands before the key.
    @inline(__always)
    private static func precedes(
        _ entry: Entry, _ hash: UInt64, _ key: UnsafeRawBufferPointer
    ) -> Bool {
        entry.hash != hash ? entry.hash < hash : compare(entry.record.key, key) < 0
    }

    @inline(__always)
    private static func compare(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
    ) -> Int {
        let order = memcmp(left.baseAddress!, right.baseAddress!, min(left.count, right.count))
        return order != 0 ? Int(order) : left.count - right.count
    }

    /// The leaf in which the key stands or would stand: the last that begins at or before it.
    private func leafIndex(_ hash: UInt64, _ key: UnsafeRawBufferPointer) -> Int {
        var (low, high) = (0, leaves.count)
        while low < high {
            let middle = (low + high) / 2
            let isAfter =
                first[middle] != hash
                ? first[middle] > hash
                : Self.compare(leaves[middle].entries[0].record.key, key) > 0
            if isAfter { high = middle } else { low = middle + 1 }
        }
        return max(0, low - 1)
    }

    private func index(
        in leaf: Leaf, _ hash: UInt64, _ key: UnsafeRawBufferPointer
    ) -> Int {
        var (low, high) = (0, leaf.count)
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(leaf.entries[middle], hash, key) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// The first place whose entry does not stand before the key, and whether that has this key.
    private func find(
        _ hash: UInt64, _ key: UnsafeRawBufferPointer
    ) -> (position: Position, isThere: Bool) {
        guard !leaves.isEmpty else { return (Position(leaf: 0, index: 0), false) }
        let leafIndex = leafIndex(hash, key)
        let leaf = leaves[leafIndex]
        let index = index(in: leaf, hash, key)
        let isThere =
            index < leaf.count && leaf.entries[index].hash == hash
            && Self.compare(leaf.entries[index].record.key, key) == 0
        return (Position(leaf: leafIndex, index: index), isThere)
    }

    func record(_ hash: UInt64, _ key: UnsafeRawBufferPointer) -> Record? {
        let (position, isThere) = find(hash, key)
        return isThere ? leaves[position.leaf].entries[position.index].record : nil
    }

    /// The place behind the key, whether or not there is an item of that key.
    func position(after hash: UInt64, _ key: UnsafeRawBufferPointer) -> Position {
        var (position, isThere) = find(hash, key)
        if isThere { position.index += 1 }
        return position
    }

    /// The place before the first entry whose hash is at least this one.
    func position(from hash: UInt64) -> Position {
        var (low, high) = (0, leaves.count)
        while low < high {
            let middle = (low + high) / 2
            if first[middle] >= hash { high = middle } else { low = middle + 1 }
        }
        // The leaf before may end with entries of this hash or later ones.
        guard low > 0 else { return Position(leaf: 0, index: 0) }
        let leaf = leaves[low - 1]
        var index = leaf.count
        while index > 0, leaf.entries[index - 1].hash >= hash { index -= 1 }
        return Position(leaf: low - 1, index: index)
    }

    /// Calls `body` with each entry from `position` on until it returns false.
    @inline(__always)
    func forEach(from position: Position, _ body: (Entry) -> Bool) {
        var index = position.index
        for leafIndex in position.leaf..<max(position.leaf, leaves.count) {
            let leaf = leaves[leafIndex]
            while index < leaf.count {
                guard body(leaf.entries[index]) else { return }
                index += 1
            }
            index = 0
        }
    }

    // MARK: Changing

    /// Puts a record at its place; returns the one of the same key that it replaces.
    mutating func insert(_ record: Record, hash: UInt64) -> Record? {
        let (position, isThere) = find(hash, record.key)
        if isThere {
            let old = leaves[position.leaf].entries[position.index].record
            leaves[position.leaf].entries[position.index].record = record
            return old
        }
        insert(Entry(hash: hash, record: record), at: position)
        count += 1
        return nil
    }

    private mutating func insert(_ entry: Entry, at position: Position) {
        guard !leaves.isEmpty else { return insertLeaf(at: 0, [entry]) }
        guard leaves[position.leaf].count == Self.leafEntriesMax else {
            return insert(entry, leaf: position.leaf, index: position.index)
        }
        // Behind the last entry of all, as in a load in order, a new leaf leaves the last one full.
        if position.leaf == leaves.count - 1, position.index == Self.leafEntriesMax {
            return insertLeaf(at: leaves.count, [entry])
        }
        let half = Self.leafEntriesMax / 2
        let upper = UnsafeBufferPointer(
            start: leaves[position.leaf].entries + half, count: Self.leafEntriesMax - half)
        insertLeaf(at: position.leaf + 1, Array(upper))
        leaves[position.leaf].count = half
        if position.index > half {
            insert(entry, leaf: position.leaf + 1, index: position.index - half)
        } else {
            insert(entry, leaf: position.leaf, index: position.index)
        }
    }

    private mutating func insertLeaf(at index: Int, _ entries: [Entry]) {
        let memory = UnsafeMutablePointer<Entry>.allocate(capacity: Self.leafEntriesMax)
        for (place, entry) in entries.enumerated() { (memory + place).initialize(to: entry) }
        leaves.insert(Leaf(entries: memory, count: entries.count), at: index)
        first.insert(entries[0].hash, at: index)
    }

    private mutating func insert(_ entry: Entry, leaf: Int, index: Int) {
        let entries = leaves[leaf].entries
        let moved = leaves[leaf].count - index
        memmove(entries + index + 1, entries + index, moved * MemoryLayout<Entry>.stride)
        entries[index] = entry
        leaves[leaf].count += 1
        if index == 0 { first[leaf] = entry.hash }
    }

    /// Takes the record of this key out and returns it; nil when there is none.
    mutating func remove(_ hash: UInt64, _ key: UnsafeRawBufferPointer) -> Record? {
        let (position, isThere) = find(hash, key)
        guard isThere else { return nil }
        let (leaf, index) = (position.leaf, position.index)
        let entries = leaves[leaf].entries
        let old = entries[index].record
        let moved = leaves[leaf].count - index - 1
        memmove(entries + index, entries + index + 1, moved * MemoryLayout<Entry>.stride)
        leaves[leaf].count -= 1
        count -= 1
        if leaves[leaf].count == 0 {
            entries.deallocate()
            leaves.remove(at: leaf)
            first.remove(at: leaf)
        } else if index == 0 {
            first[leaf] = entries[0].hash
        }
        return old
    }
}
