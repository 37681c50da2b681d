import DynamoModel
import Glibc
import System

/// Keys of one partition that stand between two bounds, in the spelling of a store.
///
/// Whatever a Query may ask of a sort key is such a range, since the store's spelling keeps the
/// order of the values (see ``StoreKey``, ``IndexKey``).
struct KeyRange {
    let hash: UInt64
    /// The beginning that all keys of the partition share.
    let partition: [UInt8]
    /// The smallest key that belongs to the range.
    let lower: [UInt8]
    /// The smallest key behind the range; nil when the range ends with the partition.
    let upper: [UInt8]?

    /// - Parameters:
    ///   - partition: with its length before it.
    ///   - lower: the smallest sort key in the range.
    ///   - upper: the smallest sort key behind it; nil when there is none.
    init(partition: [UInt8], lower: [UInt8] = [], upper: [UInt8]? = nil) {
        self.partition = partition
        hash = partition.withUnsafeBytes(StoreKey.hash)
        self.lower = partition + lower
        self.upper = upper.map { partition + $0 }
    }

    /// Whether the key is one of the partition, whatever its sort key is. Hashes of two partition
    /// keys may be equal.
    func isOfPartition(_ key: UnsafeRawBufferPointer) -> Bool {
        guard key.count >= partition.count, let start = key.baseAddress else { return false }
        return partition.withUnsafeBytes { memcmp(start, $0.baseAddress!, $0.count) } == 0
    }

    func contains(_ key: UnsafeRawBufferPointer) -> Bool {
        guard isOfPartition(key), !key.lexicographicallyPrecedes(lower) else { return false }
        return upper.map { key.lexicographicallyPrecedes($0) } ?? true
    }
}

/// Bounds of sort keys, in the spelling of a store.
struct SortBounds {
    /// The smallest in the range.
    var lower: [UInt8] = []
    /// The smallest behind it; nil when the range has no end.
    var upper: [UInt8]?

    /// - Parameter spell: how the store spells a value at this place of a key.
    init(_ test: KeyCondition.Test, _ spell: KeySpelling) {
        switch test {
        case .comparison(let comparator, let value):
            let bytes = spell.value(value)
            switch comparator {
            case .less: upper = bytes
            case .lessOrEqual: upper = spell.behind(value)
            case .greater:
                // No value is spelled with nothing but the largest bytes.
                lower = spell.behind(value) ?? bytes
            case .greaterOrEqual: lower = bytes
            case .equal, .unequal:
                lower = bytes
                upper = spell.behind(value)
            }
        case .between(let first, let last):
            lower = spell.value(first)
            upper = spell.behind(last)
        case .beginsWith(let value):
            lower = spell.beginning(value)
            upper = KeySpelling.behind(lower)
        }
    }

    /// The same bounds behind attributes that have values already.
    func behind(_ beginning: [UInt8]) -> SortBounds {
        var bounds = self
        bounds.lower = beginning + lower
        bounds.upper = upper.map { beginning + $0 } ?? KeySpelling.behind(beginning)
        return bounds
    }
}

/// How a store spells the value of one attribute of a sort key.
struct KeySpelling {
    /// Whether more follows in the key: then the value has an end of its own (see ``IndexKey``).
    let isTerminated: Bool

    func value(_ value: AttributeValue) -> [UInt8] {
        let bytes = StoreKey.bytes(of: value)
        return isTerminated ? IndexKey.terminated(bytes, AttributeType(of: value)) : bytes
    }

    /// What all values begin with that begin with this one.
    func beginning(_ value: AttributeValue) -> [UInt8] {
        let bytes = StoreKey.bytes(of: value)
        return isTerminated ? IndexKey.escaped(bytes) : bytes
    }

    /// The smallest key behind all that have this value here; nil when there is none.
    func behind(_ value: AttributeValue) -> [UInt8]? {
        // A value that ends with the key is followed by itself and a zero.
        isTerminated ? Self.behind(self.value(value)) : self.value(value) + [0]
    }

    /// The smallest bytes behind all that begin with these; nil when there are none.
    static func behind(_ beginning: [UInt8]) -> [UInt8]? {
        guard let place = beginning.lastIndex(where: { $0 != 0xFF }) else { return nil }
        var bytes = Array(beginning[...place])
        bytes[place] += 1
        return bytes
    }
}

extension AttributeType {
    init(of value: AttributeValue) {
        self =
            switch value {
            case .string: .string
            case .number: .number
            case .binary: .binary
            case .bool: .bool
            case .null: .null
            case .stringSet: .stringSet
            case .numberSet: .numberSet
            case .binarySet: .binarySet
            case .list: .list
            case .map: .map
            }
    }
}
