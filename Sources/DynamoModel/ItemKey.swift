import JSON

/// The primary key of an item, by value: how two spellings of one item are told to be the same.
///
/// The service promises neither the order nor the spelling of what it sends back, so keys compare
/// unescaped (strings), by value (numbers) or decoded (binary).
package struct ItemKey: Hashable, Sendable {
    package let partition: AttributeValue
    package let sort: AttributeValue?

    /// Decodes the key of an item that a cutter has cut out of `bytes`.
    package init(_ slice: ItemSlice, in bytes: UnsafeRawBufferPointer) throws {
        partition = try Self.value(at: Int(slice.partitionKey), in: bytes)
        sort = slice.sortKey == 0 ? nil : try Self.value(at: Int(slice.sortKey), in: bytes)
    }

    private static func value(
        at offset: Int, in bytes: UnsafeRawBufferPointer
    ) throws -> AttributeValue {
        var reader = JSONReader(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        return try AttributeValue(try reader.readValue())
    }

    /// The key as JSON for `ExclusiveStartKey`, cut out of the item's bytes: any item's key serves,
    /// not only those that the service returned (API reference, Scan).
    package static func cursor(
        _ slice: ItemSlice, in bytes: UnsafeRawBufferPointer, schema: KeySchema
    ) throws(JSONError) -> [UInt8] {
        var cursor: [UInt8] = [0x7B]
        try append(schema.partition, at: slice.partitionKey, in: bytes, to: &cursor)
        if let sort = schema.sort {
            cursor.append(0x2C)
            try append(sort, at: slice.sortKey, in: bytes, to: &cursor)
        }
        cursor.append(0x7D)
        return cursor
    }

    private static func append(
        _ attribute: KeyAttribute, at offset: UInt32, in bytes: UnsafeRawBufferPointer,
        to cursor: inout [UInt8]
    ) throws(JSONError) {
        JSON.write(attribute.name, to: &cursor)
        cursor.append(0x3A)
        let rest = UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...])
        var reader = JSONReader(rest)
        cursor += rest[try reader.skipValue()]
    }
}
