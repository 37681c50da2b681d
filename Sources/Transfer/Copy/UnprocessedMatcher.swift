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
        if entries.isEmpty { return [] }
        var found: [Int] = []
        var decoded: [ItemKey]?
        for entry in entries {
            if let position = try positionAsSpelt(entry) {
                found.append(position)
                continue
            }
            let key = try ItemKey(entry.slice, in: entry.bytes)
            if let position = positionAsUsual(key) {
                found.append(position)
                continue
            }
            let keys = try decoded ?? batch.map { try ItemKey($0.slice, in: $0.bytes) }
            decoded = keys
            guard let position = keys.firstIndex(of: key) else { return nil }
            found.append(position)
        }
        return Set(found).count == found.count ? found : nil
    }

    private func positionAsSpelt(_ entry: Placed) throws(JSONError) -> Int? {
        let partition = try entry.value(at: entry.slice.partitionKey)
        let sort = entry.slice.sortKey == 0 ? nil : try entry.value(at: entry.slice.sortKey)
        return position(partition, sort)
    }

    /// The item whose key is spelt as the service does.
    private func positionAsUsual(_ key: ItemKey) -> Int? {
        let spellings = key.spellings
        return spellings.partition.withUnsafeBytes { partition in
            guard let sort = spellings.sort else { return position(partition, nil) }
            return sort.withUnsafeBytes { position(partition, $0) }
        }
    }

    private func position(
        _ partition: UnsafeRawBufferPointer, _ sort: UnsafeRawBufferPointer?
    ) -> Int? {
        batch.firstIndex { item in
            guard item.holds(partition, at: item.slice.partitionKey) else { return false }
            return sort.map { item.holds($0, at: item.slice.sortKey) } ?? true
        }
    }
}
