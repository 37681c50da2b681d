import System

/// The one spelling of text in a JSON string that the store uses: escapes only where JSON demands
/// them, the short ones where there are any, `\u00xx` in lower case for other control characters.
enum CanonicalText {
    /// Whether an escape other than the short ones that the store uses is one of the store's.
    static func isCanonical(escape: UnsafeRawBufferPointer, of scalar: UInt32) -> Bool {
        guard scalar < 0x20, escape[1] == 0x75, shortEscape(UInt8(scalar)) == nil else {
            return false
        }
        return escape[5] == hexDigit(UInt8(scalar) & 15)
    }

    private static func shortEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x22, 0x5C: byte
        case 0x08: 0x62
        case 0x0C: 0x66
        case 0x0A: 0x6E
        case 0x0D: 0x72
        case 0x09: 0x74
        default: nil
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x61 + value - 10
    }

    /// Appends what stands between the quotes.
    static func write(_ text: [UInt8], to output: inout ByteStorage) {
        for byte in text {
            if let short = shortEscape(byte) {
                output.append(0x5C)
                output.append(short)
            } else if byte < 0x20 {
                output.append("\\u00")
                output.append(hexDigit(byte >> 4))
                output.append(hexDigit(byte & 15))
            } else {
                output.append(byte)
            }
        }
    }
}
