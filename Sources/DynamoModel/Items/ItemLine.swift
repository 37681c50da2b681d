import JSON
import System

/// A line that a program has made of an item: an item, several in a list, or `null`, for none.
package struct ItemLine: Sendable {
    private let keys: KeyNames

    /// - Parameter schema: of what the items become.
    package init(schema: KeySchema) { keys = KeyNames(schema) }

    /// Where the items lie.
    /// - Parameter range: of the line in the buffer, without its end.
    package func items(
        at range: Range<Int>, in buffer: ByteBuffer
    ) throws(RewriteFailure) -> [ItemSlice] {
        var slices: [ItemSlice] = []
        do throws(JSONError) {
            slices = try ByteWalk.overItems(buffer.bytes) { walk throws(JSONError) in
                walk.position = walk.base + range.lowerBound
                let slices = try items(&walk)
                guard walk.offset <= range.upperBound,
                    walk.bytes(walk.offset..<range.upperBound).allSatisfy({ $0 <= 0x20 })
                else { throw walk.failure("the item does not end with its line") }
                return slices
            }
        } catch {
            throw Self.isJSON(range, in: buffer)
                ? .refused(ItemRefusal("what the program made of it is no item: \(error.reason)"))
                : .malformed(error)
        }
        do throws(JSONError) {
            for slice in slices { try LineCutter.checkKey(of: slice, in: buffer.bytes) }
        } catch {
            throw .refused(ItemRefusal(error.reason))
        }
        for slice in slices where slice.size > ServiceLimits.itemBytesMax {
            throw .refused(
                ItemRefusal(
                    "the item would have \(Int(slice.size).counted("byte")), which is too large"))
        }
        return slices
    }

    private func items(_ walk: inout ByteWalk) throws(JSONError) -> [ItemSlice] {
        switch walk.peek() {
        case 0x7B: return [try walk.walkItem(keys)]
        case 0x5B:
            walk.position += 1
            var slices: [ItemSlice] = []
            if walk.take(0x5D) { return slices }
            repeat {
                _ = walk.peek()
                slices.append(try walk.walkItem(keys))
            } while walk.take(0x2C)
            try walk.expect(0x5D)
            return slices
        default:
            try walk.expectWord("null")
            return []
        }
    }

    private static func isJSON(_ range: Range<Int>, in buffer: ByteBuffer) -> Bool {
        (try? JSON(parsing: Array(buffer.bytes[range]))) != nil
    }
}
