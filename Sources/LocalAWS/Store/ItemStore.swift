/// The items of one table in the service's order: by the hash of the partition key, then by the
/// partition key, then by the sort key.
///
/// Two levels of sorted leaves: a list of leaves, each of up to 256 entries. Finding one takes two
/// binary searches, nearly always without a look at the items, which lie far apart in memory.
/// Used under the table's lock.
package struct ItemStore: ~Copyable {
    /// A place between entries: before `leaf[index]`.
    package struct Position: Comparable {
        var leaf: Int
        var index: Int

        package static func < (left: Position, right: Position) -> Bool {
            (left.leaf, left.index) < (right.leaf, right.index)
        }
    }

    /// Never empty leaves; `first[n]` is the hash of leaf n's first entry.
    private var leaves: [StoreLeaf] = []
    private var first: [UInt64] = []
    package private(set) var count = 0

    init() {}

    deinit { for leaf in leaves { leaf.free() } }

    // MARK: Searching

    /// The leaf in which the key stands or would stand: the last that begins at or before it.
    private func leafIndex(_ wanted: WantedKey) -> Int {
        var (low, high) = (0, leaves.count)
        while low < high {
            let middle = (low + high) / 2
            let isAfter =
                first[middle] != wanted.hash
                ? first[middle] > wanted.hash : leaves[middle].order(0, wanted) > 0
            if isAfter { high = middle } else { low = middle + 1 }
        }
        return max(0, low - 1)
    }

    /// The first place whose entry does not stand before the key, and whether that has this key.
    private func find(_ wanted: WantedKey) -> (position: Position, isThere: Bool) {
        guard !leaves.isEmpty else { return (Position(leaf: 0, index: 0), false) }
        let leafIndex = leafIndex(wanted)
        let leaf = leaves[leafIndex]
        let index = leaf.index(of: wanted)
        let isThere = index < leaf.count && leaf.order(index, wanted) == 0
        return (Position(leaf: leafIndex, index: index), isThere)
    }

    func record(_ hash: UInt64, _ key: UnsafeRawBufferPointer) -> Record? {
        let (position, isThere) = find(WantedKey(hash, key))
        return isThere ? leaves[position.leaf].slots[position.index].record : nil
    }

    /// The place behind the key, whether or not there is an item of that key.
    func position(after hash: UInt64, _ key: UnsafeRawBufferPointer) -> Position {
        var (position, isThere) = find(WantedKey(hash, key))
        if isThere { position.index += 1 }
        return position
    }

    /// The place before the key, whether or not there is an item of that key.
    func position(before hash: UInt64, _ key: UnsafeRawBufferPointer) -> Position {
        find(WantedKey(hash, key)).position
    }

    /// The place behind all entries of this hash and those before.
    func position(behind hash: UInt64) -> Position {
        hash == .max ? Position(leaf: leaves.count, index: 0) : position(from: hash + 1)
    }

    /// The place before the first entry whose hash is at least this one.
    package func position(from hash: UInt64) -> Position {
        var (low, high) = (0, leaves.count)
        while low < high {
            let middle = (low + high) / 2
            if first[middle] >= hash { high = middle } else { low = middle + 1 }
        }
        // The leaf before may end with entries of this hash or later ones.
        guard low > 0 else { return Position(leaf: 0, index: 0) }
        return Position(leaf: low - 1, index: leaves[low - 1].firstIndex(from: hash))
    }

    /// Calls `body` with each hash and record from `position` on until it returns false.
    @inline(__always)
    package func forEach(from position: Position, _ body: (UInt64, Record) -> Bool) {
        var index = position.index
        for leafIndex in position.leaf..<max(position.leaf, leaves.count) {
            let leaf = leaves[leafIndex]
            while index < leaf.count {
                guard body(leaf.hashes[index], leaf.slots[index].record) else { return }
                index += 1
            }
            index = 0
        }
    }

    /// Calls `body` with each hash and record between two places until it returns false.
    @inline(__always)
    func forEach(
        from start: Position, to end: Position, _ body: (UInt64, Record) -> Bool
    ) {
        var (leafIndex, index) = (start.leaf, start.index)
        while leafIndex < leaves.count, leafIndex <= end.leaf {
            let leaf = leaves[leafIndex]
            let stop = leafIndex == end.leaf ? min(end.index, leaf.count) : leaf.count
            while index < stop {
                guard body(leaf.hashes[index], leaf.slots[index].record) else { return }
                index += 1
            }
            (leafIndex, index) = (leafIndex + 1, 0)
        }
    }

    /// The same, from the last to the first.
    func forEachBackwards(
        from end: Position, to start: Position, _ body: (UInt64, Record) -> Bool
    ) {
        var leafIndex = min(end.leaf, leaves.count - 1)
        while leafIndex >= max(0, start.leaf) {
            let leaf = leaves[leafIndex]
            var index = leafIndex == end.leaf ? min(end.index, leaf.count) : leaf.count
            let stop = leafIndex == start.leaf ? start.index : 0
            while index > stop {
                index -= 1
                guard body(leaf.hashes[index], leaf.slots[index].record) else { return }
            }
            leafIndex -= 1
        }
    }

    // MARK: Changing

    /// Puts a record at its place; returns the one of the same key that it replaces.
    mutating func insert(_ record: Record, hash: UInt64) -> Record? {
        let wanted = WantedKey(hash, record.key)
        let (position, isThere) = find(wanted)
        let slot = StoreLeaf.Slot(sortPrefix: wanted.sortPrefix, record: record)
        if isThere {
            let old = leaves[position.leaf].slots[position.index].record
            leaves[position.leaf].slots[position.index] = slot
            return old
        }
        insert(hash, slot, at: roomy(position))
        count += 1
        return nil
    }

    private mutating func insert(_ hash: UInt64, _ slot: StoreLeaf.Slot, at position: Position) {
        leaves[position.leaf].insert(hash, slot, at: position.index)
        if position.index == 0 { first[position.leaf] = hash }
    }

    /// The same place after making room there: a full leaf is split.
    private mutating func roomy(_ position: Position) -> Position {
        guard !leaves.isEmpty else {
            add(StoreLeaf(), at: 0, firstHash: 0)
            return position
        }
        let leaf = leaves[position.leaf]
        guard leaf.count == StoreLeaf.entriesMax else { return position }
        // Behind the last entry of all, as in a load in order, a new leaf leaves the last one full.
        if position.leaf == leaves.count - 1, position.index == leaf.count {
            add(StoreLeaf(), at: leaves.count, firstHash: 0)
            return Position(leaf: leaves.count - 1, index: 0)
        }
        let half = StoreLeaf.entriesMax / 2
        let upper = leaves[position.leaf].split(at: half)
        add(upper, at: position.leaf + 1, firstHash: upper.hashes[0])
        guard position.index > half else { return position }
        return Position(leaf: position.leaf + 1, index: position.index - half)
    }

    private mutating func add(_ leaf: StoreLeaf, at index: Int, firstHash: UInt64) {
        leaves.insert(leaf, at: index)
        first.insert(firstHash, at: index)
    }

    /// Takes the record of this key out and returns it; nil when there is none.
    mutating func remove(_ hash: UInt64, _ key: UnsafeRawBufferPointer) -> Record? {
        let (position, isThere) = find(WantedKey(hash, key))
        guard isThere else { return nil }
        let old = leaves[position.leaf].slots[position.index].record
        leaves[position.leaf].remove(at: position.index)
        count -= 1
        if leaves[position.leaf].count == 0 {
            leaves[position.leaf].free()
            leaves.remove(at: position.leaf)
            first.remove(at: position.leaf)
        } else if position.index == 0 {
            first[position.leaf] = leaves[position.leaf].hashes[0]
        }
        return old
    }
}
