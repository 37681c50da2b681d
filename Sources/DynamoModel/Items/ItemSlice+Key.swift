import JSON
import System

extension ItemSlice {
    /// The item's key as JSON for `ExclusiveStartKey`, cut out of the bytes that the item lies in:
    /// any item's key serves, not only those that the service returned (API reference, Scan).
    /// Throws when the bytes there are no JSON.
    package func key(
        in bytes: UnsafeRawBufferPointer, schema: KeySchema
    ) throws(JSONError) -> [UInt8] {
        var key: [UInt8] = [0x7B]
        try Self.append(schema.partition, at: partitionKey, in: bytes, to: &key)
        if let sort = schema.sort {
            key.append(0x2C)
            try Self.append(sort, at: sortKey, in: bytes, to: &key)
        }
        key.append(0x7D)
        return key
    }

    private static func append(
        _ attribute: KeyAttribute, at offset: UInt32, in bytes: UnsafeRawBufferPointer,
        to key: inout [UInt8]
    ) throws(JSONError) {
        JSON.write(attribute.name, to: &key)
        key.append(0x3A)
        let rest = UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...])
        var reader = JSONReader(rest)
        key += rest[try reader.skipValue()]
    }
}
