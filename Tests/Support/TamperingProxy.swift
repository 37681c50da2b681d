import Foundation
import HTTPServer
import JSON
import Pacing
import System

/// Stands on the wire between a program and a server that speaks DynamoDB's JSON, and changes
/// replies.
///
/// ```swift
/// let proxy = try TamperingProxy(before: server.url) { exchange in
///     exchange.operation == "Scan" ? exchange.reply.setting("Count", to: -1) : nil
/// }
/// ```
///
/// What a hook has changed gets its own checksum: it is what the server says.
package final class TamperingProxy: Sendable {
    /// One request and what the server answers.
    package struct Exchange: Sendable {
        /// `Scan`
        package let operation: String
        /// Requests of this operation before this one.
        package let number: Int
        package let request: JSON
        package var status: Int
        package var reply: JSON
    }

    /// What is answered instead; nil: what the server says. Called on the proxy's threads.
    package typealias Hook = @Sendable (Exchange) -> Exchange?

    /// What the server is asked instead; nil: what was asked. Called on the proxy's threads.
    package typealias Forwarding = @Sendable (_ operation: String, _ request: JSON) -> JSON?

    private let server: HTTPServer
    private let counts: Locked<[String: Int]>

    package init(
        before upstream: String, _ hook: @escaping Hook,
        forwarding: @escaping Forwarding = { _, _ in nil }
    ) throws {
        let counts = Locked<[String: Int]>([:])
        self.counts = counts
        var options = HTTPServer.Options()
        options.threads = 2
        server = try HTTPServer(options) { Relay(upstream, counts, forwarding, hook) }
        server.start()
    }

    deinit { server.stop() }

    package var url: String { server.endpoint }

    /// How often each operation was asked for.
    package var requests: [String: Int] { counts.withLock { $0 } }
}

extension TamperingProxy.Exchange {
    /// The same, but for its reply.
    package func answering(_ reply: JSON) -> Self {
        var exchange = self
        exchange.reply = reply
        return exchange
    }

    /// The same, with another value at a path (`Table.KeySchema.AttributeName`): in the first
    /// element of lists. nil: the last name is taken away. nil when there is no such path.
    package func setting(_ path: String, to value: JSON?) -> Self? {
        reply.setting(path.split(separator: ".").map(String.init)[...], to: value).map(answering)
    }
}

extension JSON {
    fileprivate func setting(_ path: ArraySlice<String>, to value: JSON?) -> JSON? {
        guard let name = path.first else { return value }
        if case .array(var elements) = self {
            guard let first = elements.first, let changed = first.setting(path, to: value) else {
                return nil
            }
            elements[0] = changed
            return .array(elements)
        }
        guard members != nil else { return nil }
        var changed = self
        if path.count == 1 {
            changed[name] = value
            return changed
        }
        // `*` is any name.
        let key = name == "*" ? members?.first?.name : name
        guard let key, let inner = self[key]?.setting(path.dropFirst(), to: value) else {
            return nil
        }
        changed[key] = inner
        return changed
    }
}

/// Answers for one loop: asks the server, on a connection of its own, and waits.
private final class Relay: RequestHandler {
    private let upstream: String
    private let counts: Locked<[String: Int]>
    private let forwarding: TamperingProxy.Forwarding
    private let hook: TamperingProxy.Hook
    private var connection: UpstreamConnection?

    init(
        _ upstream: String, _ counts: Locked<[String: Int]>,
        _ forwarding: @escaping TamperingProxy.Forwarding, _ hook: @escaping TamperingProxy.Hook
    ) {
        self.forwarding = forwarding
        self.upstream = upstream
        self.counts = counts
        self.hook = hook
    }

    func answer(
        _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, into output: inout ByteStorage
    ) -> HTTPAnswer {
        var answer = HTTPAnswer(
            contentType: "application/x-amz-json-1.0", bodyStart: output.count)
        let body = Array(bytes[request.body])
        let target = request.amzTarget.map { String(decoding: bytes[$0], as: UTF8.self) } ?? ""
        let operation = target.split(separator: ".").last.map(String.init) ?? ""
        let number = counts.withLock { counts in
            counts[operation, default: 0] += 1
            return (counts[operation] ?? 1) - 1
        }
        let request = (try? JSON(parsing: body)) ?? .null
        guard let (status, reply) = ask(target, forwarding(operation, request)?.bytes ?? body)
        else {
            answer.disturbance = .drop
            return answer
        }
        var exchange = TamperingProxy.Exchange(
            operation: operation, number: number, request: request, status: status,
            reply: (try? JSON(parsing: reply)) ?? .null)
        if let changed = hook(exchange) {
            exchange = changed
            output.append(array: exchange.reply.bytes)
        } else {
            output.append(array: reply)
        }
        answer.status = exchange.status
        return answer
    }

    private func ask(_ target: String, _ body: [UInt8]) -> (status: Int, body: [UInt8])? {
        for _ in 0..<2 {
            if connection == nil { connection = UpstreamConnection(upstream) }
            if let reply = connection?.ask(target, body) { return reply }
            connection = nil  // it had ended while it was idle
        }
        return nil
    }

    func refuse(_ refusal: HTTPRefusal, into output: inout ByteStorage) -> String {
        output.append(array: (["__type": .string(refusal.name)] as JSON).bytes)
        return "application/json"
    }
}

/// A connection to a server on loopback that blocks, and reads replies with a Content-Length.
private final class UpstreamConnection {
    private let descriptor: Int32
    private let host: String
    private var unread: [UInt8] = []

    init?(_ url: String) {
        guard let place = URL(string: url), let port = place.port else { return nil }
        host = "127.0.0.1:\(port)"
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        guard status == 0 else { return nil }
    }

    deinit { close(descriptor) }

    func ask(_ target: String, _ body: [UInt8]) -> (status: Int, body: [UInt8])? {
        // No server that is asked here checks signatures; moto wants to see a region.
        let head = """
            POST / HTTP/1.1\r
            Host: \(host)\r
            X-Amz-Target: \(target)\r
            Content-Type: application/x-amz-json-1.0\r
            Authorization: AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/dynamodb/aws4_request, \
            SignedHeaders=host, Signature=0\r
            Content-Length: \(body.count)\r
            \r

            """
        guard send(Array(head.utf8) + body), let (status, length) = readHead() else { return nil }
        guard fill(length) else { return nil }
        defer { unread.removeFirst(length) }
        return (status, Array(unread[..<length]))
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    private func readHead() -> (status: Int, length: Int)? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = unread.firstRange(of: end) {
                let head = String(decoding: unread[..<range.lowerBound], as: UTF8.self)
                unread.removeFirst(range.upperBound)
                let lines = head.components(separatedBy: "\r\n")
                let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) }
                let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
                guard let status, let length else { return nil }
                return (status, length)
            }
            guard receive() else { return nil }
        }
    }

    private func fill(_ count: Int) -> Bool {
        while unread.count < count { guard receive() else { return false } }
        return true
    }

    private func receive() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        unread += chunk[..<count]
        return true
    }
}
