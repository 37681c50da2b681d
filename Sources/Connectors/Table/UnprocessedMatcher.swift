import DynamoModel
import Glibc
import JSON
import System

/// Finds which items of a batch a reply left unprocessed, by their keys' values.
///
/// The service promises neither the spelling nor the order of what it sends back, but as a rule it
/// keeps to both: so first an item as long, whose key has the same bytes, is looked for from where
/// the last entry was found. Only where there is none are keys compared by value.
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

        /// Whether both have the same key, by value.
        fileprivate func agrees(with other: Self) throws -> Bool {
            let (key, otherKey) = (slice, other.slice)
            return try KeyAgreement.isSame(
                key.partitionKey, of: bytes, otherKey.partitionKey, of: other.bytes)
                && (key.sortKey == 0
                    || KeyAgreement.isSame(
                        key.sortKey, of: bytes, otherKey.sortKey, of: other.bytes))
        }
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
        // Lengths tell most items apart, without a look at their pages.
        func isSame(_ item: Placed) -> Bool {
            item.slice.length == entry.slice.length && spelling.isThat(of: item)
        }
        let position =
            batch[start...].firstIndex(where: isSame) ?? batch[..<start].firstIndex(where: isSame)
        return try position ?? batch.firstIndex { try $0.agrees(with: entry) }
    }
}
