import JSON
import System

/// Where one attribute of an item lies.
package struct AttributeSlice: Equatable, Sendable {
    /// Of its name, as it is spelt, without the quotes; and of its value, `{"S":"..."}`.
    package var name: Range<Int>
    package var value: Range<Int>
}

extension ItemSlice {
    /// Where the item's attributes lie, in its own order.
    /// - Parameter bytes: what it was cut out of, with the ``PageCutter/padding`` behind it.
    /// - Throws: when the bytes are no item.
    package func attributes(
        in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> [AttributeSlice] {
        var walk = ByteWalk(bytes)
        walk.position = walk.base + Int(offset)
        var attributes: [AttributeSlice] = []
        try walk.walkObject { (walk, name) throws(JSONError) in
            _ = walk.peek()
            let start = walk.offset
            try walk.walkValue()
            attributes.append(AttributeSlice(name: name.range, value: start..<walk.offset))
        }
        return attributes
    }
}
