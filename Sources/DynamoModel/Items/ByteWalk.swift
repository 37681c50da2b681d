import CBytes
import Glibc
import JSON
import System

/// Walks JSON bytes at speed: the hot half of ``PageCutter`` and ``BatchReplyCutter``.
///
/// The bytes must be followed by at least ``ByteWalk/padding`` readable zero bytes. They are what
/// keeps it in bounds without a check per byte: every step moves on only over a byte that is not
/// zero, or over a block whose bytes it has found to be none of the stops, and zero is a stop.
struct ByteWalk {
    /// Zero bytes that must be readable after the last byte: one block is read ahead.
    static let padding = Int(SHIM_BLOCK_BYTES)

    let base: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    var position: UnsafePointer<UInt8>
    /// Room for ``SeenNames``, where items are walked over.
    var words: UnsafeMutablePointer<UInt64>?

    init(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count < Int(UInt32.max), "\(bytes.count) bytes are no reply")
        base = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
        end = base + bytes.count
        position = base
    }

    var offset: Int { position - base }

    func failure(_ reason: String) -> JSONError { JSONError(offset: offset, reason: reason) }

    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
    }

    @inline(__always)
    mutating func skipSpace() {
        while position.pointee <= 0x20, isSpace(position.pointee) { position += 1 }
    }

    @inline(__always)
    private func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// The next byte that is not white space; 0 at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        skipSpace()
        return position.pointee
    }

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard take(byte) else { throw unexpected(byte) }
    }

    @inline(never)
    private func unexpected(_ byte: UInt8) -> JSONError {
        failure("expected '\(Character(UnicodeScalar(byte)))'")
    }

    mutating func expectEnd() throws(JSONError) {
        skipSpace()
        guard position == end else { throw failure("unexpected bytes after the document") }
    }

    /// A string that has been walked over: where its content lies, and its length unescaped.
    struct Text {
        var start: Int
        var count: Int
        /// Bytes of UTF-8 that the content stands for; less than `count` where there are escapes.
        var unescapedCount: Int

        var range: Range<Int> { start..<(start + count) }
        var hasEscapes: Bool { unescapedCount != count }
    }

    /// Walks over a string, checking its escapes and its UTF-8.
    @inline(__always)
    mutating func walkString() throws(JSONError) -> Text {
        try expect(0x22)
        let start = position
        skipPlainText()
        if position.pointee == 0x22 {
            let count = position - start
            position += 1
            return Text(start: start - base, count: count, unescapedCount: count)
        }
        return try walkRest(of: start)
    }

    /// Goes on to the next byte that is a quote, a backslash, a control character or not ASCII.
    @inline(__always)
    private mutating func skipPlainText() {
        position = shim_skip_plain_text(position)
    }

    @inline(never)
    private mutating func walkRest(of start: UnsafePointer<UInt8>) throws(JSONError) -> Text {
        var saved = 0  // bytes that unescaping takes away
        while true {
            let byte = position.pointee
            if byte == 0x22 {
                let count = position - start
                position += 1
                return Text(start: start - base, count: count, unescapedCount: count - saved)
            } else if byte == 0x5C {
                let rest = UnsafeRawBufferPointer(start: position, count: end - position)
                guard let escape = JSONText.escape(rest) else {
                    throw failure("bad escape in a string")
                }
                saved += escape.length - JSONText.utf8Length(escape.scalar)
                position += escape.length
            } else if byte >= 0x80 {
                repeat { try walkMultibyte() } while position.pointee >= 0x80
            } else {
                throw failure(
                    position >= end ? "unfinished string" : "control character in a string")
            }
            skipPlainText()
        }
    }

    /// Walks over one character of two bytes or more. The ranges whose every sequence is valid
    /// (RFC 3629, section 4) are recognised here; the padding is no continuation of any.
    @inline(__always)
    private mutating func walkMultibyte() throws(JSONError) {
        let first = position[0]
        if position[1] & 0xC0 == 0x80 {
            if first >= 0xC2, first < 0xE0 {
                position += 2
                return
            }
            if first > 0xE0, first < 0xF0, first != 0xED, position[2] & 0xC0 == 0x80 {
                position += 3
                return
            }
        }
        let rest = UnsafeRawBufferPointer(start: position, count: end - position)
        let length = JSONText.multibyteLength(rest, at: 0)
        guard length > 0 else { throw failure("string is not UTF-8") }
        position += length
    }

    /// Whether the walked string says `name`, escapes undone.
    @inline(__always)
    func equals(_ text: Text, _ name: [UInt8]) -> Bool {
        guard text.unescapedCount == name.count else { return false }
        if text.hasEscapes { return isSpeltOtherwise(text, name) }
        return name.withUnsafeBytes {
            $0[0] == base[text.start] && memcmp($0.baseAddress!, base + text.start, $0.count) == 0
        }
    }

    @inline(never)
    private func isSpeltOtherwise(_ text: Text, _ name: [UInt8]) -> Bool {
        // The first byte tells most names apart.
        guard base[text.start] == name[0] || base[text.start] == 0x5C else { return false }
        return JSONText.unescaped(bytes(text.range)) == name
    }

    /// What a string stands for.
    func unescaped(_ text: Text) -> [UInt8] {
        text.hasEscapes ? JSONText.unescaped(bytes(text.range)) : Array(bytes(text.range))
    }

    func equals(_ text: Text, _ name: StaticString) -> Bool {
        guard text.unescapedCount == name.utf8CodeUnitCount else { return false }
        let name = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        if text.hasEscapes { return JSONText.unescaped(bytes(text.range)).elementsEqual(name) }
        return name.elementsEqual(bytes(text.range))
    }

    /// Walks over any one value.
    mutating func walkValue(depth: Int = 0) throws(JSONError) {
        guard depth < JSONReader.depthMax else { throw failure("nested too deeply") }
        switch peek() {
        case 0x7B:
            position += 1
            if take(0x7D) { return }
            repeat {
                _ = try walkString()
                try expect(0x3A)
                try walkValue(depth: depth + 1)
            } while take(0x2C)
            try expect(0x7D)
        case 0x5B:
            position += 1
            if take(0x5D) { return }
            repeat { try walkValue(depth: depth + 1) } while take(0x2C)
            try expect(0x5D)
        case 0x22: _ = try walkString()
        case 0x74: try expectWord("true")
        case 0x66: try expectWord("false")
        case 0x6E: try expectWord("null")
        default: _ = try walkNumber()
        }
    }

    /// Walks over `word` if the next bytes are just that.
    mutating func takeWord(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard end - position >= count, memcmp(position, word.utf8Start, count) == 0 else {
            return false
        }
        position += count
        return true
    }

    mutating func expectWord(_ word: StaticString) throws(JSONError) {
        guard takeWord(word) else { throw failure("unknown word") }
    }

    /// Walks over a JSON number; the range of its bytes.
    mutating func walkNumber() throws(JSONError) -> Range<Int> {
        skipSpace()
        var reader = JSONReader(UnsafeRawBufferPointer(start: position, count: end - position))
        let start = offset
        do {
            position += try reader.skipNumber().count
        } catch {
            throw failure(error.reason)
        }
        return start..<offset
    }

    /// Walks over any one value; nil when it is no number of this range.
    mutating func readNumber(in range: ClosedRange<Double>) throws(JSONError) -> Double? {
        _ = peek()
        let start = offset
        try walkValue()
        return CheckedNumber.double(
            String(decoding: bytes(start..<offset), as: UTF8.self), in: range)
    }

    /// Calls `body` with each member's name; it must walk over the value. For what a reply has
    /// once: items are walked over by loops of their own.
    @inline(never)
    mutating func walkObject(
        _ body: (inout ByteWalk, Text) throws(JSONError) -> Void
    ) throws(JSONError) {
        try expect(0x7B)
        if take(0x7D) { return }
        repeat {
            let name = try walkString()
            try expect(0x3A)
            try body(&self, name)
        } while take(0x2C)
        try expect(0x7D)
    }

    @inline(never)
    mutating func walkArray(
        _ body: (inout ByteWalk) throws(JSONError) -> Void
    ) throws(JSONError) {
        try expect(0x5B)
        if take(0x5D) { return }
        repeat { try body(&self) } while take(0x2C)
        try expect(0x5D)
    }
}
