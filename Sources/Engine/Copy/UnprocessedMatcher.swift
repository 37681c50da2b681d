import DynamoModel
import Glibc
import ItemBytes
import JSON

/// Finds which items of a batch a reply left unprocessed, by their keys' values.
///
/// The service promises neither the spelling nor the order of what it sends back, but as a rule it
/// keeps to both: so the bytes of the keys are compared first, from where the last entry was found.
/// Then texts are compared where they lie, whatever is escaped in either; what does not agree so,
/// numbers spelt otherwise above all, is decoded and compared by value: sort keys where the
/// partition keys agree, and at last whole keys.
struct UnprocessedMatcher {
    struct Placed {
        let slice: ItemSlice
        /// The page, or the reply, that the slice is of.
        let bytes: UnsafeRawBufferPointer

        fileprivate var spelling: KeySpelling {
            get throws(JSONError) {
                KeySpelling(
                    partition: try value(at: slice.partitionKey),
                    sort: slice.sortKey == 0 ? nil : try value(at: slice.sortKey))
            }
        }

        private func value(at offset: UInt32) throws(JSONError) -> UnsafeRawBufferPointer {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...])
            var reader = JSONReader(rest)
            return UnsafeRawBufferPointer(rebasing: rest[try reader.skipValue()])
        }

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

    /// The bytes of a key's values, `{"S":"..."}`.
    fileprivate struct KeySpelling {
        let partition: UnsafeRawBufferPointer
        let sort: UnsafeRawBufferPointer?

        func isThat(of item: Placed) -> Bool {
            stands(partition, at: item.slice.partitionKey, in: item.bytes)
                && (sort.map { stands($0, at: item.slice.sortKey, in: item.bytes) } ?? true)
        }

        /// A value that begins with all the bytes of another is that one.
        private func stands(
            _ value: UnsafeRawBufferPointer, at offset: UInt32, in bytes: UnsafeRawBufferPointer
        ) -> Bool {
            let offset = Int(offset)
            return value.count <= bytes.count - offset
                && memcmp(value.baseAddress!, bytes.baseAddress! + offset, value.count) == 0
        }
    }

    let batch: [Placed]

    /// - Returns: positions in the batch; nil when an entry matches no item, or two the same one:
    ///   then nothing is known of any.
    func positions(of entries: [Placed]) throws -> [Int]? {
        var found: [Int] = []
        found.reserveCapacity(entries.count)
        for entry in entries {
            let next = found.last.map { $0 + 1 } ?? 0
            guard let position = try position(of: entry, from: next), !found.contains(position)
            else { return nil }
            found.append(position)
        }
        return found
    }

    private func position(of entry: Placed, from start: Int) throws -> Int? {
        let spelling = try entry.spelling
        let position =
            batch[start...].firstIndex { spelling.isThat(of: $0) }
            ?? batch[..<start].firstIndex { spelling.isThat(of: $0) }
        return try position ?? positionByValue(of: entry)
    }

    private func positionByValue(of entry: Placed) throws -> Int? {
        let position = try batch.firstIndex { try $0.agrees(with: entry) }
        if let position { return position }
        let key = try ItemKey(entry.slice, in: entry.bytes)
        return try batch.firstIndex { try ItemKey($0.slice, in: $0.bytes) == key }
    }
}
