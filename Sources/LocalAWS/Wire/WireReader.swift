import Glibc
import JSON

/// A string of a request, between its quotes: UTF-8 and escapes have been checked.
struct WireString {
    let start: UnsafePointer<UInt8>
    let count: Int
    /// The length of the text in UTF-8, without its escapes.
    let utf8Count: Int
    let isEscaped: Bool
    /// Whether it is spelled as the store spells text (see ``CanonicalText``).
    let isCanonical: Bool

    /// A string without escapes.
    @inline(__always)
    init(plain start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
        utf8Count = count
        isEscaped = false
        isCanonical = true
    }

    init(escaped start: UnsafePointer<UInt8>, count: Int, utf8Count: Int, isCanonical: Bool) {
        self.start = start
        self.count = count
        self.utf8Count = utf8Count
        isEscaped = true
        self.isCanonical = isCanonical
    }

    var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// The text's bytes, unescaped.
    var bytes: [UInt8] { isEscaped ? JSONText.unescaped(raw) : Array(raw) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    @inline(__always)
    func equals(_ name: StaticString) -> Bool {
        count == name.utf8CodeUnitCount && memcmp(start, name.utf8Start, count) == 0
    }
}

/// Reads a request's JSON (RFC 8259) from bytes, pulling: the caller says what comes next.
///
/// Whatever is wrong is the service's SerializationException. `JSONReader` does the same for
/// documents; this one is for items at speed: eight bytes at a time, without bounds checks of the
/// language (every read is below `end`), and it makes no `String`.
/// The bytes must outlive the reader.
struct WireReader {
    /// Deepest nesting that is read: 32 levels of document, two deep each, in their envelope.
    static let depthMax = 128

    var cursor: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    init(_ bytes: UnsafeRawBufferPointer) {
        // An empty body has no address; any address does when nothing is read from it.
        let start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 16)!
        cursor = start.assumingMemoryBound(to: UInt8.self)
        end = cursor + bytes.count
    }

