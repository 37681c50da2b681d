import DynamoModel

/// A key in the store's spelling, in the encoder's `keys`, and the hash of its partition key.
struct EncodedKey {
    let bytes: Range<Int>
    let hash: UInt64
}

/// The keys of items: of the table, and whether an item fits the keys of its indexes.
extension ItemEncoder {
    /// How the service words a key that does not fit: PutItem says what is wrong, BatchWriteItem
    /// and whatever takes a key alone do not.
    enum KeyWording {
        case detailed
        case terse
    }

    /// The key of an item that was read; checks the keys of the indexes too.
    mutating func key(
        of item: EncodedItem, layout: TableLayout, wording: KeyWording
    ) throws(ServiceError) -> EncodedKey {
        guard item.size <= ServiceLimits.itemBytesMax else { throw .itemTooLarge }
        let key = try tableKey(of: item, layout: layout, wording: wording)
        if !layout.indexes.isEmpty { try checkIndexKeys(of: item, layout: layout) }
        return key
    }

    /// The key that was read by itself: the attributes of the table's key and no others.
    mutating func bareKey(
        of item: EncodedItem, layout: TableLayout
    ) throws(ServiceError) -> EncodedKey {
        guard item.count == layout.keyCount else { throw .keyMismatch }
        return try tableKey(of: item, layout: layout, wording: .terse)
    }

    /// The key of the table alone, whatever else the item has.
    mutating func tableKey(
        of item: EncodedItem, layout: TableLayout, wording: KeyWording
    ) throws(ServiceError) -> EncodedKey {
        let start = keys.count
        keys.append(0)
        keys.append(0)
        for position in 0..<layout.keyCount {
            let value = watched[item.firstWatched + position]
            let name = position == 0 ? layout.schema.partition.name : layout.schema.sort!.name
            let type = AttributeType(
                position == 0 ? layout.schema.partition.type : layout.schema.sort!.type)
            guard let actual = value.type else {
                throw wording == .terse
                    ? .keyMismatch : .invalid("Missing the key \(name) in the item")
            }
            guard actual == type, let text = value.text else {
                throw wording == .terse
                    ? .keyMismatch
                    : .invalid(
                        "Type mismatch for key \(name) expected: \(type.name) actual: "
                            + actual.name)
            }
            try Self.checkKeySize(
                value.size - name.utf8.count, type: type, isPartition: position == 0, name: name)
            StoreKey.write(text, type: type, to: &keys)
            if position == 0 {
                let count = keys.count - start - 2
                keys.base[start] = UInt8(count >> 8)
                keys.base[start + 1] = UInt8(count & 0xFF)
            }
        }
        let bytes = start..<keys.count
        return EncodedKey(
            bytes: bytes,
            hash: StoreKey.hash(UnsafeRawBufferPointer(rebasing: keys.bytes[bytes])))
    }

    static func checkKeySize(
        _ size: Int, type: AttributeType, isPartition: Bool, name: String
    ) throws(ServiceError) {
        guard size > 0 else {
            throw .validation(
                "One or more parameter values are not valid. The AttributeValue for a key "
                    + "attribute cannot contain an empty "
                    + "\(type == .binary ? "binary" : "string") value. "
                    + "Key: \(name)")
        }
        guard type != .number else { return }
        if isPartition, size > ServiceLimits.partitionKeyBytesMax {
            // The missing blank is the service's.
            throw .invalid("Size of hashkey has exceeded the maximum size limit of2048 bytes")
        }
        if !isPartition, size > ServiceLimits.sortKeyBytesMax {
            throw .invalid(
                "Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
        }
    }

    /// An item may lack an index's key, but what it has of it must fit (guide, "Global secondary
    /// indexes").
    private func checkIndexKeys(
        of item: EncodedItem, layout: TableLayout
    ) throws(ServiceError) {
        for (position, attribute) in layout.watched.enumerated() {
            let value = watched[item.firstWatched + position]
            guard let actual = value.type, let expected = attribute.type else { continue }
            for (index, role) in attribute.indexRoles {
                let name = String(decoding: attribute.name, as: UTF8.self)
                guard actual == expected else {
                    throw .invalid(
                        "Type mismatch for Index Key \(name) Expected: \(expected.name) Actual: "
                            + "\(actual.name) IndexName: \(index)")
                }
                let size = value.size - attribute.name.count
                guard size > 0 else { throw Self.emptyIndexKey(name, expected, index: index) }
                let isPartition = role == .partition
                let limit =
                    isPartition
                    ? ServiceLimits.partitionKeyBytesMax : ServiceLimits.sortKeyBytesMax
                guard expected == .number || size <= limit else {
                    throw .invalid(
                        isPartition
                            ? "Size of hashkey has exceeded the maximum size limit of2048 bytes"
                            : "Aggregated size of all range keys has exceeded the size limit of "
                                + "1024 bytes")
                }
            }
        }
    }

    private static func emptyIndexKey(
        _ name: String, _ type: AttributeType, index: String
    ) -> ServiceError {
        .validation(
            "One or more parameter values are not valid. A value specified for a secondary index "
                + "key is not supported. The AttributeValue for a key attribute cannot contain an "
                + "empty \(type == .binary ? "binary" : "string") value. IndexName: \(index), "
                + "IndexKey: \(name)")
    }
}
