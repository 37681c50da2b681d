import DynamoModel
import Glibc
import JSON
import System

/// Tells whether two spellings of a key attribute say the same, where they lie and without decoding
/// what is clear without: a batch and its unprocessed items make up to 600 pairs.
///
/// Strings compare unescaped, numbers by value, binary values decoded.
enum KeyAgreement {
    /// Bytes of `{"S":"`, which nearly all values begin with.
    private static let opening = 6

    /// Whether the value at `offset` says what the one at `otherOffset` of other bytes does. Both
    /// have been walked over by a cutter.
    static func isSame(
        _ offset: UInt32, of bytes: UnsafeRawBufferPointer,
        _ otherOffset: UInt32, of otherBytes: UnsafeRawBufferPointer
    ) throws -> Bool {
        let value = UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...])
        let other = UnsafeRawBufferPointer(rebasing: otherBytes[Int(otherOffset)...])
        if isUsual(value), isUsual(other), value[2] == other[2] {
            let text = UnsafeRawBufferPointer(rebasing: value[opening...])
            let otherText = UnsafeRawBufferPointer(rebasing: other[opening...])
            if value[2] == 0x4E { return try isSameNumber(text, otherText) }
            if JSONText.sayTheSame(text, otherText) { return true }
            if value[2] == 0x53 { return false }
        }
        return try AttributeValue(keyAt: offset, in: bytes)
            == AttributeValue(keyAt: otherOffset, in: otherBytes)
    }

    /// Begins with `{"S":"`, for any letter.
    private static func isUsual(_ value: UnsafeRawBufferPointer) -> Bool {
        value.count > opening && value[0] == 0x7B && value[1] == 0x22 && value[3] == 0x22
            && value[4] == 0x3A && value[5] == 0x22
    }

    /// Both texts go up to the quote: a number has no escapes in it.
    private static func isSameNumber(
        _ text: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer
    ) throws -> Bool {
        let (text, other) = (number(text), number(other))
        return try NumberShape(text).isSameValue(of: text, NumberShape(other), of: other)
    }

    private static func number(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let quote = memchr(text.baseAddress!, 0x22, text.count) else {
            preconditionFailure("a number that has been walked over has no end")
        }
        return UnsafeRawBufferPointer(
            rebasing: text[..<(UnsafeRawPointer(quote) - text.baseAddress!)])
    }
}
