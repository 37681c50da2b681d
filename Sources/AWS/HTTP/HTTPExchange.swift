import Dispatch
import Glibc
import System

/// How large the replies to a request usually are: libcurl's receive buffer follows from it.
package enum HTTPReplySize: Sendable {
    case small  // libcurl's default of 16 KB
    case large  // 64 KB, which saves a sixth of the CPU on pages of 1 MB
}

/// A kept place for one request at a time: transfer handle, head, and what came back.
///
/// It belongs to whoever fills it in, then from ``HTTPEngine/submit(_:)`` on to the engine, and
/// from its completion on to the completion's queue.
final class HTTPExchange: @unchecked Sendable {
    // @unchecked: it has one owner at a time; the engine's lock and Dispatch hand it over.

    // The request.
    let easy: CurlEasy
    private(set) var head: SignedHead?
    private var lines: HeaderLines?
    private var body: ByteBuffer?
    private(set) var reply = ByteBuffer()
    private var replyBytesMax = 0
    private(set) var queue = DispatchQueue.main
    private(set) var completion: (@Sendable (HTTPExchange) -> Void)?

    // The reply.
    private(set) var status = 0
    private(set) var crc32: UInt32?
    private(set) var isGzip = false
    private(set) var requestID = RequestID()
    /// Bytes of body received, whether kept or not.
    private(set) var bodyLength = 0
    /// The body as sent: the reply buffer, or one aside when it is compressed.
    private(set) var wire: ByteBuffer
    var failure: TransferFailure?
    /// How often the request was sent: more than once when a kept connection had ended.
    var sendings = 0

    /// Where it stands in the engine's list of transfers.
    var slot = 0

    /// The header lines of the reply, with their ends; nil where they are not needed.
    let fields: ByteBuffer?
    /// What comes after so many bytes of them is not kept.
    static let fieldsBytesMax = 65_536

    private let compressed = ByteBuffer()
    private let date = UnsafeMutableRawBufferPointer.allocate(byteCount: 29, alignment: 1)
    private var hasDate = false

    /// Error replies are kept up to this size, however little is wanted of good ones.
    static let errorBytesMax = 16_384

    init(_ easy: CurlEasy, fields: ByteBuffer? = nil) {
        self.easy = easy
        self.fields = fields
        wire = reply
        easy.setOwner(self)
    }

    deinit { date.deallocate() }

    /// Takes a copy of `template` unless it has one, and signs `body` with it.
    func sign(_ body: ByteBuffer, with template: SigningTemplate, at time: UTCTime) {
        if head?.template !== template {
            let head = SignedHead(template)
            easy.setHeaders(CurlHeaders(head.bytes, lineOffsets: template.lineOffsets))
            self.head = head
        }
        head?.sign(body.bytes, at: time)
    }

    /// Sets up the next request: `completion` is called once on `queue`.
    func prepare(
        body: ByteBuffer, reply: ByteBuffer, replyBytesMax: Int, queue: DispatchQueue,
        completion: @escaping @Sendable (HTTPExchange) -> Void
    ) {
        easy.setBody(body.bytes)
        self.body = body
        self.reply = reply
        self.replyBytesMax = replyBytesMax
        self.queue = queue
        self.completion = completion
        failure = nil
        sendings = 0
        forgetReply()
    }

    /// Makes what has been prepared a request of any method to any URL.
    func setRequest(_ request: SignedRequest, route: ProxyRules.Route) {
        let lines = HeaderLines(request.lines)
        easy.setRequest(request.method, request.url)
        easy.setHeaders(lines.list)
        easy.setRoute(route)
        self.lines = lines
    }

    /// Lets go of everything that is the caller's.
    func finish() {
        body = nil
        completion = nil
        reply = compressed
        wire = compressed
        compressed.removeAll()
    }

    private func forgetReply() {
        status = 0
        crc32 = nil
        isGzip = false
        hasDate = false
        bodyLength = 0
        requestID = RequestID()
        fields?.removeAll()
        wire = reply
        reply.removeAll()
        compressed.removeAll()
    }

