import Glibc
import System

/// Finds requests in the bytes that a connection has sent so far (RFC 9112), however they were cut.
///
/// A value: it is shown all unconsumed bytes each time and remembers how far it has looked. Bodies
/// are counted by Content-Length or chunked; a chunked one is put together in place. Ambiguous
/// framing is refused rather than guessed at.
struct HTTPRequestParser {
    enum Step {
        /// More bytes are needed; `expected` of them in all, as far as is known.
        case incomplete(expected: Int)
        /// The client waits for `100 Continue` before it sends the body.
        case wantsContinue
        /// The body is chunked, or larger than ``bodyBytesMax``: ``allow(_:)`` is to say how large
        /// it may be.
        case wantsLimit(HTTPRequest)
        /// A request; its bytes end at `end`, where the next one begins.
        case request(HTTPRequest, end: Int)
    }

    static let headBytesMax = 64 * 1024
    /// Larger bodies are taken only where a service's own limit says so.
    static let bodyBytesMax = 16 * 1024 * 1024
    static let headersMax = 200
    /// A body beyond the limit is still read up to here, so that the client gets its answer.
    static let drainBytesMax = 256 * 1024 * 1024

    private enum State {
        case head
        case limit
        case body(count: Int)
        case chunks(ChunkedBody)
        case drain(left: Int)
    }

    private var state = State.head
    /// Of the body that is being read, if it was asked for.
    private var limit = BodyLimit.usual
    private var head = HTTPHead()
    private var scanned = 0

    init() {}

    /// Looks at the bytes in `buffer`, which begin with a request's first byte.
    mutating func next(_ buffer: inout ByteStorage) throws(HTTPRefusal) -> Step {
        while true {
            switch state {
            case .head:
                guard let end = try findHead(buffer) else {
                    return .incomplete(expected: buffer.count + 1)
                }
                head = try HTTPHead(buffer.bytes, end: end)
                let isUsual = !head.isChunked && head.contentLength <= Self.bodyBytesMax
                state = isUsual ? .body(count: head.contentLength) : .limit
            case .limit: return .wantsLimit(head.request)
            case .body(let count):
                if mustContinue(buffer) { return .wantsContinue }
                let end = head.end + count
                guard buffer.count >= end else { return .incomplete(expected: end) }
                return finish(body: head.end..<end, end: end)
            case .chunks(var chunks):
                if mustContinue(buffer) { return .wantsContinue }
                let isComplete = try chunks.advance(&buffer, limit: limit)
                state = .chunks(chunks)
                guard isComplete else { return .incomplete(expected: buffer.count + 1) }
                return finish(body: head.end..<chunks.bodyEnd, end: chunks.read)
            case .drain(let left):
                if mustContinue(buffer) { return .wantsContinue }
                let drained = min(left, buffer.count - head.end)
                buffer.resize(buffer.count - drained)
                state = .drain(left: left - drained)
                guard left == drained else { return .incomplete(expected: buffer.count + 65536) }
                throw limit.refusal
            }
        }
    }

    private mutating func finish(body: Range<Int>, end: Int) -> Step {
        var request = head.request
        request.body = body
        state = .head
        scanned = 0
        return .request(request, end: end)
    }

    /// Where the head ends, behind its empty line; nil when it has not come yet.
    private mutating func findHead(_ buffer: borrowing ByteStorage) throws(HTTPRefusal) -> Int? {
        // Empty lines before a request are skipped by RFC 9112, 2.2; here they are refused.
        var offset = scanned
        let base = buffer.base
        // A TLS greeting has no end of a head, and its sender would wait for one for ever.
        if buffer.count > 0, base[0] <= 0x20 { throw .malformed("That is no HTTP request") }
        while offset + 3 < buffer.count {
            guard let found = memchr(base + offset, 0x0D, buffer.count - 3 - offset) else {
                offset = buffer.count - 3
                break
            }
            offset = found.assumingMemoryBound(to: UInt8.self) - UnsafeMutablePointer(base)
            if base[offset + 1] == 0x0A, base[offset + 2] == 0x0D, base[offset + 3] == 0x0A {
                guard offset <= Self.headBytesMax else { throw .malformed("The head is too long") }
                return offset + 4
            }
            offset += 1
        }
        scanned = max(scanned, offset)
        guard buffer.count <= Self.headBytesMax else { throw .malformed("The head is too long") }
        return nil
    }

    /// Whether nothing of the body has come and the client waits; true once.
    private mutating func mustContinue(_ buffer: borrowing ByteStorage) -> Bool {
        guard head.expectsContinue else { return false }
        head.expectsContinue = false
        return buffer.count == head.end
    }

    /// Answers ``Step/wantsLimit(_:)``.
    mutating func allow(_ limit: BodyLimit) throws(HTTPRefusal) {
        self.limit = limit
        if head.isChunked {
            state = .chunks(ChunkedBody(start: head.end))
        } else if head.contentLength <= limit.bytesMax {
            state = .body(count: head.contentLength)
        } else {
            guard head.contentLength <= Self.drainBytesMax else { throw limit.refusal }
            state = .drain(left: head.contentLength)
        }
    }
}
