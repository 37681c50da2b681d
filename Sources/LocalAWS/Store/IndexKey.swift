import DynamoModel
import System

/// Spells the keys of an index's entries so that comparing their bytes gives the service's order.
///
/// A key is the length of the partition key (two bytes, big end first), the partition key, the sort
/// key, and the key of the item in its table. So entries stand by sort key, and those of one sort
/// key in the order of their items' keys, which makes each entry's key its own.
///
/// Since more follows, a value must tell where it ends, and `a` must stand before `aa` all the
/// same: strings and binaries end with two zero bytes, and a zero byte within becomes zero and 255.
/// Numbers end by themselves. A partition key of one attribute stands as it is in a table's key, so
/// that a local index has its table's hashes.
enum IndexKey {
    /// The key of an item's entry; nil when the item does not belong to the index.
    ///
    /// - Parameters:
    ///   - values: the item's watched attributes.
    ///   - tableKey: the item's key in the table's store.
    static func entry(
        _ values: [ItemEncoder.WatchedValue], in index: TableLayout.Index, _ layout: TableLayout,
        tableKey: [UInt8]
    ) -> [UInt8]? {
        guard layout.contains(values, in: index) else { return nil }
        let sort = index.sortKeys.flatMap { position in
            terminated(bytes(of: values[position]), values[position].type)
        }
        return partition(values, of: index) + sort + tableKey
    }

    /// The partition key of an item that belongs to the index, with its length before it.
    static func partition(
        _ values: [ItemEncoder.WatchedValue], of index: TableLayout.Index
    ) -> [UInt8] {
        let values = index.partitionKeys.map { values[$0] }
        return partition(values.map(bytes), values.map(\.type))
    }

    private static func bytes(of value: ItemEncoder.WatchedValue) -> [UInt8] {
        value.text.map { StoreKey.bytes(of: $0, value.type ?? .string) } ?? []
    }

    /// The partition key of these values, with its length before it.
    static func partition(_ values: [[UInt8]], _ types: [AttributeType?]) -> [UInt8] {
        let bytes =
            values.count == 1
            ? values[0] : Array(zip(values, types).map { terminated($0, $1) }.joined())
        return [UInt8(bytes.count >> 8 & 0xFF), UInt8(bytes.count & 0xFF)] + bytes
    }

    /// A value's bytes with their end.
    static func terminated(_ bytes: [UInt8], _ type: AttributeType?) -> [UInt8] {
        type == .number ? bytes : escaped(bytes) + [0, 0]
    }

    static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(0) else { return bytes }
        return bytes.flatMap { $0 == 0 ? [0, 0xFF] : [$0] }
    }
}

extension StoreKey {
    /// A key attribute's value that the encoder has checked.
    static func bytes(of text: WireString, _ type: AttributeType) -> [UInt8] {
        var output = ByteStorage(capacity: text.count + 8)
        write(text, type: type, to: &output)
        return Array(output.bytes)
    }

    /// A value of a type that keys have; nothing of any other.
    static func bytes(of value: AttributeValue) -> [UInt8] {
        switch value {
        case .string(let bytes), .binary(let bytes): return bytes
        case .number(let number):
            var output = ByteStorage(capacity: 48)
            var text = number.text
            text.withUTF8 { writeNumber(UnsafeRawBufferPointer($0), to: &output) }
            return Array(output.bytes)
        default: return []
        }
    }
}

extension TableLayout {
    /// Whether an item of these attributes belongs to an index: it has all of the index's key, of
    /// the right types, and of a length that keys may have.
    func contains(_ values: [ItemEncoder.WatchedValue], in index: Index) -> Bool {
        index.keys.allSatisfy {
            watched[$0].fits(values[$0], isPartition: index.partitionKeys.contains($0))
        }
    }

    /// The bytes of an item's entry in an index.
    func entrySize(
        _ values: [ItemEncoder.WatchedValue], whole: Int, in index: Index
    ) -> Int {
        index.projected.map { $0.reduce(0) { $0 + values[$1].size } } ?? whole
    }
}
