import ItemBytes
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
        partition = try Self.value(at: slice.partitionKey, in: bytes)
        sort = slice.sortKey == 0 ? nil : try Self.value(at: slice.sortKey, in: bytes)
    }

    /// The value of the key attribute at `offset`, decoded.
    package static func value(
        at offset: UInt32, in bytes: UnsafeRawBufferPointer
    ) throws -> AttributeValue {
        // As nearly all keys come, `{"S":"..."}` and the like.
        let rest = UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...])
        if rest.count > 8, rest[0] == 0x7B, rest[1] == 0x22, rest[3] == 0x22, rest[4] == 0x3A,
            rest[5] == 0x22
        {
            var reader = JSONReader(UnsafeRawBufferPointer(rebasing: rest[5...]))
            let range = try reader.skipValue()
            let content = UnsafeRawBufferPointer(
                rebasing: rest[(5 + range.lowerBound + 1)..<(5 + range.upperBound - 1)])
            let text = JSONText.unescaped(content)
            switch rest[2] {
            case 0x53: return .string(text)
            case 0x4E: return .number(try text.withUnsafeBytes { try DynamoNumber($0) })
            default: break
            }
        }
        var reader = JSONReader(UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...]))
        return try AttributeValue(try reader.readValue())
    }
}
