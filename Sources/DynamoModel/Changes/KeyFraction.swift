import JSON
import System

/// A part of all items, by their partition keys: the same keys in every table, since what counts is
/// the text of the value, whatever its type.
package struct KeyFraction: Equatable, Sendable {
    /// Above 0, and at most 1.
    package let share: Double
    /// Hashes below this are in it.
    private let bound: UInt64

    package init(_ share: Double) {
        precondition(share > 0 && share <= 1, "no share")
        self.share = share
        bound = share == 1 ? .max : UInt64(exactly: (share * 0x1p64).rounded(.down)) ?? .max
    }

    /// Whether an item is in it.
    /// - Parameter bytes: that a cutter has cut it out of.
    package func wants(
        _ slice: ItemSlice, in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> Bool {
        if share == 1 { return true }
        let value: AttributeValue
        do {
            value = try AttributeValue(keyAt: slice.partitionKey, in: bytes)
        } catch {
            throw JSONError(offset: Int(slice.partitionKey), reason: "\(error)")
        }
        return Self.hash(value) < bound
    }

    private static func hash(_ value: AttributeValue) -> UInt64 {
        let text: [UInt8]
        switch value {
        case .string(let bytes), .binary(let bytes): text = bytes
        case .number(let number): text = Array(number.text.utf8)
        default: text = []
        }
        return SHA256().hash(text)[..<8].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
