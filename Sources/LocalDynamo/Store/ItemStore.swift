import Glibc

/// The items of one table in the service's order: by the hash of the partition key, then by the
/// partition key, then by the sort key.
///
/// Two levels of sorted leaves: a list of leaves, each of up to 256 entries; an entry holds the
/// hash, the beginning of the sort key, and where the item is. Finding one takes two binary
/// searches, nearly always without a look at the items, which lie far apart in memory.
/// Used under the table's lock.
struct ItemStore: ~Copyable {
    struct Entry {
        var hash: UInt64
        var sortPrefix: UInt64
        var record: Record
    }

    /// A key to look for.
    private struct Wanted {
        let hash: UInt64
        let sortPrefix: UInt64
        let key: UnsafeRawBufferPointer

        @inline(__always)
        init(_ hash: UInt64, _ key: UnsafeRawBufferPointer) {
            self.hash = hash
            sortPrefix = StoreKey.sortPrefix(key)
            self.key = key
        }
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
    private static func precedes(_ entry: Entry, _ wanted: Wanted) -> Bool {
        if entry.hash != wanted.hash { return entry.hash < wanted.hash }
        // Items of two partition keys of one hash, should there ever be such, would be interleaved.
        if entry.sortPrefix != wanted.sortPrefix { return entry.sortPrefix < wanted.sortPrefix }
        return compare(entry.record.key, wanted.key) < 0
    }

    @inline(__always)
    private static func compare(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
    ) -> Int {
        let order = memcmp(left.baseAddress!, right.baseAddress!, min(left.count, right.count))
        return order != 0 ? Int(order) : left.count - right.count
    }

    /// The leaf in which the key stands or would stand: the last that begins at or before it.
    private func leafIndex(_ wanted: Wanted) -> Int {
        var (low, high) = (0, leaves.count)
        while low < high {
            let middle = (low + high) / 2
            let isBefore =
                first[middle] != wanted.hash
                ? first[middle] < wanted.hash : Self.precedes(leaves[middle].entries[0], wanted)
            if isBefore { low = middle + 1 } else { high = middle }
        }
        // A leaf that begins with the wanted key itself is not before it.
        if low < leaves.count, first[low] == wanted.hash, Self.isKey(leaves[low].entries[0], wanted)
        {
            return low
        }
        return max(0, low - 1)
    }

    @inline(__always)
    private static func isKey(_ entry: Entry, _ wanted: Wanted) -> Bool {
        entry.hash == wanted.hash && entry.sortPrefix == wanted.sortPrefix
            && compare(entry.record.key, wanted.key) == 0
    }

    private static let guessReach = 12

    /// Where the hash would stand if those of the leaf were evenly spread; nil when they are not.
    private static func guess(_ leaf: Leaf, _ hash: UInt64) -> Int? {
        let (first, last) = (leaf.entries[0].hash, leaf.entries[leaf.count - 1].hash)
        guard first < hash, hash < last else { return nil }
        let part = Double(hash - first) / Double(last - first)
        return min(leaf.count - 1, Int(part * Double(leaf.count)))
    }

    private func index(in leaf: Leaf, _ wanted: Wanted) -> Int {
        var (low, high) = (0, leaf.count)
        // Hashes are spread evenly, so a guess is near; it saves reaching for far cache lines.
        if let guess = Self.guess(leaf, wanted.hash) {
            if guess > Self.guessReach, leaf.entries[guess - Self.guessReach].hash < wanted.hash {
                low = guess - Self.guessReach
            }
            if guess + Self.guessReach < high,
                leaf.entries[guess + Self.guessReach].hash > wanted.hash
            {
                high = guess + Self.guessReach
            }
        }
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(leaf.entries[middle], wanted) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// The first place whose entry does not stand before the key, and whether that has this key.
    private func find(_ wanted: Wanted) -> (position: Position, isThere: Bool) {
        guard !leaves.isEmpty else { return (Position(leaf: 0, index: 0), false) }
        let leafIndex = leafIndex(wanted)
        let leaf = leaves[leafIndex]
        let index = index(in: leaf, wanted)
        let isThere = index < leaf.count && Self.isKey(leaf.entries[index], wanted)
        return (Position(leaf: leafIndex, index: index), isThere)
    }

    func record(_ hash: UInt64, _ key: UnsafeRawBufferPointer) -> Record? {
        let (position, isThere) = find(Wanted(hash, key))
        return isThere ? leaves[position.leaf].entries[position.index].record : nil
    }

    /// The place behind the key, whether or not there is an item of that key.
    func position(after hash: UInt64, _ key: UnsafeRawBufferPointer) -> Position {
        var (position, isThere) = find(Wanted(hash, key))
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
        let wanted = Wanted(hash, record.key)
        let (position, isThere) = find(wanted)
        if isThere {
            let old = leaves[position.leaf].entries[position.index].record
            leaves[position.leaf].entries[position.index].record = record
            return old
        }
        insert(
            Entry(hash: hash, sortPrefix: wanted.sortPrefix, record: record), at: position)
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
        let (position, isThere) = find(Wanted(hash, key))
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
