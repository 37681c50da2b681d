import JSON
import System

/// Where one item lies in the bytes of a reply, and what the copy needs to know of it.
package struct ItemSlice: Equatable, Sendable {
    /// Offset and length in bytes of the item's JSON object.
    package var offset: UInt32
    package var length: UInt32
    /// Size in bytes as the service counts it (see ``ItemSize``).
    package var size: UInt32
    /// Offset of the value of the partition key, `{"S":"..."}`, and of the sort key; 0 for none.
    package var partitionKey: UInt32
    package var sortKey: UInt32

    package init(
        offset: UInt32, length: UInt32, size: UInt32, partitionKey: UInt32 = 0, sortKey: UInt32 = 0
    ) {
        self.offset = offset
        self.length = length
        self.size = size
        self.partitionKey = partitionKey
        self.sortKey = sortKey
    }

    package var range: Range<Int> { Int(offset)..<Int(offset) + Int(length) }
}

/// A key schema prepared for comparing names as bytes.
struct KeyNames: Sendable {
    let partition: [UInt8]
    let partitionType: UInt8
    let sort: [UInt8]?
    let sortType: UInt8

    init(_ schema: KeySchema) {
        partition = Array(schema.partition.name.utf8)
        partitionType = schema.partition.type.letter
        sort = schema.sort.map { Array($0.name.utf8) }
        sortType = schema.sort?.type.letter ?? 0
    }
}

extension ByteWalk {
    /// Deepest nesting of attribute values that is walked; the service allows 32.
    private static let valueDepthMax = 64

    /// Walks over one item in DynamoDB JSON: where it lies, where its key does, and its size.
    mutating func walkItem(_ keys: KeyNames) throws(JSONError) -> ItemSlice {
        try expect(0x7B)
        var slice = ItemSlice(offset: UInt32(offset - 1), length: 0, size: 0)
        var size = 0
        var names = namesOfMap(level: 0)
        if !take(0x7D) {
            repeat {
                let name = try walkString()
                names.add(word(of: name))
                try expect(0x3A)
                skipSpace()
                let value = UInt32(offset)
                size += name.unescapedCount
                let type = try walkAttribute(size: &size, depth: 0)
                if equals(name, keys.partition) {
                    guard slice.partitionKey == 0, type == keys.partitionType else {
                        throw failure("the partition key stands twice or has another type")
                    }
                    slice.partitionKey = value
                } else if let sort = keys.sort, equals(name, sort) {
                    guard slice.sortKey == 0, type == keys.sortType else {
                        throw failure("the sort key stands twice or has another type")
                    }
                    slice.sortKey = value
                }
            } while take(0x2C)
            try expect(0x7D)
        }
        if names.isUnsure { try checkNames(from: base + Int(slice.offset)) }
        guard slice.partitionKey != 0, keys.sort == nil || slice.sortKey != 0 else {
            throw failure("an item lacks its key")
        }
        slice.length = UInt32(offset) - slice.offset
        slice.size = UInt32(size)
        return slice
    }

    /// Walks over one attribute value.
    /// - Returns: its size in bytes as the service counts it (see ``ItemSize``).
    mutating func walkAttribute() throws(JSONError) -> Int {
        skipSpace()
        var size = 0
        _ = try walkAttribute(size: &size, depth: 0)
        return size
    }

    /// Walks over one attribute value, `{"S":"..."}`, and adds its size. Returns the type's letter
    /// for the types of one letter, 0 for the others.
    ///
    /// Nearly all types come as `{"X":`, `{"XS":`, `{"BOOL":` or `{"NULL":`, and are recognised
    /// by one look at eight bytes, of which the padding makes sure. Other spellings (with spaces,
    /// or letters escaped) go the long way.
    @inline(__always)
    private mutating func walkAttribute(size: inout Int, depth: Int) throws(JSONError) -> UInt8 {
        let word = UnsafeRawPointer(position).loadUnaligned(as: UInt64.self).littleEndian
        let letter = UInt8(truncatingIfNeeded: word >> 16)
        let isSimple: Bool
        if word & 0xFF_FF00_FFFF == 0x3A_2200_227B, isScalarType(letter) {
            position += 5
            try walkScalar(letter, size: &size, depth: depth)
            isSimple = true
        } else if word & 0xFFFF_FF00_FFFF == 0x3A22_5300_227B {
            position += 6
            try walkSet(letter, size: &size)
            isSimple = false
        } else if word == 0x3A22_4C4F_4F42_227B || word == 0x3A22_4C4C_554E_227B {
            position += 8
            try walkConstant(size: &size)
            isSimple = false
        } else {
            return try walkSpeltOtherwise(size: &size, depth: depth)
        }
        try expect(0x7D)
        return isSimple ? letter : 0
    }

    @inline(__always)
    private func isScalarType(_ letter: UInt8) -> Bool {
        letter == 0x53 || letter == 0x4E || letter == 0x42 || letter == 0x4D || letter == 0x4C
    }

