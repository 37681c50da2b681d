/// A JSON document as a tree that knows where each of its values stands, for files that people
/// write: errors in them must name the place.
package struct LocatedJSON: Sendable {
    package enum Content: Sendable {
        case null
        case bool(Bool)
        /// A number, as it is written.
        case number(String)
        case string(String)
        case array([LocatedJSON])
        case object([Member])
    }

    package struct Member: Sendable {
        package let name: String
        /// Where the name stands.
        package let offset: Int
        package let value: LocatedJSON
    }

    /// Offset in bytes from the start of the document.
    package let offset: Int
    package let content: Content

    /// Reads one whole document, which may hold what people put into such files besides JSON:
    /// comments (`// ...` and `/* ... */`), a comma after the last element or member, and a byte
    /// order mark.
    /// - Throws: ``JSONError``, its offset as in `bytes`.
    package init(commented bytes: [UInt8]) throws(JSONError) {
        let plain = try JSONComments.blanked(bytes)
        let result = plain.withUnsafeBytes { raw in
            Result { () throws(JSONError) in
                var reader = JSONReader(raw)
                let document = try LocatedJSON(&reader, depth: 0)
                try reader.expectEnd()
                return document
            }
        }
        self = try result.get()
    }

    private init(_ reader: inout JSONReader, depth: Int) throws(JSONError) {
        guard depth < JSONReader.depthMax else { throw reader.failure("nested too deeply") }
        guard let first = reader.peek() else { throw reader.failure("unexpected end") }
        offset = reader.offset
        switch first {
        case UInt8(ascii: "{"): content = .object(try Self.members(&reader, depth: depth))
        case UInt8(ascii: "["): content = .array(try Self.elements(&reader, depth: depth))
        default:
            switch try reader.readValue(depth: depth) {
            case .bool(let value): content = .bool(value)
            case .number(let text): content = .number(text)
            case .string(let text): content = .string(text)
            case .null, .array, .object: content = .null
            }
        }
    }

    private static func members(
        _ reader: inout JSONReader, depth: Int
    ) throws(JSONError) -> [Member] {
        var members: [Member] = []
        try reader.expect(UInt8(ascii: "{"))
        if reader.take(UInt8(ascii: "}")) { return members }
        repeat {
            _ = reader.peek()
            let offset = reader.offset
            let name = try reader.readString()
            try reader.expect(UInt8(ascii: ":"))
            let value = try LocatedJSON(&reader, depth: depth + 1)
            members.append(Member(name: name, offset: offset, value: value))
        } while reader.take(UInt8(ascii: ","))
        try reader.expect(UInt8(ascii: "}"))
        return members
    }

    private static func elements(
        _ reader: inout JSONReader, depth: Int
    ) throws(JSONError) -> [LocatedJSON] {
        var elements: [LocatedJSON] = []
        try reader.expect(UInt8(ascii: "["))
        if reader.take(UInt8(ascii: "]")) { return elements }
        repeat {
            elements.append(try LocatedJSON(&reader, depth: depth + 1))
        } while reader.take(UInt8(ascii: ","))
        try reader.expect(UInt8(ascii: "]"))
        return elements
    }
}

/// A place in a text as editors count it: both from 1, columns in characters.
package struct TextPlace: Equatable, Sendable {
    package let line: Int
    package let column: Int

    /// The place of the byte at `offset`, which may be one past the last.
    package init(offset: Int, in bytes: [UInt8]) {
        let before = bytes[..<offset]
        let start = (before.lastIndex(of: 0x0A) ?? -1) + 1
        line = 1 + before.count { $0 == 0x0A }
        column = 1 + String(decoding: bytes[start..<offset], as: UTF8.self).count
    }
}
