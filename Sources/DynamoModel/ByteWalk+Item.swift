import JSON

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
        if !take(0x7D) {
            repeat {
                let name = try walkString()
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
        guard slice.partitionKey != 0, keys.sort == nil || slice.sortKey != 0 else {
            throw failure("an item lacks its key")
        }
        slice.length = UInt32(offset) - slice.offset
        slice.size = UInt32(size)
        return slice
    }

    /// Walks over one attribute value, `{"S":"..."}`, and adds its size. Returns the type's letter
    /// for the types of one letter, 0 for the others.
    private mutating func walkAttribute(size: inout Int, depth: Int) throws(JSONError) -> UInt8 {
        guard depth < Self.valueDepthMax else { throw failure("nested too deeply") }
        let (length, letter, second, type) = try walkType()
        switch (length, letter) {
        case (1, 0x53):  // S
            size += try walkString().unescapedCount
        case (1, 0x4E):  // N
            size += try walkDynamoNumber()
        case (1, 0x42):  // B
            size += try walkBinary()
        case (1, 0x4D):  // M
            size += 3
            try walkMap(size: &size, depth: depth)
        case (1, 0x4C):  // L
            size += 3
            try walkList(size: &size, depth: depth)
        case (2, _) where second == 0x53:  // SS, NS, BS
            try walkSet(letter, size: &size)
        case (4, 0x42) where equals(type, "BOOL"), (4, 0x4E) where equals(type, "NULL"):
            size += 1
            try expectWord(peek() == 0x74 ? "true" : "false")
        default:
            throw failure("unknown attribute type")
        }
        try expect(0x7D)
        return length == 1 ? letter : 0
    }

    /// Walks over `{"S":`: the type's length, its first two letters, and where it stands.
    @inline(__always)
    private mutating func walkType() throws(JSONError) -> (Int, UInt8, UInt8, Text) {
        // Nearly all types come as `{"X":` and can be told by one look at eight bytes, of which
        // the padding makes sure. Backslash and quote stand here in the letter's place for none.
        let word = UnsafeRawPointer(position).loadUnaligned(as: UInt64.self).littleEndian
        let letter = UInt8(truncatingIfNeeded: word >> 16)
        if word & 0xFF_FF00_FFFF == 0x3A_2200_227B, letter >= 0x41, letter <= 0x5A {
            defer { position += 5 }
            return (1, letter, 0, Text(start: offset + 2, count: 1, unescapedCount: 1))
        }
        try expect(0x7B)
        let type = try walkString()
        try expect(0x3A)
        guard type.hasEscapes else {
            // Readable even where the string is shorter: its closing quote and what follows.
            return (type.count, base[type.start], base[type.start + 1], type)
        }
        // Nobody is known to escape a type's letters, but they may.
        let letters = JSONText.unescaped(bytes(type.range)) + [0, 0]
        return (letters.count - 2, letters[0], letters[1], type)
    }

    private mutating func walkMap(size: inout Int, depth: Int) throws(JSONError) {
        try expect(0x7B)
        if take(0x7D) { return }
        repeat {
            size += 1 + (try walkString().unescapedCount)
            try expect(0x3A)
            _ = try walkAttribute(size: &size, depth: depth + 1)
        } while take(0x2C)
        try expect(0x7D)
    }

    private mutating func walkList(size: inout Int, depth: Int) throws(JSONError) {
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

    private mutating func walkDynamoNumber() throws(JSONError) -> Int {
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
