/// What JSON does to the text of a string: escapes and UTF-8.
package enum JSONText {
    /// The escape that `bytes` begin with: its length, and the code point that it stands for. A
    /// surrogate pair is one escape of 12 bytes. nil when it is not a valid one (a lone surrogate
    /// is not).
    package static func escape(
        _ bytes: UnsafeRawBufferPointer
    ) -> (length: Int, scalar: UInt32)? {
        guard bytes.count >= 2, bytes[0] == 0x5C else { return nil }
        switch bytes[1] {
        case 0x22, 0x5C, 0x2F: return (2, UInt32(bytes[1]))
        case 0x62: return (2, 0x08)
        case 0x66: return (2, 0x0C)
        case 0x6E: return (2, 0x0A)
        case 0x72: return (2, 0x0D)
        case 0x74: return (2, 0x09)
        case 0x75:
            guard let unit = codeUnit(bytes, at: 0) else { return nil }
            if unit & 0xF800 != 0xD800 { return (6, unit) }
            guard unit < 0xDC00, let low = codeUnit(bytes, at: 6), low & 0xFC00 == 0xDC00 else {
                return nil
            }
            return (12, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
        default: return nil
        }
    }

    /// The UTF-16 code unit of the `\uXXXX` at `offset`; nil when there is none.
    private static func codeUnit(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32? {
        guard offset + 6 <= bytes.count, bytes[offset] == 0x5C, bytes[offset + 1] == 0x75 else {
            return nil
        }
        let digits = bytes.loadUnaligned(fromByteOffset: offset + 2, as: UInt32.self)
            .littleEndian
        let (first, second) = (hexDigit(digits), hexDigit(digits >> 8))
        let (third, fourth) = (hexDigit(digits >> 16), hexDigit(digits >> 24))
        guard (first | second | third | fourth) <= 15 else { return nil }
        return first << 12 | second << 8 | third << 4 | fourth
    }

    /// The value of the hexadecimal digit in the lowest byte; more than 15 when it is none.
    private static func hexDigit(_ word: UInt32) -> UInt32 {
        let byte = word & 0xFF
        let digit = byte &- 0x30
        if digit <= 9 { return digit }
        let letter = (byte | 0x20) &- 0x61
        return letter <= 5 ? letter + 10 : 16
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
            let rest = UnsafeRawBufferPointer(rebasing: content[offset...])
            let plain = rest.firstIndex(of: 0x5C) ?? rest.count
            text.append(contentsOf: rest[..<plain])
            offset += plain
            guard plain < rest.count else { break }
            guard let escape = escape(UnsafeRawBufferPointer(rebasing: rest[plain...])) else {
                preconditionFailure("unescaped() takes a string that has been checked")
            }
            append(escape.scalar, to: &text)
            offset += escape.length
        }
        return text
    }

    /// Whether two strings of checked documents say the same, however they are spelt. Both begin
    /// behind the opening quote and end at the closing one; nothing is copied.
    package static func sayTheSame(
        _ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer
    ) -> Bool {
        var (place, otherPlace) = (0, 0)
        while true {
            let (byte, otherByte) = (one[place], other[otherPlace])
            if byte == otherByte, byte != 0x5C {
                if byte == 0x22 { return true }
                place += 1
                otherPlace += 1
                continue
            }
            guard byte == 0x5C || otherByte == 0x5C else { return false }
            let next = character(one, at: place)
            let otherNext = character(other, at: otherPlace)
            guard next.scalar == otherNext.scalar else { return false }
            place += next.length
            otherPlace += otherNext.length
        }
    }

    /// The character at `offset` of a string that has been checked, be it escaped or not: its
    /// length, and the code point. The closing quote is none that a string can have.
    private static func character(
        _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) -> (length: Int, scalar: UInt32) {
        let first = bytes[offset]
        if first == 0x22 { return (1, .max) }
        if first < 0x80, first != 0x5C { return (1, UInt32(first)) }
        if first == 0x5C {
            guard let escape = escape(UnsafeRawBufferPointer(rebasing: bytes[offset...])) else {
                preconditionFailure("a string that has been checked has a bad escape")
            }
            return escape
        }
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        var scalar = UInt32(first) & (0x7F >> UInt32(length))
        for place in 1..<length { scalar = scalar << 6 | UInt32(bytes[offset + place]) & 0x3F }
        return (length, scalar)
    }

    /// Appends `scalar`, which is none of the surrogates, in UTF-8.
    private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
        guard scalar >= 0x80 else { return text.append(UInt8(scalar)) }
        let length = utf8Length(scalar)
        let mark: UInt32 = length == 2 ? 0xC0 : length == 3 ? 0xE0 : 0xF0
        text.append(UInt8(mark | scalar >> UInt32(6 * (length - 1))))
        for place in stride(from: length - 2, through: 0, by: -1) {
            text.append(UInt8(0x80 | scalar >> UInt32(6 * place) & 0x3F))
        }
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
