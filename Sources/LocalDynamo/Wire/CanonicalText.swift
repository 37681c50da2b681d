import JSON

/// The one spelling of text in a JSON string that the store uses: escapes only where JSON demands
/// them, the short ones where there are any, `\u00xx` in lower case for other control characters.
enum CanonicalText {
    /// Whether a checked string is spelled so already.
    static func isCanonical(_ raw: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset < raw.count {
            guard raw[offset] == 0x5C else {
                offset += 1
                continue
            }
            switch raw[offset + 1] {
            case 0x22, 0x5C, 0x62, 0x66, 0x6E, 0x72, 0x74: offset += 2
            case 0x75 where isControl(UnsafeRawBufferPointer(rebasing: raw[offset...])): offset += 6
            default: return false
            }
        }
        return true
    }

    /// Whether an escape is `\u00xx`, xx being a control character that has no short escape.
    private static func isControl(_ escape: UnsafeRawBufferPointer) -> Bool {
        let scalar = JSONText.escapedScalar(escape, length: 6)
        guard scalar < 0x20, shortEscape(UInt8(scalar)) == nil else { return false }
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
    static func write(_ text: [UInt8], to output: inout ByteBuffer) {
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
