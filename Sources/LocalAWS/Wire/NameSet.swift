import Glibc
import System

/// The hashes of the attribute names that one item has used so far, to notice a name that stands
/// twice in one map. A hit is a suspicion that the caller checks: names are not kept.
struct NameSet: ~Copyable {
    private static let capacityMin = 256

    private var slots: UnsafeMutablePointer<UInt64>
    private var capacity: Int
    private var count = 0

    init() {
        capacity = Self.capacityMin
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: 0, count: capacity)
    }

    deinit { slots.deallocate() }

    /// Forgets all names.
    mutating func removeAll() {
        guard count > 0 else { return }
        if capacity > Self.capacityMin * 16 {
            slots.deallocate()
            capacity = Self.capacityMin
            slots = .allocate(capacity: capacity)
        }
        slots.update(repeating: 0, count: capacity)
        count = 0
    }

    /// Adds the name that has this hash; false when it may be there already.
    @inline(__always)
    mutating func insert(_ hash: UInt64) -> Bool {
        if count * 2 >= capacity { grow() }
        let hash = hash | 1  // 0 marks a free slot
        var index = Int(truncatingIfNeeded: hash >> 32) & (capacity - 1)
        while slots[index] != 0 {
            if slots[index] == hash { return false }
            index = (index + 1) & (capacity - 1)
        }
        slots[index] = hash
        count += 1
        return true
    }

    private mutating func grow() {
        let (old, oldCapacity) = (slots, capacity)
        capacity *= 2
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: 0, count: capacity)
        for slot in 0..<oldCapacity where old[slot] != 0 {
            var index = Int(truncatingIfNeeded: old[slot] >> 32) & (capacity - 1)
            while slots[index] != 0 { index = (index + 1) & (capacity - 1) }
            slots[index] = old[slot]
        }
        old.deallocate()
    }
}
