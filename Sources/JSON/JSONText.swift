/// What JSON does to the text of a string: escapes and UTF-8.
package enum JSONText {
    /// The length in bytes of the escape that `bytes` begin with, a surrogate pair being one
    /// escape of 12; 0 when it is not a valid one (a lone surrogate is not).
    package static func escapeLength(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count >= 2, bytes[0] == 0x5C else { return 0 }
        switch bytes[1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return 2
        case 0x75:
            guard let unit = codeUnit(bytes, at: 0) else { return 0 }
            if unit & 0xF800 != 0xD800 { return 6 }
            guard unit < 0xDC00, let low = codeUnit(bytes, at: 6), low & 0xFC00 == 0xDC00 else {
                return 0
            }
            return 12
        default: return 0
        }
    }

    /// The UTF-16 code unit of the `\uXXXX` at `offset`; nil when there is none.
    private static func codeUnit(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32? {
        guard offset + 6 <= bytes.count, bytes[offset] == 0x5C, bytes[offset + 1] == 0x75 else {
            return nil
        }
        var unit: UInt32 = 0
        for index in (offset + 2)..<(offset + 6) {
            guard let digit = hexDigit(bytes[index]) else { return nil }
            unit = unit << 4 | digit
        }
        return unit
    }

    private static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x41 + 10)
        case 0x61...0x66: UInt32(byte - 0x61 + 10)
        default: nil
        }
    }

    /// The code point of the valid escape that `bytes` begin with, which is `length` bytes long.
    package static func escapedScalar(_ bytes: UnsafeRawBufferPointer, length: Int) -> UInt32 {
        if length == 2 {
            switch bytes[1] {
            case 0x62: return 0x08
            case 0x66: return 0x0C
            case 0x6E: return 0x0A
            case 0x72: return 0x0D
            case 0x74: return 0x09
            default: return UInt32(bytes[1])
            }
        }
        let unit = codeUnit(bytes, at: 0) ?? 0xFFFD
        guard length == 12, let low = codeUnit(bytes, at: 6) else { return unit }
        return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
    }

    /// The length of `scalar` in UTF-8.
    package static func utf8Length(_ scalar: UInt32) -> Int {
        scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
    }

    /// The bytes between the quotes of a string that a reader has already checked, unescaped.
    package static func unescaped(_ content: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(content.count)
        var offset = 0
        while offset < content.count {
            guard content[offset] == 0x5C else {
                text.append(content[offset])
                offset += 1
                continue
            }
            let rest = UnsafeRawBufferPointer(rebasing: content[offset...])
            let length = escapeLength(rest)
            precondition(length > 0, "unescaped() takes a string that has been checked")
            let scalar = Unicode.Scalar(escapedScalar(rest, length: length)) ?? "\u{FFFD}"
            text.append(contentsOf: UTF8.encode(scalar)!)
            offset += length
        }
        return text
    }

    /// Whether `bytes` are UTF-8 as RFC 3629 has it: shortest, no surrogates, at most U+10FFFF.
    package static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset < bytes.count {
            if bytes[offset] < 0x80 {
                offset += 1
                continue
            }
            let length = multibyteLength(bytes, at: offset)
            guard length > 0 else { return false }
            offset += length
        }
        return true
    }

    /// The length of the multi-byte sequence at `offset`; 0 when it is not a valid one.
    package static func multibyteLength(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        func continuation(_ distance: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            offset + distance < bytes.count && range.contains(bytes[offset + distance])
        }
        switch bytes[offset] {
        case 0xC2...0xDF: return continuation(1) ? 2 : 0
        case 0xE0: return continuation(1, 0xA0...0xBF) && continuation(2) ? 3 : 0
        case 0xED: return continuation(1, 0x80...0x9F) && continuation(2) ? 3 : 0
        case 0xE1...0xEF: return continuation(1) && continuation(2) ? 3 : 0
        case 0xF0:
            return continuation(1, 0x90...0xBF) && continuation(2) && continuation(3) ? 4 : 0
        case 0xF1...0xF3: return continuation(1) && continuation(2) && continuation(3) ? 4 : 0
        case 0xF4:
            return continuation(1, 0x80...0x8F) && continuation(2) && continuation(3) ? 4 : 0
        default: return 0
        }
    }
}
