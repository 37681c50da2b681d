import Glibc
import System

/// The request line and the headers of one request, read once.
struct HTTPHead {
    var request = HTTPRequest()
    /// Where the head ends and the body begins.
    var end = 0
    var contentLength = 0
    var isChunked = false
    var expectsContinue = false

    init() {}

    /// Reads a whole head, from its first byte to behind its empty line at `end`.
    init(_ bytes: UnsafeRawBufferPointer, end: Int) throws(HTTPRefusal) {
        self.end = end
        var line = try Self.line(bytes, from: 0)
        try readRequestLine(bytes, line)
        let headersStart = line.upperBound + 2
        var hasLength = false
        var count = 0
        while true {
            line = try Self.line(bytes, from: line.upperBound + 2)
            if line.isEmpty { break }
            count += 1
            guard count <= HTTPRequestParser.headersMax else {
                throw .malformed("There are too many headers")
            }
            try readHeader(bytes, line, hasLength: &hasLength)
        }
        request.headers = headersStart..<line.lowerBound
        guard !(hasLength && isChunked) else {
            throw .malformed("Content-Length and Transfer-Encoding contradict each other")
        }
    }

    private static func line(
        _ bytes: UnsafeRawBufferPointer, from start: Int
    ) throws(HTTPRefusal) -> Range<Int> {
        guard let found = memchr(bytes.baseAddress! + start, 0x0D, bytes.count - start) else {
            throw .malformed("A line has no end")
        }
        let end = UnsafeRawPointer(found) - bytes.baseAddress!
        guard end + 1 < bytes.count, bytes[end + 1] == 0x0A else {
            throw .malformed("A carriage return stands alone")
        }
        return start..<end
    }

    private mutating func readRequestLine(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>
    ) throws(HTTPRefusal) {
        guard let first = bytes[line].firstIndex(of: 0x20),
            let last = bytes[line].lastIndex(of: 0x20), first + 1 < last,
            !bytes[(first + 1)..<last].contains(0x20)
        else { throw .malformed("The request line is not METHOD PATH VERSION") }
        let version = UnsafeRawBufferPointer(rebasing: bytes[(last + 1)..<line.upperBound])
        guard version.count == 8,
            Self.equals(version, "HTTP/1.1") || Self.equals(version, "HTTP/1.0")
        else { throw .malformed("The version is not HTTP/1.1") }
        request.keepsAlive = version[7] == 0x31
        request.method = Self.method(
            UnsafeRawBufferPointer(rebasing: bytes[line.lowerBound..<first]))
        request.target = (first + 1)..<last
    }

    /// Names of methods are case-sensitive (RFC 9110, 9.1).
    private static func method(_ name: UnsafeRawBufferPointer) -> HTTPRequest.Method {
        if name.elementsEqual("POST".utf8) { return .post }
        if name.elementsEqual("GET".utf8) { return .get }
        if name.elementsEqual("PUT".utf8) { return .put }
        if name.elementsEqual("HEAD".utf8) { return .head }
        if name.elementsEqual("DELETE".utf8) { return .delete }
        return .other
    }

    private mutating func readHeader(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, hasLength: inout Bool
    ) throws(HTTPRefusal) {
        let start = bytes.baseAddress! + line.lowerBound
        guard let found = memchr(start, 0x3A, line.count) else {
            throw .malformed("A header has no colon")
        }
        let colon = line.lowerBound + (UnsafeRawPointer(found) - UnsafeRawPointer(start))
        let name = UnsafeRawBufferPointer(rebasing: bytes[line.lowerBound..<colon])
        guard let first = name.first, first > 0x20, name.last != 0x20, name.last != 0x09 else {
            throw .malformed("A header's name is empty or has blanks around it")
        }
        var value = (colon + 1)..<line.upperBound
        while let byte = bytes[value].first, byte == 0x20 || byte == 0x09 {
            value = (value.lowerBound + 1)..<value.upperBound
        }
        while let byte = bytes[value].last, byte == 0x20 || byte == 0x09 {
            value = value.lowerBound..<(value.upperBound - 1)
        }
        try take(name, UnsafeRawBufferPointer(rebasing: bytes[value]), at: value, &hasLength)
    }

    private mutating func take(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, at range: Range<Int>,
        _ hasLength: inout Bool
    ) throws(HTTPRefusal) {
        switch name.count {
        case 6 where Self.equals(name, "expect"):
            expectsContinue = Self.equals(value, "100-continue")
        case 10 where Self.equals(name, "connection"):
            if Self.equals(value, "close") { request.keepsAlive = false }
            if Self.equals(value, "keep-alive") { request.keepsAlive = true }
        case 12 where Self.equals(name, "content-type"): request.contentType = range
        case 12 where Self.equals(name, "x-amz-target"): request.amzTarget = range
        case 14 where Self.equals(name, "content-length"):
            guard let length = Self.length(value) else {
                throw .malformed("Content-Length is no number")
            }
            guard !hasLength || length == contentLength else {
                throw .malformed("There are several lengths")
            }
            (contentLength, hasLength) = (length, true)
        case 15 where Self.equals(name, "accept-encoding"):
            request.acceptsGzip = Self.acceptsGzip(value)
        case 16 where Self.equals(name, "content-encoding"):
            request.coding =
                Self.equals(value, "gzip")
                ? .gzip : Self.equals(value, "identity") ? .identity : .unknown
        case 17 where Self.equals(name, "transfer-encoding"):
            guard Self.equals(value, "chunked") else {
                throw .malformed("The transfer encoding is not chunked")
            }
            isChunked = true
        default: break
        }
    }

    private static func length(_ value: UnsafeRawBufferPointer) -> Int? {
        guard (1...15).contains(value.count) else { return nil }
        var length = 0
        for byte in value {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            length = length * 10 + Int(byte - 0x30)
        }
        return length
    }

    /// Whether a list of codings has gzip, or anything, at a quality above zero.
    private static func acceptsGzip(_ value: UnsafeRawBufferPointer) -> Bool {
        // "identity" is what botocore and curl's defaults send: no need for more than a look.
        if equals(value, "identity") { return false }
        return value.split(separator: 0x2C).contains { element in
            let parts = String(decoding: element, as: UTF8.self).lowercased()
                .split(separator: ";").map { $0.filter { $0 != " " } }
            guard let coding = parts.first, coding == "gzip" || coding == "*" else { return false }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }
            return quality.flatMap { Double($0.dropFirst(2)) } ?? 1 > 0
        }
    }

    /// Whether the bytes are this lower-case text, in any case.
    @inline(__always)
    private static func equals(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        bytes.count == text.utf8CodeUnitCount
            && strncasecmp(
                bytes.baseAddress!.assumingMemoryBound(to: CChar.self),
                UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self), bytes.count)
                == 0
    }
}
