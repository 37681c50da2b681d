import Glibc
import System

/// A key to look for in a store, in the store's spelling (see ``StoreKey``).
struct WantedKey {
    let hash: UInt64
    let sortPrefix: UInt64
    let bytes: UnsafeRawBufferPointer

    @inline(__always)
    init(_ hash: UInt64, _ bytes: UnsafeRawBufferPointer) {
        self.hash = hash
        self.bytes = bytes
        sortPrefix = StoreKey.sortPrefix(bytes)
    }
}

/// Up to 256 entries of a store, in order: hashes in one array, all else in another, so that a
/// search over hashes touches few cache lines.
///
/// A reference that owns its memory by hand: the store frees it.
struct StoreLeaf {
    static let entriesMax = 256

    /// An item, and the beginning of its sort key, which saves reaching for the item's key.
    struct Slot {
        var sortPrefix: UInt64
        var record: Record
    }

    let hashes: UnsafeMutablePointer<UInt64>
    let slots: UnsafeMutablePointer<Slot>
    private(set) var count = 0

    init() {
        hashes = .allocate(capacity: Self.entriesMax)
        slots = .allocate(capacity: Self.entriesMax)
    }

    func free() {
        hashes.deallocate()
        slots.deallocate()
    }

    // MARK: Searching

    /// Negative, zero or positive as the entry stands before, at or behind the key.
    @inline(__always)
    func order(_ index: Int, _ wanted: WantedKey) -> Int {
        if hashes[index] != wanted.hash { return hashes[index] < wanted.hash ? -1 : 1 }
        let slot = slots[index]
        // Items of two partition keys of one hash, should there ever be such, are interleaved.
        if slot.sortPrefix != wanted.sortPrefix {
            return slot.sortPrefix < wanted.sortPrefix ? -1 : 1
        }
        let key = slot.record.key
        let order = memcmp(
            key.baseAddress!, wanted.bytes.baseAddress!, min(key.count, wanted.bytes.count))
        return order != 0 ? Int(order) : key.count - wanted.bytes.count
    }

    /// The first entry that does not stand before the key; `count` when all do.
    func index(of wanted: WantedKey) -> Int {
        var index = firstIndex(from: wanted.hash)
        // Entries of one hash may be many: the rest is a search too.
        guard index < count, hashes[index] == wanted.hash else { return index }
        var high = wanted.hash == .max ? count : firstIndex(from: wanted.hash + 1)
        while index < high {
            let middle = (index + high) / 2
            if order(middle, wanted) < 0 { index = middle + 1 } else { high = middle }
        }
        return index
    }

    private static let guessReach = 12

    /// The first entry whose hash is at least this one; `count` when there is none.
    func firstIndex(from hash: UInt64) -> Int {
        var (low, high) = (0, count)
        // Hashes are spread evenly, so a guess is near; it saves reaching for far cache lines.
        if count > 4 * Self.guessReach, hashes[0] < hash, hash < hashes[count - 1] {
            let part = Double(hash - hashes[0]) / Double(hashes[count - 1] - hashes[0])
            let guess = min(count - 1, Int(clamping: part * Double(count)))
            let (near, far) = (guess - Self.guessReach, guess + Self.guessReach)
            if near > 0, hashes[near] < hash { low = near }
            if far < count, hashes[far] >= hash { high = far }
        }
        while low < high {
            let middle = (low + high) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Changing

    mutating func insert(_ hash: UInt64, _ slot: Slot, at index: Int) {
        precondition(count < Self.entriesMax, "a leaf holds no more than \(Self.entriesMax)")
        let moved = count - index
        memmove(hashes + index + 1, hashes + index, moved * MemoryLayout<UInt64>.stride)
        memmove(slots + index + 1, slots + index, moved * MemoryLayout<Slot>.stride)
        hashes[index] = hash
        slots[index] = slot
        count += 1
    }

    mutating func remove(at index: Int) {
        let moved = count - index - 1
        memmove(hashes + index, hashes + index + 1, moved * MemoryLayout<UInt64>.stride)
        memmove(slots + index, slots + index + 1, moved * MemoryLayout<Slot>.stride)
        count -= 1
    }

    /// Moves the entries from `index` on into a new leaf.
    mutating func split(at index: Int) -> StoreLeaf {
        var upper = StoreLeaf()
        upper.count = count - index
        memcpy(upper.hashes, hashes + index, upper.count * MemoryLayout<UInt64>.stride)
        memcpy(upper.slots, slots + index, upper.count * MemoryLayout<Slot>.stride)
        count = index
        return upper
    }
}
