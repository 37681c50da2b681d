import DynamoModel
import Glibc
import JSON

/// Finds which items of a batch a reply left unprocessed, by their keys' values.
///
/// Most keys come back spelt as they were sent, or were sent as the service spells them, and are
/// told by their bytes. Neither is promised, nor any order, so what is left is decoded and compared
/// by value.
struct UnprocessedMatcher {
    struct Placed {
        let slice: ItemSlice
        /// The page, or the reply, that the slice is of.
        let bytes: UnsafeRawBufferPointer

        func value(at offset: UInt32) throws(JSONError) -> UnsafeRawBufferPointer {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...])
            var reader = JSONReader(rest)
            return UnsafeRawBufferPointer(rebasing: rest[try reader.skipValue()])
        }

        /// Whether the bytes at `offset` begin with `value`, which is a whole object.
        func holds(_ value: UnsafeRawBufferPointer, at offset: UInt32) -> Bool {
            let start = Int(offset)
            return start + value.count <= bytes.count
                && memcmp(bytes.baseAddress! + start, value.baseAddress!, value.count) == 0
        }
    }

    let batch: [Placed]

    /// - Returns: positions in the batch; nil when an entry matches no item, or two the same one:
    ///   then nothing is known of any.
    func positions(of entries: [Placed]) throws -> [Int]? {
        var found: [Int] = []
        found.reserveCapacity(entries.count)
        for entry in entries {
            guard let position = try position(of: entry), !found.contains(position) else {
                return nil
            }
            found.append(position)
        }
        return found
    }

    private func position(of entry: Placed) throws -> Int? {
        let spelt = try entry.value(at: entry.slice.partitionKey)
        if let position = try position(of: entry, partition: spelt) { return position }
        let partition = try ItemKey.value(at: entry.slice.partitionKey, in: entry.bytes)
        let usual = try ItemKey.spelling(partition).withUnsafeBytes {
            try position(of: entry, partition: $0)
        }
        if let usual { return usual }
        let key = try ItemKey(entry.slice, in: entry.bytes)
        return try batch.firstIndex { try ItemKey($0.slice, in: $0.bytes) == key }
    }

    /// The item whose partition key is spelt so and whose sort key has the entry's value.
    private func position(of entry: Placed, partition: UnsafeRawBufferPointer) throws -> Int? {
        try batch.firstIndex { item in
            guard item.holds(partition, at: item.slice.partitionKey) else { return false }
            return try entry.slice.sortKey == 0 || item.hasSort(of: entry)
        }
    }
}

extension UnprocessedMatcher.Placed {
    fileprivate func hasSort(of other: Self) throws -> Bool {
        if holds(try other.value(at: other.slice.sortKey), at: slice.sortKey) { return true }
        return try ItemKey.value(at: slice.sortKey, in: bytes)
            == ItemKey.value(at: other.slice.sortKey, in: other.bytes)
    }
}