    /// S, N, B, M or L: the value, up to the object's end.
    @inline(__always)
    private mutating func walkScalar(
        _ letter: UInt8, size: inout Int, depth: Int
    ) throws(JSONError) {
        switch letter {
        case 0x53: size += try walkString().unescapedCount
        case 0x4E: size += try walkDynamoNumber()
        case 0x42: size += try walkBinary()
        case 0x4D:
            size += 3
            try walkMap(size: &size, depth: depth)
        default:
            size += 3
            try walkList(size: &size, depth: depth)
        }
    }

    /// `true` or `false`: the value of BOOL and NULL.
    @inline(__always)
    private mutating func walkConstant(size: inout Int) throws(JSONError) {
        size += 1
        skipSpace()
        let word = UnsafeRawPointer(position).loadUnaligned(as: UInt32.self).littleEndian
        if word == 0x6575_7274 {  // true
            position += 4
        } else if word == 0x736C_6166, position[4] == 0x65 {  // false
            position += 5
        } else {
            throw failure("neither true nor false")
        }
    }

    @inline(never)
    private mutating func walkSpeltOtherwise(
        size: inout Int, depth: Int
    ) throws(JSONError) -> UInt8 {
        try expect(0x7B)
        let type = try walkString()
        try expect(0x3A)
        let letters = JSONText.unescaped(bytes(type.range))
        switch letters.count {
        case 1 where isScalarType(letters[0]):
            try walkScalar(letters[0], size: &size, depth: depth)
        case 2 where letters[1] == 0x53: try walkSet(letters[0], size: &size)
        case 4 where letters == Array("BOOL".utf8) || letters == Array("NULL".utf8):
            try walkConstant(size: &size)
        default: throw failure("unknown attribute type")
        }
        try expect(0x7D)
        return letters.count == 1 ? letters[0] : 0
    }

    private mutating func walkMap(size: inout Int, depth: Int) throws(JSONError) {
        guard depth < Self.valueDepthMax else { throw failure("nested too deeply") }
        try expect(0x7B)
        let start = position - 1
        if take(0x7D) { return }
        var names = namesOfMap(level: depth + 1)
        repeat {
            let name = try walkString()
            names.add(word(of: name))
            size += 1 + name.unescapedCount
            try expect(0x3A)
            _ = try walkAttribute(size: &size, depth: depth + 1)
        } while take(0x2C)
        try expect(0x7D)
        if names.isUnsure { try checkNames(from: start) }
    }

    private mutating func walkList(size: inout Int, depth: Int) throws(JSONError) {
        guard depth < Self.valueDepthMax else { throw failure("nested too deeply") }
        try expect(0x5B)
        if take(0x5D) { return }
        repeat {
            size += 1
            _ = try walkAttribute(size: &size, depth: depth + 1)
        } while take(0x2C)
        try expect(0x5D)
    }

    private mutating func walkSet(_ letter: UInt8, size: inout Int) throws(JSONError) {
        try expect(0x5B)
        repeat {
            switch letter {
            case 0x53: size += try walkString().unescapedCount
            case 0x4E: size += try walkDynamoNumber()
            case 0x42: size += try walkBinary()
            default: throw failure("unknown attribute type")
            }
        } while take(0x2C)
        try expect(0x5D)
    }

    /// Walks over a number in its string; its stored size.
    @inline(__always)
    private mutating func walkDynamoNumber() throws(JSONError) -> Int {
        guard let size = walkPlainNumber() else { return try walkAnyNumber() }
        return size
    }

    /// A number without an exponent, as the service spells nearly all; nil, and nothing is walked
    /// over, for others. The same as ``NumberShape``, in the one pass that finds the string's end.
    @inline(__always)
    private mutating func walkPlainNumber() -> Int? {
        guard peek() == 0x22 else { return nil }
        var next = position + 1
        let isNegative = next.pointee == 0x2D
        if isNegative { next += 1 }
        var (digits, first, last, point) = (0, -1, 0, -1)
        while true {
            let digit = next.pointee &- 0x30
            if digit <= 9 {
                if digit != 0 {
                    if first < 0 { first = digits }
                    last = digits
                }
                digits += 1
            } else if next.pointee == 0x2E, point < 0 {
                point = digits
            } else {
                break
            }
            next += 1
        }
        guard next.pointee == 0x22, digits > 0 else { return nil }
        position = next + 1
        guard first >= 0 else { return 1 }
        let units = (point < 0 ? digits : point) - 1
        return NumberShape.storedSize(
            first: units - first, last: units - last, isNegative: isNegative, isNonzero: true)
    }

    @inline(never)
    private mutating func walkAnyNumber() throws(JSONError) -> Int {
        let text = try walkString()
        guard !text.hasEscapes else { throw failure("escape in a number") }
        do {
            return try NumberShape(bytes(text.range)).storedSize
        } catch {
            throw failure("not a number")
        }
    }

    private mutating func walkBinary() throws(JSONError) -> Int {
        let text = try walkString()
        let count =
            if text.hasEscapes {  // a slash may come as `\/`
                JSONText.unescaped(bytes(text.range)).withUnsafeBytes(Base64.decodedCount)
            } else {
                Base64.decodedCount(bytes(text.range))
            }
        guard let count else { throw failure("binary value is not base64") }
        return count
    }
}
