import DynamoModel
import JSON
import System

/// What an item comes to: a hash of its key and one of all of it (see the guide, "Digest").
package struct ItemDigest: Equatable, Sendable {
    package var key: UInt128
    package var item: UInt128

    package init(key: UInt128, item: UInt128) {
        self.key = key
        self.item = item
    }
}

/// The secret that digests are made with. Digests made with different keys have nothing in common.
package struct DigestKey: Equatable, Sendable {
    package let words: SipHash.Key

    /// - Parameter bytes: 16 of them.
    package init(bytes: [UInt8]) {
        precondition(bytes.count == 16, "a key of \(bytes.count) bytes")
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
            bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        words = SipHash.Key(low: word(bytes[..<8]), high: word(bytes[8...]))
    }

    package init(using generator: inout some RandomNumberGenerator) {
        words = SipHash.Key(low: generator.next(), high: generator.next())
    }

    package var bytes: [UInt8] {
        [words.low, words.high].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
        }
    }
}

/// Makes the digests of one table's items. Not thread-safe.
package final class ItemDigester {
    private let form: CanonicalForm
    private let hash: SipHash

    package init(schema: KeySchema, key: DigestKey) {
        form = CanonicalForm(schema: schema)
        hash = SipHash(key: key.words)
    }

    /// The hash of its key alone, of the same item.
    func keyHash(
        _ slice: ItemSlice, in page: UnsafeRawBufferPointer
    ) throws(JSONError) -> UInt128 {
        try form.withKey(of: slice, in: page) { hash.hash($0) }
    }

    /// The digest of an item that a cutter has cut out of `page`, which must be followed by
    /// `PageCutter/padding` readable zero bytes.
    /// - Throws: when the bytes are no item of DynamoDB's.
    package func digest(
        _ slice: ItemSlice, in page: UnsafeRawBufferPointer
    ) throws(JSONError) -> ItemDigest {
        ItemDigest(
            key: try form.withKey(of: slice, in: page) { hash.hash($0) },
            item: try form.withItem(slice, in: page) { hash.hash($0) })
    }
}
