/// Why bytes are not the JSON that was expected, and where.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Offset in bytes from the start of the document.
    package let offset: Int
    package let reason: String

    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    package var description: String { "\(reason) at byte \(offset)" }
}

/// Reads JSON (RFC 8259) from bytes in one strict pass.
///
/// It pulls: the caller says what it expects next and gets that or a ``JSONError``. Nothing is
/// read past the end of the bytes, nesting is limited to ``depthMax``, strings must be UTF-8.
/// The bytes must outlive the reader; it owns nothing.
package struct JSONReader {
    /// Deepest nesting of arrays and objects that is read: DynamoDB allows 32 levels of document,
    /// each two deep on the wire, inside a few levels of envelope.
    package static let depthMax = 128

    package let bytes: UnsafeRawBufferPointer
    package private(set) var offset = 0

    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    package func failure(_ reason: String) -> JSONError {
        JSONError(offset: offset, reason: reason)
    }

    /// The next byte that is not white space, not consumed; nil at the end.
    package mutating func peek() -> UInt8? {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            offset += 1
        }
        return nil
    }

    /// Consumes `byte` when it comes next.
    package mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    package mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard take(byte) else {
            throw failure("expected '\(Character(UnicodeScalar(byte)))'")
        }
    }

    /// Only white space may be left.
    package mutating func expectEnd() throws(JSONError) {
        guard peek() == nil else { throw failure("unexpected bytes after the document") }
    }

    /// Consumes a string and returns its text, unescaped.
    package mutating func readString() throws(JSONError) -> String {
        let (raw, escaped) = try skipString()
        let content = UnsafeRawBufferPointer(rebasing: bytes[raw])
        if escaped { return String(decoding: JSONText.unescaped(content), as: UTF8.self) }
        return String(decoding: content, as: UTF8.self)
    }

    /// Consumes a string: the range of its bytes between the quotes, and whether it has escapes.
    /// Escapes are checked, so that ``JSONText`` can undo them without errors of its own.
    package mutating func skipString() throws(JSONError) -> (range: Range<Int>, escaped: Bool) {
        try expect(0x22)
        let start = offset
        var escaped = false
        var ascii = true
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == 0x22 {
                let range = start..<offset
                if !ascii { try checkUTF8(range) }
                offset += 1
                return (range, escaped)
            }
            if byte == 0x5C {
                escaped = true
                try skipEscape()
            } else if byte < 0x20 {
                throw failure("control character in a string")
            } else {
                if byte >= 0x80 { ascii = false }
                offset += 1
            }
        }
        throw failure("unfinished string")
    }

    private func checkUTF8(_ range: Range<Int>) throws(JSONError) {
        guard JSONText.isUTF8(UnsafeRawBufferPointer(rebasing: bytes[range])) else {
            throw JSONError(offset: range.lowerBound, reason: "string is not UTF-8")
        }
    }

    private mutating func skipEscape() throws(JSONError) {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        guard let escape = JSONText.escape(rest) else { throw failure("bad escape in a string") }
        offset += escape.length
    }

    /// Consumes a number and returns its text as written.
    package mutating func readNumber() throws(JSONError) -> String {
        let range = try skipNumber()
        return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    package mutating func skipNumber() throws(JSONError) -> Range<Int> {
        _ = peek()
        let start = offset
        if byte == 0x2D { offset += 1 }
        if byte == 0x30 {
            offset += 1
        } else {
            try skipDigits()
        }
        if byte == 0x2E {
            offset += 1
            try skipDigits()
        }
        if byte == 0x65 || byte == 0x45 {
            offset += 1
            if byte == 0x2B || byte == 0x2D { offset += 1 }
            try skipDigits()
        }
        return start..<offset
    }

    private var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipDigits() throws(JSONError) {
        guard let first = byte, first >= 0x30, first <= 0x39 else { throw failure("bad number") }
        while let next = byte, next >= 0x30, next <= 0x39 { offset += 1 }
    }

    private mutating func expectWord(_ word: StaticString) throws(JSONError) {
        let count = word.utf8CodeUnitCount
        guard offset + count <= bytes.count,
            (0..<count).allSatisfy({ bytes[offset + $0] == word.utf8Start[$0] })
        else { throw failure("unknown word") }
        offset += count
    }

    /// Calls `body` with the name of each member of the object that comes next; `body` must
    /// consume the value.
    package mutating func readObject<Failure: Error>(
        _ body: (inout JSONReader, String) throws(Failure) -> Void
    ) throws {
        try expect(0x7B)
        if take(0x7D) { return }
        repeat {
            let name = try readString()
            try expect(0x3A)
            try body(&self, name)
        } while take(0x2C)
        try expect(0x7D)
    }

    /// Calls `body` before each element of the array that comes next; `body` must consume it.
    package mutating func readArray<Failure: Error>(
        _ body: (inout JSONReader) throws(Failure) -> Void
    ) throws {
        try expect(0x5B)
        if take(0x5D) { return }
        repeat { try body(&self) } while take(0x2C)
        try expect(0x5D)
    }

    /// Consumes any one value and returns the range of its bytes.
    package mutating func skipValue(depth: Int = 0) throws(JSONError) -> Range<Int> {
        guard depth < Self.depthMax else { throw failure("nested too deeply") }
        guard let first = peek() else { throw failure("unexpected end") }
        let start = offset
        switch first {
        case 0x7B:
            offset += 1
            if !take(0x7D) {
                repeat {
                    _ = try skipString()
                    try expect(0x3A)
                    _ = try skipValue(depth: depth + 1)
                } while take(0x2C)
                try expect(0x7D)
            }
        case 0x5B:
            offset += 1
            if !take(0x5D) {
                repeat { _ = try skipValue(depth: depth + 1) } while take(0x2C)
                try expect(0x5D)
            }
        case 0x22: _ = try skipString()
        case 0x74: try expectWord("true")
        case 0x66: try expectWord("false")
        case 0x6E: try expectWord("null")
        default: _ = try skipNumber()
        }
        return start..<offset
    }

    /// Consumes any one value as a tree.
    package mutating func readValue(depth: Int = 0) throws(JSONError) -> JSON {
        guard depth < Self.depthMax else { throw failure("nested too deeply") }
        guard let first = peek() else { throw failure("unexpected end") }
        switch first {
        case 0x7B: return try readMembers(depth: depth)
        case 0x5B: return try readElements(depth: depth)
        case 0x22: return .string(try readString())
        case 0x74:
            try expectWord("true")
            return .bool(true)
        case 0x66:
            try expectWord("false")
            return .bool(false)
        case 0x6E:
            try expectWord("null")
            return .null
        default: return .number(try readNumber())
        }
    }

    private mutating func readMembers(depth: Int) throws(JSONError) -> JSON {
        offset += 1
        var members: [JSON.Member] = []
        if take(0x7D) { return .object(members) }
        repeat {
            let name = try readString()
            try expect(0x3A)
            members.append(.init(name, try readValue(depth: depth + 1)))
        } while take(0x2C)
        try expect(0x7D)
        return .object(members)
    }

    private mutating func readElements(depth: Int) throws(JSONError) -> JSON {
        offset += 1
        var elements: [JSON] = []
        if take(0x5D) { return .array(elements) }
        repeat { elements.append(try readValue(depth: depth + 1)) } while take(0x2C)
        try expect(0x5D)
        return .array(elements)
    }
}

extension JSON {
    /// Reads one whole document.
    package init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
        var reader = JSONReader(bytes)
        self = try reader.readValue()
        try reader.expectEnd()
    }

    package init(parsing bytes: [UInt8]) throws(JSONError) {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(JSONError) in try JSON(parsing: raw) }
        }
        self = try result.get()
    }

    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }
}
