import DynamoModel

/// Spells keys so that comparing their bytes gives the service's order.
///
/// A key is the length of its partition key (two bytes, big end first), the partition key, the sort
/// key. Strings are UTF-8, binaries their bytes, numbers as ``write(_:to:)`` has them. Items of one
/// partition key have one hash and one prefix, so they stand together, by sort key.
enum StoreKey {
    /// Appends the value of a key attribute.
    static func write(
        _ text: WireString, type: AttributeType, to output: inout ByteBuffer
    ) {
        switch type {
        case .number:
            // The encoder has checked it; a number that is none sorts as zero.
            guard let number = try? DynamoNumber(text.text) else { return output.append(1) }
            write(number, to: &output)
        case .binary: output.append(array: Base64.decode(text.bytes) ?? [])
        default:
            if text.isEscaped {
                output.append(array: text.bytes)
            } else {
                output.append(text.start, count: text.count)
            }
        }
    }

    /// Appends a number: its sign, its power of ten, its digits, an end. All bytes of a negative
    /// one are turned around, so that the larger magnitude comes first.
    static func write(_ number: DynamoNumber, to output: inout ByteBuffer) {
        guard !number.digits.isEmpty else { return output.append(1) }
        output.append(number.isNegative ? 0 : 2)
        let flip: UInt8 = number.isNegative ? 0xFF : 0
        let exponent = UInt16(number.exponent - ServiceLimits.numberExponents.lowerBound)
        output.append(UInt8(exponent >> 8) ^ flip)
        output.append(UInt8(exponent & 0xFF) ^ flip)
        for digit in number.digits { output.append((digit + 1) ^ flip) }
        output.append(0 ^ flip)
    }

    /// The hash that decides where a key stands, of its partition key alone.
    static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        precondition(key.count >= 2, "a key begins with the length of its partition key")
        let count = Int(key[0]) << 8 | Int(key[1])
        let start = key.baseAddress!.assumingMemoryBound(to: UInt8.self)
        return KeyHash.of(start + 2, count: count)
    }
}
