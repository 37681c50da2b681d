import DynamoModel
import Glibc
import ItemBytes
import JSON

/// Finds which items of a batch a reply left unprocessed, by their keys' values.
///
/// The service promises neither the spelling nor the order of what it sends back. Texts are
/// compared where they lie, whatever is escaped in either; what does not agree so, numbers spelt
/// otherwise above all, is decoded and compared by value: sort keys where the partition keys agree,
/// and at last whole keys.
struct UnprocessedMatcher {
    struct Placed {
        let slice: ItemSlice
        /// The page, or the reply, that the slice is of.
        let bytes: UnsafeRawBufferPointer

        /// Whether the partition keys have the same text, and the sort keys the same value.
        fileprivate func agrees(with other: Self) throws -> Bool {
            let (sort, otherSort) = (slice.sortKey, other.slice.sortKey)
            guard value(slice.partitionKey, agreesWith: other.slice.partitionKey, of: other) else {
                return false
            }
            if sort == 0 || value(sort, agreesWith: otherSort, of: other) { return true }
            return try ItemKey.value(at: sort, in: bytes)
                == ItemKey.value(at: otherSort, in: other.bytes)
        }

        /// Whether the key attribute at `offset`, as nearly all come, `{"S":"..."}`, says what the
        /// other does.
        private func value(
            _ offset: UInt32, agreesWith otherOffset: UInt32, of other: Self
        ) -> Bool {
            let value = UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...])
            let otherValue = UnsafeRawBufferPointer(rebasing: other.bytes[Int(otherOffset)...])
            guard min(value.count, otherValue.count) > Self.opening,
                value[1] == 0x22, value[3] == 0x22, value[4] == 0x3A, value[5] == 0x22,
                memcmp(value.baseAddress!, otherValue.baseAddress!, Self.opening) == 0
            else { return false }
            return JSONText.sayTheSame(
                UnsafeRawBufferPointer(rebasing: value[Self.opening...]),
                UnsafeRawBufferPointer(rebasing: otherValue[Self.opening...]))
        }

        /// Bytes of `{"S":"`.
        private static let opening = 6
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
        let position = try batch.firstIndex { try $0.agrees(with: entry) }
        if let position { return position }
        let key = try ItemKey(entry.slice, in: entry.bytes)
        return try batch.firstIndex { try ItemKey($0.slice, in: $0.bytes) == key }
    }
}
