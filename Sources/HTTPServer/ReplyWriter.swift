import Glibc
import Pacing
import System

/// A buffer for one reply, kept by its loop for the next.
final class ReplyBuffer {
    /// Room before the body, for the head and for what is known only when the body is done.
    static let headroom = 1024

    var bytes = ByteStorage(capacity: 16 * 1024)
    /// What is still to be sent.
    var unsent: Range<Int> = 0..<0

    /// Makes room for the head; the body follows.
    func begin() { bytes.resize(Self.headroom) }
}

/// Puts heads before bodies: the headers that the service sends. Confined to one loop.
final class ReplyWriter {
    private var head = ByteStorage(capacity: 1024)
    private var date: (time: UTCTime?, text: String) = (nil, "")
    private var generator: SeededGenerator

    /// - Parameter seed: of the request ids.
    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// What a head says besides what the body is.
    struct Kind {
        var status = 200
        var contentType: String
        var isGzip = false
        var keepsAlive = true
        /// A checksum instead of the body's own.
        var checksum: UInt32?
    }

    /// Writes a head right before the body that begins at `bodyStart`, and sets what is to be sent.
    func seal(
        _ reply: ReplyBuffer, bodyStart: Int, kind: Kind, secondsSinceEpoch: Double
    ) {
        let body = UnsafeRawBufferPointer(rebasing: reply.bytes.bytes[bodyStart...])
        let checksum = kind.checksum ?? Checksum.crc32(body)
        head.removeAll()
        head.append("HTTP/1.1 ")
        head.append(Self.statusLine(kind.status))
        head.append("\r\nServer: Server\r\nDate: ")
        head.append(text: dateText(secondsSinceEpoch))
        head.append("\r\nContent-Type: ")
        head.append(text: kind.contentType)
        head.append("\r\nContent-Length: ")
        head.append(decimal: body.count)
        if kind.isGzip { head.append("\r\nContent-Encoding: gzip") }
        head.append(kind.keepsAlive ? "\r\nConnection: keep-alive" : "\r\nConnection: close")
        head.append("\r\nx-amzn-RequestId: ")
        appendRequestID()
        head.append("\r\nx-amz-crc32: ")
        head.append(decimal: Int(checksum))
        head.append("\r\n\r\n")
        precondition(head.count <= bodyStart, "a head of \(head.count) bytes has no room")
        let start = bodyStart - head.count
        memcpy(reply.bytes.base + start, head.base, head.count)
        reply.unsent = start..<reply.bytes.count
    }

    /// Writes a head with the headers that the handler named. A reply that has no body by its
    /// status says no length (RFC 9110, 8.6).
    /// - Returns: where the body begins now: further behind when the head had no room.
    func seal(
        _ reply: ReplyBuffer, _ answer: HTTPAnswer, _ headers: [HTTPHeader], keepsAlive: Bool,
        secondsSinceEpoch: Double
    ) -> Int {
        let count = answer.contentLength ?? reply.bytes.count - answer.bodyStart
        head.removeAll()
        head.append("HTTP/1.1 ")
        head.append(Self.statusLine(answer.status))
        append("Date", dateText(secondsSinceEpoch))
        if !answer.contentType.isEmpty { append("Content-Type", answer.contentType) }
        if answer.status != 204, answer.status != 304 { append("Content-Length", String(count)) }
        append("Connection", keepsAlive ? "keep-alive" : "close")
        for header in headers { append(header.name, header.value) }
        head.append("\r\n\r\n")
        if head.count > answer.bodyStart {
            Self.makeRoom(head.count, before: answer.bodyStart, in: &reply.bytes)
        }
        let start = max(0, answer.bodyStart - head.count)
        memcpy(reply.bytes.base + start, head.base, head.count)
        reply.unsent = start..<reply.bytes.count
        return start + head.count
    }

    private func append(_ name: String, _ value: String) {
        head.append("\r\n")
        head.append(text: name)
        head.append(": ")
        for byte in value.utf8 where byte >= 0x20 && byte != 0x7F { head.append(byte) }
    }

    /// Moves a body back whose head is longer than the room before it.
    private static func makeRoom(
        _ headCount: Int, before bodyStart: Int, in bytes: inout ByteStorage
    ) {
        let bodyCount = bytes.count - bodyStart
        bytes.resize(headCount + bodyCount)
        memmove(bytes.base + headCount, bytes.base + bodyStart, bodyCount)
    }

    private static func statusLine(_ status: Int) -> StaticString {
        switch status {
        case 200: "200 OK"
        case 204: "204 No Content"
        case 206: "206 Partial Content"
        case 301: "301 Moved Permanently"
        case 304: "304 Not Modified"
        case 307: "307 Temporary Redirect"
        case 400: "400 Bad Request"
        case 403: "403 Forbidden"
        case 404: "404 Not Found"
        case 405: "405 Method Not Allowed"
        case 409: "409 Conflict"
        case 411: "411 Length Required"
        case 412: "412 Precondition Failed"
        case 413: "413 Request Entity Too Large"
        case 416: "416 Requested Range Not Satisfiable"
        case 501: "501 Not Implemented"
        case 502: "502 Bad Gateway"
        case 503: "503 Service Unavailable"
        default: "500 Internal Server Error"
        }
    }

    /// 52 characters of A-Z and 0-9, as the service's ids have.
    private func appendRequestID() {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        head.reserve(52)
        for _ in 0..<4 {
            var bits = generator.next()
            for _ in 0..<13 {
                // Thirteen digits of base 36 take 67 bits: the last is a little uneven.
                let (quotient, digit) = bits.quotientAndRemainder(dividingBy: 36)
                head.append(alphabet.utf8Start[Int(digit)])
                bits = quotient
            }
        }
    }

    /// As HTTP spells dates (RFC 9110, 5.6.7), made once a second.
    private func dateText(_ secondsSinceEpoch: Double) -> String {
        let time = UTCTime(secondsSinceEpoch: secondsSinceEpoch)
        if time == date.time { return date.text }
        date = (time, time.httpDate)
        return date.text
    }
}
