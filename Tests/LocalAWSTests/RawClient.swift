import Glibc
import JSON
import System

@testable import LocalAWS

/// One connection to the server under test, byte by byte. It waits at most ten seconds for
/// anything.
final class RawClient {
    struct Reply: Equatable {
        var status = 0
        /// Names in lower case.
        var headers: [String: String] = [:]
        var body: [UInt8] = []

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSON? { try? JSON(parsing: body) }

        /// The error's name without its namespace.
        var error: String? {
            (json?["__type"]?.string?.split(separator: "#").last).map(String.init)
        }

        var message: String { json?["message"]?.string ?? json?["Message"]?.string ?? "" }
    }

    struct Failure: Error {
        let what: String
    }

    let port: UInt16
    private let descriptor: Int32
    private var pending: [UInt8] = []

    init(port: UInt16) throws {
        self.port = port
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failure(what: "connect: \(errno)") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(what: "send: \(errno)") }
            sent += count
        }
    }

    /// Tells the server that nothing more will come.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads what has come; empty at the end of the connection.
    private func receive() throws -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count >= 0 else { throw Failure(what: "recv: \(errno)") }
        return Array(chunk[..<count])
    }

    /// Everything up to the end of the connection.
    func readToEnd() throws -> [UInt8] {
        var all = pending
        pending = []
        while case let chunk = try receive(), !chunk.isEmpty { all += chunk }
        return all
    }

    /// Bytes up to a mark, which is consumed too.
    private func read(through mark: String) throws -> String {
        let mark = Array(mark.utf8)
        while true {
            if let start = Self.find(mark, in: pending) {
                let found = pending[..<start]
                pending.removeFirst(start + mark.count)
                return String(decoding: found, as: UTF8.self)
            }
            let chunk = try receive()
            guard !chunk.isEmpty else { throw Failure(what: "the connection ended") }
            pending += chunk
        }
    }

    private static func find(_ mark: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= mark.count else { return nil }
        return (0...(bytes.count - mark.count)).first {
            bytes[$0] == mark[0] && bytes[$0..<($0 + mark.count)].elementsEqual(mark)
        }
    }

    /// - Parameter toHead: whether the reply says how long a body would be that does not come.
    func reply(toHead: Bool = false) throws -> Reply {
        var reply = Reply()
        let lines = try read(through: "\r\n\r\n").split(separator: "\r\n")
        reply.status = Int(lines[0].split(separator: " ")[1]) ?? 0
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            reply.headers[pair[0].lowercased()] = pair[1].drop { $0 == " " }.description
        }
        let length = toHead ? 0 : Int(reply.headers["content-length"] ?? "0") ?? 0
        while pending.count < length {
            let chunk = try receive()
            guard !chunk.isEmpty else { throw Failure(what: "the reply was cut short") }
            pending += chunk
        }
        reply.body = Array(pending[..<length])
        pending.removeFirst(length)
        return reply
    }

    /// A request's bytes.
    static func request(
        _ operation: String, _ body: [UInt8], headers: [String] = []
    ) -> [UInt8] {
        let head =
            ([
                "POST / HTTP/1.1", "Host: localhost",
                "X-Amz-Target: DynamoDB_20120810.\(operation)",
                "Content-Type: application/x-amz-json-1.0", "Content-Length: \(body.count)",
            ] + headers).joined(separator: "\r\n")
        return Array("\(head)\r\n\r\n".utf8) + body
    }

    @discardableResult
    func call(
        _ operation: String, _ body: JSON, headers: [String] = []
    ) throws -> Reply {
        try send(Self.request(operation, body.bytes, headers: headers))
        return try reply()
    }
}

/// A server with some tables, running while `body` does.
func withServer(
    _ options: ServerOptions = ServerOptions(), _ body: (LocalServer) throws -> Void
) throws {
    let server = try LocalServer(options)
    server.start()
    defer { server.stop() }
    try body(server)
}

extension ServerOptions {
    /// The defaults with changes; tables are ready at once.
    static func with(_ change: (inout ServerOptions) -> Void) -> ServerOptions {
        var options = ServerOptions()
        options.phaseDuration = .zero
        change(&options)
        return options
    }
}
