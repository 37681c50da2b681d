import JSON

/// The types of attribute values on the wire.
enum WireType: Sendable {
    case string, number, binary, bool, null, map, list, stringSet, numberSet, binarySet
}

extension ByteWalk {
    /// Walks over the beginning of an attribute value, `{"S":`, up to what has that type.
    ///
    /// As in ``walkItem(_:)``, the usual spellings are recognised by one look at eight bytes.
    @inline(__always)
    mutating func enterValue() throws(JSONError) -> WireType {
        let word = UnsafeRawPointer(position).loadUnaligned(as: UInt64.self).littleEndian
        let letter = UInt8(truncatingIfNeeded: word >> 16)
        if word & 0xFF_FF00_FFFF == 0x3A_2200_227B, let type = Self.type(letter) {
            position += 5
            return type
        }
        if word & 0xFFFF_FF00_FFFF == 0x3A22_5300_227B, let type = Self.setType(letter) {
            position += 6
            return type
        }
        if word == 0x3A22_4C4F_4F42_227B {
            position += 8
            return .bool
        }
        if word == 0x3A22_4C4C_554E_227B {
            position += 8
            return .null
        }
        return try enterOtherwise()
    }

    @inline(__always)
    private static func type(_ letter: UInt8) -> WireType? {
        switch letter {
        case 0x53: .string
        case 0x4E: .number
        case 0x42: .binary
        case 0x4D: .map
        case 0x4C: .list
        default: nil
        }
    }

    @inline(__always)
    private static func setType(_ letter: UInt8) -> WireType? {
        switch letter {
        case 0x53: .stringSet
        case 0x4E: .numberSet
        case 0x42: .binarySet
        default: nil
        }
    }

    @inline(never)
    private mutating func enterOtherwise() throws(JSONError) -> WireType {
        try expect(0x7B)
        let text = try walkString()
        try expect(0x3A)
        let letters = JSONText.unescaped(bytes(text.range))
        switch letters.count {
        case 1: if let type = Self.type(letters[0]) { return type }
        case 2 where letters[1] == 0x53: if let type = Self.setType(letters[0]) { return type }
        default:
            if equals(text, "BOOL") { return .bool }
            if equals(text, "NULL") { return .null }
        }
        throw failure("unknown attribute type")
    }

    /// Walks over `true` or `false`.
    @inline(__always)
    mutating func walkTruth() throws(JSONError) -> Bool {
        let word = UnsafeRawPointer(position).loadUnaligned(as: UInt32.self).littleEndian
        if word == 0x6575_7274 {  // true
            position += 4
            return true
        }
        return try walkTruthOtherwise()
    }

    @inline(never)
    private mutating func walkTruthOtherwise() throws(JSONError) -> Bool {
        let isTrue = peek() == 0x74
        try expectWord(isTrue ? "true" : "false")
        return isTrue
    }
}