    /// The server's clock when it answered.
    var serverTime: UTCTime? {
        hasDate ? UTCTime(httpDate: UnsafeRawBufferPointer(date)) : nil
    }

    var isKept: Bool { wire.count == bodyLength }

    /// As much of a body is kept, compressed or inflated.
    var bytesMax: Int {
        200..<300 ~= status ? replyBytesMax : max(replyBytesMax, Self.errorBytesMax)
    }

    // MARK: on the engine's thread

    func receive(body bytes: UnsafeRawBufferPointer) {
        bodyLength += bytes.count
        if bodyLength <= bytesMax {
            wire.append(bytes)
        } else {
            wire.removeAll()
        }
    }

    func receive(header line: UnsafeRawBufferPointer) {
        guard let first = line.first else { return }
        switch first | 0x20 {
        case 0x68 where HTTPHeader.isStatusLine(line):
            // A new head: the one before was interim (RFC 9110 section 15.2) or a lost attempt's.
            forgetReply()
            status = HTTPHeader.number(line, from: 9)
        case 0x78:  // x
            if let value = HTTPHeader.value(line, of: "x-amz-crc32") {
                crc32 = UInt32(exactly: HTTPHeader.number(line, from: value.lowerBound))
            } else if let value = HTTPHeader.value(line, of: "x-amzn-requestid") {
                requestID = RequestID(UnsafeRawBufferPointer(rebasing: line[value]))
            }
        case 0x63:  // c
            if let value = HTTPHeader.value(line, of: "content-length") {
                reserve(HTTPHeader.number(line, from: value.lowerBound))
            } else if let value = HTTPHeader.value(line, of: "content-encoding") {
                isGzip = line[value].elementsEqual("gzip".utf8)
                if isGzip { wire = compressed }
            }
        case 0x64:  // d
            if let value = HTTPHeader.value(line, of: "date"), value.count == date.count {
                date.copyMemory(from: UnsafeRawBufferPointer(rebasing: line[value]))
                hasDate = true
            }
        default: break
        }
    }

    /// The same where the header lines are wanted. An object is given as it is stored: that it says
    /// of itself to be compressed is no encoding of the reply.
    func keep(header line: UnsafeRawBufferPointer) {
        guard let fields else { return }
        if HTTPHeader.value(line, of: "content-encoding") == nil { receive(header: line) }
        if fields.count + line.count <= Self.fieldsBytesMax { fields.append(line) }
    }

    /// Content-Length may stand before Content-Encoding, so a compressed reply may have reserved
    /// its (smaller) size in the reply's buffer, where it will be needed anyway.
    private func reserve(_ contentLength: Int) {
        if contentLength <= bytesMax { wire.reserve(contentLength) }
    }
}

/// Reads header lines without making text of them.
enum HTTPHeader {
    /// The range of the value in `line` when its name is `name` (in lower case), without white
    /// space around it; nil when the name is another.
    static func value(_ line: UnsafeRawBufferPointer, of name: StaticString) -> Range<Int>? {
        let length = name.utf8CodeUnitCount
        guard line.count > length, line[length] == 0x3A else { return nil }
        for index in 0..<length where line[index] | 0x20 != name.utf8Start[index] | 0x20 {
            return nil
        }
        var start = length + 1
        var end = line.count
        while start < end, line[start] <= 0x20 { start += 1 }
        while end > start, line[end - 1] <= 0x20 { end -= 1 }
        return start..<end
    }

    static func isStatusLine(_ line: UnsafeRawBufferPointer) -> Bool {
        line.count >= 12 && line[4] == 0x2F && line[..<4].elementsEqual("HTTP".utf8)
    }

    /// The decimal number that starts at `offset`, which is -1 when there is none or it is beyond
    /// 18 digits.
    static func number(_ line: UnsafeRawBufferPointer, from offset: Int) -> Int {
        var value = 0
        var index = offset
        while index < line.count, line[index] >= 0x30, line[index] <= 0x39 {
            guard index - offset < 18 else { return -1 }
            value = value * 10 + Int(line[index] - 0x30)
            index += 1
        }
        return index == offset ? -1 : value
    }
}
