import DynamoModel
import System

/// Spells keys so that comparing their bytes gives the service's order.
///
/// A key is the length of its partition key (two bytes, big end first), the partition key, the sort
/// key. Strings are UTF-8, binaries their bytes, numbers as `writeNumber` has them. Items of one
/// partition key have one hash and one prefix, so they stand together, by sort key.
enum StoreKey {
    /// Appends the value of a key attribute, which the encoder has checked.
    static func write(
        _ text: WireString, type: AttributeType, to output: inout ByteStorage
    ) {
        switch type {
        case .number where text.isEscaped:
            text.bytes.withUnsafeBytes { writeNumber($0, to: &output) }
        case .number: writeNumber(text.raw, to: &output)
        case .binary: output.append(array: Base64.decode(text.bytes) ?? [])
        default:
            if text.isEscaped {
                output.append(array: text.bytes)
            } else {
                output.append(text.start, count: text.count)
            }
        }
    }

    /// Appends a number: sign and power of ten in two bytes, its digits by twos, an end. All bytes
    /// of a negative one are turned around, so that the larger magnitude comes first.
    static func writeNumber(_ text: UnsafeRawBufferPointer, to output: inout ByteStorage) {
        // A text that is no number has been refused before; it would sort as zero.
        guard let shape = try? NumberShape(text), shape.isNonzero else {
            output.append(0x80)
            return output.append(0)
        }
        let power = UInt16(shape.firstExponent - ServiceLimits.numberExponents.lowerBound + 1)
        let head = shape.isNegative ? 0x7FFF - power : 0x8000 + power
        output.append(UInt8(head >> 8))
        output.append(UInt8(head & 0xFF))
        let flip: UInt8 = shape.isNegative ? 0xFF : 0
        var pending: UInt8?
        for offset in shape.firstDigit...shape.lastDigit where text[offset] != 0x2E {
            let digit = text[offset] - 0x30
            if let first = pending {
                output.append((first * 10 + digit + 1) ^ flip)
                pending = nil
            } else {
                pending = digit
            }
        }
        if let last = pending { output.append((last * 10 + 1) ^ flip) }
        output.append(0 ^ flip)
    }

    /// The first eight bytes of the sort key, as a number: it orders most items of one partition
    /// key without a look at the items.
    @inline(__always)
    static func sortPrefix(_ key: UnsafeRawBufferPointer) -> UInt64 {
        let start = 2 + (Int(key[0]) << 8 | Int(key[1]))
        if key.count - start >= 8 {
            return UInt64(bigEndian: key.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        }
        var prefix: UInt64 = 0
        for offset in start..<key.count {
            prefix |= UInt64(key[offset]) << UInt64(8 * (7 - (offset - start)))
        }
        return prefix
    }

    /// The hash that decides where a key stands, of its partition key alone.
    static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        precondition(key.count >= 2, "a key begins with the length of its partition key")
        let count = Int(key[0]) << 8 | Int(key[1])
        let start = key.baseAddress!.assumingMemoryBound(to: UInt8.self)
        return KeyHash.of(start + 2, count: count)
    }
}
