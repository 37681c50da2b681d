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
        try walk.walkObject { (walk, name) throws(JSONError) in
            guard let wanted = names.first(where: { walk.equals(name, $0) }) else {
                return try walk.walkValue()
            }
            _ = walk.peek()
            let start = walk.offset
            try walk.walkValue()
            item[wanted] = try Self.value(
                UnsafeRawBufferPointer(rebasing: bytes[start..<walk.offset]), at: start)
        }
        return item
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
