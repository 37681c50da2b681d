import Foundation
import System

/// A server on loopback that answers each request as its script says, faults included.
///
/// It speaks just enough HTTP/1.1 to read requests with a Content-Length, and writes replies byte
/// for byte as told. One thread a connection.
package final class ScriptedServer: @unchecked Sendable {
    // @unchecked: what changes is behind `state`'s lock.

    package struct Request: Sendable {
        /// Counts from 0, over all connections.
        package var number: Int
        package var connection: Int
        /// Counts from 0 on its connection.
        package var numberOnConnection: Int
        package var head: String
        package var body: [UInt8]

        package func header(_ name: String) -> String? {
            for line in head.components(separatedBy: "\r\n").dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                    return parts[1].trimmingCharacters(in: .whitespaces)
                }
            }
            return nil
        }
    }

    package enum Answer: Sendable {
        case bytes([UInt8])
        /// The bytes, then the end of the connection.
        case bytesAndClose([UInt8])
        /// The bytes, then nothing, with the connection left open.
        case bytesAndStall([UInt8])
        /// A TCP reset in the place of an answer.
        case reset
    }

    private struct State {
        var connections: [Int32] = []
        var accepted = 0
        var requests: [Request] = []
        var isStopped = false
    }

    package let port: UInt16
    private let listener: Int32
    private let state = Locked(State())
    private let script: @Sendable (Request) -> Answer

    package init(_ script: @escaping @Sendable (Request) -> Answer) throws {
        self.script = script
        listener = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) | listen(listener, 512)
                    | getsockname(listener, $0, &length)
            }
        }
        guard status == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
        Thread { [self] in acceptAll() }.start()
    }

    package var url: String { "http://127.0.0.1:\(port)" }
    package var accepted: Int { state.withLock { $0.accepted } }
    package var requests: [Request] { state.withLock { $0.requests } }

    package func stop() {
        let connections = state.withLock { state in
            state.isStopped = true
            return state.connections
        }
        shutdown(listener, Int32(SHUT_RDWR))
        for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }

    private func acceptAll() {
        while true {
            // A child that another test starts must not inherit it, or closing it here would leave
            // it open there, and the client waiting.
            let connection = accept(listener, nil, nil)
            if connection >= 0 { _ = fcntl(connection, F_SETFD, FD_CLOEXEC) }
            guard connection >= 0 else { break }
            var one: Int32 = 1
            setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
            let index = state.withLock { state -> Int? in
                if state.isStopped { return nil }
                state.connections.append(connection)
                state.accepted += 1
                return state.accepted - 1
            }
            guard let index else {
                close(connection)
                break
            }
            Thread { [self] in serve(connection, index) }.start()
        }
        close(listener)
    }

    private func serve(_ connection: Int32, _ index: Int) {
        defer {
            state.withLock { state in
                state.connections.removeAll { $0 == connection }
                _ = close(connection)
            }
        }
        var buffer: [UInt8] = []
        var count = 0
        while let (head, body) = readRequest(connection, &buffer) {
            let request = state.withLock { state in
                let request = Request(
                    number: state.requests.count, connection: index, numberOnConnection: count,
                    head: head, body: body)
                state.requests.append(request)
                return request
            }
            count += 1
            switch script(request) {
            case .bytes(let bytes): write(bytes, to: connection)
            case .bytesAndClose(let bytes):
                write(bytes, to: connection)
                return
            case .bytesAndStall(let bytes):
                write(bytes, to: connection)
                var rest: [UInt8] = []
                _ = readRequest(connection, &rest)  // nil when the client goes away
                return
            case .reset:
                var linger = linger(l_onoff: 1, l_linger: 0)
                let size = socklen_t(MemoryLayout.size(ofValue: linger))
                setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, size)
                return
            }
        }
    }

    /// Reads one request, which may be in `buffer` already in part; nil at the end.
    private func readRequest(
        _ connection: Int32, _ buffer: inout [UInt8]
    ) -> (head: String, body: [UInt8])? {
        let separator = Array("\r\n\r\n".utf8)
        while true {
            if let end = buffer.firstRange(of: separator) {
                let head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
                let length = Self.contentLength(head)
                if buffer.count >= end.upperBound + length {
                    let body = Array(buffer[end.upperBound..<(end.upperBound + length)])
                    buffer.removeFirst(end.upperBound + length)
                    return (head, body)
                }
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffer += chunk[..<count]
        }
    }

    private static func contentLength(_ head: String) -> Int {
        for line in head.components(separatedBy: "\r\n") {
            if line.lowercased().hasPrefix("content-length:") {
                return Int(line.dropFirst(15).trimmingCharacters(in: .whitespaces)) ?? 0
            }
        }
        return 0
    }

    private func write(_ bytes: [UInt8], to connection: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}

/// Replies as DynamoDB sends them, or as it would not.
package enum Canned {
    package static func reply(
        _ body: [UInt8], status: Int = 200, headers: [String] = [], crc32: UInt32? = nil,
        length: Int? = nil
    ) -> [UInt8] {
        let checksum = crc32 ?? body.withUnsafeBytes { Checksum.crc32($0) }
        let lines =
            [
                "HTTP/1.1 \(status) Reason", "Server: Server",
                "Content-Type: application/x-amz-json-1.0",
                "Content-Length: \(length ?? body.count)",
                "x-amzn-RequestId: REQUEST0123456789REQUEST0123456789REQUEST0123456789",
                "x-amz-crc32: \(checksum)",
            ] + headers
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    package static func reply(
        _ body: String, status: Int = 200, headers: [String] = []
    ) -> [UInt8] {
        reply(Array(body.utf8), status: status, headers: headers)
    }

    package static func error(
        _ code: String, _ message: String = "no", status: Int = 400, headers: [String] = []
    ) -> [UInt8] {
        let body =
            "{\"__type\":\"com.amazonaws.dynamodb.v20120810#\(code)\",\"message\":\"\(message)\"}"
        return reply(body, status: status, headers: headers)
    }
}
