import Glibc
import System

/// The entries of one secondary index in the service's order.
///
/// An entry is a key (see ``IndexKey``) and the size of what the index holds of the item; the item
/// itself stays in its table, where the entry's end finds it. So a write that leaves the index's
/// key as it was moves nothing here.
/// Used under the table's lock.
final class IndexStore {
    // The places of both are not guarded against two accesses at once: the table's lock does that.
    private(set) var store = ItemStore()
    private var heap = RecordHeap()

    /// Takes note of what a write has made of an item's entry.
    func replace(_ old: [UInt8]?, by new: [UInt8]?, tableKeyCount: Int, size: Int) {
        if let old, old != new {
            let gone = old.withUnsafeBytes { store.remove(StoreKey.hash($0), $0) }
            if let gone { heap.release(gone) }
        }
        guard let new else { return }
        new.withUnsafeBytes { key in
            let hash = StoreKey.hash(key)
            if let entry = store.record(hash, key) {
                entry.header.pointee.size = UInt32(size)
            } else {
                let entry = makeEntry(key, tableKeyCount: tableKeyCount, size: size)
                _ = store.insert(entry, hash: hash)
            }
        }
    }

    private func makeEntry(
        _ key: UnsafeRawBufferPointer, tableKeyCount: Int, size: Int
    ) -> Record {
        let entry = heap.allocate(Record.headerBytes + key.count)
        entry.header.pointee = Record.Header(
            keyCount: UInt32(key.count), jsonCount: 0, size: UInt32(size),
            // An entry belongs to no further indexes: the place tells how long the table's key is.
            indexes: UInt32(tableKeyCount))
        UnsafeMutableRawBufferPointer(
            start: entry.address + Record.headerBytes, count: key.count
        ).copyMemory(from: key)
        return entry
    }

    /// The key of an entry's item in the table's store.
    static func tableKey(of entry: Record) -> UnsafeRawBufferPointer {
        let count = Int(entry.header.pointee.indexes)
        return UnsafeRawBufferPointer(rebasing: entry.key.suffix(count))
    }
}
