import System

/// What is kept of an item where sums are not enough: its digest, which side it is on,
/// and its key as JSON.
package struct KeyRecord: Equatable, Sendable {
    var digest: ItemDigest
    var isTarget: Bool
    /// `{"id":{"S":"..."}}`.
    var key: [UInt8]
}

/// Keys that are kept in memory, in the order of their hashes once they are sorted.
///
/// The keys' bytes lie one behind the other in one array, so that a record costs its entry and its
/// key and no allocation.
package struct KeyTable: Sendable {
    package struct Entry: Sendable {
        var digest: ItemDigest
        var start: UInt32
        var length: UInt32
        var isTarget: Bool
    }

    package private(set) var entries: [Entry] = []
    private var keys: [UInt8] = []

    /// Bytes that it takes in memory.
    package var bytes: Int { entries.count * MemoryLayout<Entry>.stride + keys.count }

    package mutating func add(_ digest: ItemDigest, isTarget: Bool, key: some Collection<UInt8>) {
        entries.append(
            Entry(
                digest: digest, start: UInt32(keys.count), length: UInt32(key.count),
                isTarget: isTarget))
        keys.append(contentsOf: key)
    }

    package func key(of entry: Entry) -> ArraySlice<UInt8> {
        keys[Int(entry.start)..<Int(entry.start) + Int(entry.length)]
    }

    package func record(_ index: Int) -> KeyRecord {
        let entry = entries[index]
        return KeyRecord(
            digest: entry.digest, isTarget: entry.isTarget, key: Array(key(of: entry)))
    }

    package mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        keys.removeAll(keepingCapacity: true)
    }

    /// Sorts by the key's hash, the source's first; items that stand on both sides and are equal
    /// are dropped, for nothing is left to be found out about them.
    mutating func settle() {
        entries.sort { left, right in
            left.digest.key != right.digest.key
                ? left.digest.key < right.digest.key : !left.isTarget && right.isTarget
        }
        var (kept, index) = (0, 0)
        while index < entries.count {
            var end = index + 1
            while end < entries.count, entries[end].digest.key == entries[index].digest.key {
                end += 1
            }
            let isEqual =
                end == index + 2 && entries[index].isTarget != entries[index + 1].isTarget
                && entries[index].digest == entries[index + 1].digest
            if !isEqual {
                for place in index..<end {
                    entries[kept] = entries[place]
                    kept += 1
                }
            }
            index = end
        }
        guard kept < entries.count else { return }
        entries.removeLast(entries.count - kept)
        compact()
    }

    /// Frees the bytes of keys that are not used any more.
    private mutating func compact() {
        var used: [UInt8] = []
        used.reserveCapacity(entries.reduce(0) { $0 + Int($1.length) })
        for index in entries.indices {
            let key = key(of: entries[index])
            entries[index].start = UInt32(used.count)
            used += key
        }
        keys = used
    }
}
