import JSON
import System

/// Decodes those attributes of an item that an expression names, and walks over all others.
package struct NamedAttributes: Sendable {
    private let names: [[UInt8]]

    /// - Parameter names: of attributes of an item, in UTF-8.
    package init(_ names: some Sequence<[UInt8]>) {
        self.names = Set(names).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// - Parameter bytes: what the item was cut out of, which has been validated then, with the
    ///   ``PageCutter/padding`` behind it.
    /// - Throws: when the bytes are no item of DynamoDB's.
    package func decode(
        _ slice: ItemSlice, in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> Item {
        var walk = ByteWalk(bytes)
        walk.position = walk.base + Int(slice.offset)
        var item: Item = [:]
        try walk.expect(0x7B)
        if walk.take(0x7D) { return item }
        repeat {
            let name = try walk.walkString()
            try walk.expect(0x3A)
            guard let wanted = names.first(where: { walk.equals(name, $0) }) else {
                try walk.walkValue()
                continue
            }
            item[wanted] = try Self.value(&walk, in: bytes)
            // Each name stands once: a cutter has seen to that.
            if item.count == names.count { break }
        } while walk.take(0x2C)
        return item
    }

    static func value(
        _ walk: inout ByteWalk, in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> AttributeValue {
        _ = walk.peek()
        let start = walk.offset
        var plain: AttributeValue?
        try walk.walkObject { (walk, type) throws(JSONError) in
            plain = try plainValue(type, &walk)
        }
        if let plain { return plain }
        return try value(
            UnsafeRawBufferPointer(rebasing: bytes[start..<walk.offset]), at: start)
    }

    /// Walks over a value; it is decoded at once where it is a text without escapes or a number, as
    /// nearly all are that conditions are about.
    private static func plainValue(
        _ type: ByteWalk.Text, _ walk: inout ByteWalk
    ) throws(JSONError) -> AttributeValue? {
        let isText = walk.equals(type, "S")
        guard isText || walk.equals(type, "N") else {
            try walk.walkValue()
            return nil
        }
        let text = try walk.walkString()
        let bytes = walk.bytes(text.range)
        guard !text.hasEscapes else { return nil }
        if isText { return .string(Array(bytes)) }
        do {
            return .number(try DynamoNumber(bytes))
        } catch {
            throw walk.failure("not a number")
        }
    }

    private static func value(
        _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(JSONError) -> AttributeValue {
        do {
            return try AttributeValue(try JSON(parsing: Array(bytes)))
        } catch let error as JSONError {
            throw error
        } catch {
            throw JSONError(offset: offset, reason: "\(error)")
        }
    }
}