    /// The next byte that is not white space, not consumed; 0 at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        if cursor < end, cursor.pointee > 0x20 { return cursor.pointee }
        return peekBehindSpace()
    }

    @inline(never)
    private mutating func peekBehindSpace() -> UInt8 {
        while cursor < end {
            let byte = cursor.pointee
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
                return byte
            }
            cursor += 1
        }
        return 0
    }

    /// Consumes `byte` when it comes next.
    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        cursor += 1
        return true
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(ServiceError) {
        guard take(byte) else { throw unexpected() }
    }

    mutating func expectEnd() throws(ServiceError) {
        guard peek() == 0, cursor == end else { throw unexpected() }
    }

    /// What the service says about a value of another type than expected, or about no JSON at all.
    mutating func unexpected(wanted: String = "String") -> ServiceError {
        switch peek() {
        case 0x7B: .serialization("Start of structure or map found where not expected.")
        case 0x5B: .serialization("Start of list found where not expected")
        case 0x22: .serialization("STRING_VALUE cannot be converted to \(wanted)")
        case 0x74: .serialization("TRUE_VALUE cannot be converted to \(wanted)")
        case 0x66: .serialization("FALSE_VALUE cannot be converted to \(wanted)")
        case 0x2D, 0x30...0x39: .serialization("NUMBER_VALUE cannot be converted to \(wanted)")
        default: .serialization(nil)
        }
    }

    /// Consumes `null` when it comes next: the service takes it for an absent member.
    mutating func takeNull() -> Bool {
        guard peek() == 0x6E, end - cursor >= 4, memcmp(cursor, "null", 4) == 0 else {
            return false
        }
        cursor += 4
        return true
    }

    mutating func takeBool(wanted: String = "Boolean") throws(ServiceError) -> Bool {
        let first = peek()
        if first == 0x74, end - cursor >= 4, memcmp(cursor, "true", 4) == 0 {
            cursor += 4
            return true
        }
        if first == 0x66, end - cursor >= 5, memcmp(cursor, "false", 5) == 0 {
            cursor += 5
            return false
        }
        throw unexpected(wanted: wanted)
    }

    /// Consumes a string.
    @inline(__always)
    mutating func string(wanted: String = "String") throws(ServiceError) -> WireString {
        guard peek() == 0x22 else { throw unexpected(wanted: wanted) }
        cursor += 1
        let start = cursor
        skipPlain()
        if cursor < end, cursor.pointee == 0x22 {
            cursor += 1
            return WireString(plain: start, count: cursor - start - 1)
        }
        return try finishString(from: start)
    }

    private static let every: UInt64 = 0x0101_0101_0101_0101
    private static let high: UInt64 = 0x8080_8080_8080_8080

    /// Moves to the first byte that is a quote, a backslash, a control character or not ASCII.
    @inline(__always)
    private mutating func skipPlain() {
        while end - cursor >= 8 {
            let word = UnsafeRawPointer(cursor).loadUnaligned(as: UInt64.self)
            let quote = word ^ (Self.every &* 0x22)
            let slash = word ^ (Self.every &* 0x5C)
            // Borrows may mark bytes above a true one, never below: the lowest mark is exact.
            let special =
                ((word &- Self.every &* 0x20) | (quote &- Self.every) | (slash &- Self.every)
                    | word) & Self.high
            guard special == 0 else {
                cursor += special.trailingZeroBitCount >> 3
                return
            }
            cursor += 8
        }
        while cursor < end {
            let byte = cursor.pointee
            guard byte >= 0x20, byte < 0x80, byte != 0x22, byte != 0x5C else { return }
            cursor += 1
        }
    }

    /// The rest of a string that is not plain ASCII up to its end.
    @inline(never)
    private mutating func finishString(
        from start: UnsafePointer<UInt8>
    ) throws(ServiceError) -> WireString {
        // Bytes by which the text is shorter than its spelling, and whether that is the store's.
        var (saved, isCanonical, isEscaped) = (0, true, false)
        while cursor < end {
            let byte = cursor.pointee
            if byte == 0x22 {
                cursor += 1
                let count = cursor - start - 1
                guard isEscaped else { return WireString(plain: start, count: count) }
                return WireString(
                    escaped: start, count: count, utf8Count: count - saved,
                    isCanonical: isCanonical)
            }
            if byte == 0x5C {
                isEscaped = true
                try skipEscape(saved: &saved, isCanonical: &isCanonical)
            } else if byte < 0x20 {
                throw .serialization(nil)
            } else if byte >= 0x80 {
                try skipMultibyte()
            }
            skipPlain()
        }
        throw .serialization(nil)
    }

    @inline(__always)
    private mutating func skipEscape(
        saved: inout Int, isCanonical: inout Bool
    ) throws(ServiceError) {
        guard end - cursor >= 2 else { throw .serialization(nil) }
        switch cursor[1] {
        case 0x22, 0x5C, 0x62, 0x66, 0x6E, 0x72, 0x74:
            cursor += 2
            saved += 1
        default:
            let rest = UnsafeRawBufferPointer(start: cursor, count: min(12, end - cursor))
            guard let escape = JSONText.escape(rest) else { throw .serialization(nil) }
            saved += escape.length - JSONText.utf8Length(escape.scalar)
            isCanonical =
                isCanonical && CanonicalText.isCanonical(escape: rest, of: escape.scalar)
            cursor += escape.length
        }
    }

    /// Consumes one code point of two to four bytes, in RFC 3629's shortest form.
    @inline(__always)
    private mutating func skipMultibyte() throws(ServiceError) {
        let lead = cursor.pointee
        let left = end - cursor
        @inline(__always)
        func follows(_ distance: Int) -> Bool { cursor[distance] & 0xC0 == 0x80 }
        if lead < 0xE0 {
            guard lead >= 0xC2, left >= 2, follows(1) else { throw .serialization(nil) }
            cursor += 2
        } else if lead < 0xF0 {
            guard left >= 3, follows(1), follows(2) else { throw .serialization(nil) }
            let overlong = lead == 0xE0 && cursor[1] < 0xA0
            let surrogate = lead == 0xED && cursor[1] >= 0xA0
            guard !overlong, !surrogate else { throw .serialization(nil) }
            cursor += 3
        } else {
            guard lead <= 0xF4, left >= 4, follows(1), follows(2), follows(3) else {
                throw .serialization(nil)
            }
            let overlong = lead == 0xF0 && cursor[1] < 0x90
            let beyond = lead == 0xF4 && cursor[1] >= 0x90
            guard !overlong, !beyond else { throw .serialization(nil) }
            cursor += 4
        }
    }
}
