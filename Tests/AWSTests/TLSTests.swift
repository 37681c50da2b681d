import Foundation
import Pacing
import System
import TestSupport
import Testing

@testable import AWS

/// A TLS server on loopback, by `openssl s_server`, that answers each request with `{}`.
private final class TLSServer: @unchecked Sendable {
    // @unchecked: set up in `init`; later only `stop` touches it, from the test.
    let port: Int
    let certificate: String
    private let process = Process()
    private let folder: URL

    /// `host` is what the certificate, which signs itself, is for.
    init(host: String) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "dynaferry-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appending(path: "cert.pem").path
        let key = folder.appending(path: "key.pem").path
        let make = Process()
        make.executableURL = URL(filePath: "/usr/bin/env")
        make.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=\(host)",
            "-keyout", key, "-out", certificate,
        ]
        make.standardError = FileHandle.nullDevice
        try make.run()
        make.waitUntilExit()

        let (stdin, stdout) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key,
        ]
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = FileHandle.nullDevice
        try process.run()
        var said = ""
        while !said.contains("\n") || Self.port(in: said) == nil {
            let data = stdout.fileHandleForReading.availableData
            if data.isEmpty { throw POSIXError(.EADDRNOTAVAIL) }
            said += String(decoding: data, as: UTF8.self)
        }
        port = Self.port(in: said) ?? 0
        // s_server prints what it receives and sends what it reads.
        Thread {
            var received = ""
            while true {
                let data = stdout.fileHandleForReading.availableData
                if data.isEmpty { break }
                received += String(decoding: data, as: UTF8.self)
                if received.contains("POST / HTTP/1.1") {
                    received = ""
                    try? stdin.fileHandleForWriting.write(contentsOf: Canned.reply("{}"))
                }
            }
        }.start()
    }

    /// It says `ACCEPT 127.0.0.1:40000`.
    private static func port(in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix("ACCEPT ") {
            if let port = line.split(separator: ":").last.flatMap({ Int($0) }) { return port }
        }
        return nil
    }

    func stop() {
        // A child of a Dispatch thread inherits that thread's blocked signals, SIGTERM among them.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }
}

/// Goal: TLS is verified always, and a mistake about it is told at once and clearly.
/// Method: `openssl s_server` with certificates made for the test, and a server without TLS.
@Suite(.serialized, .tags(.timeBound), .timeLimit(.minutes(20)))
struct TLSTests {
    private func failure(
        of url: String, caBundle: String? = nil
    ) async throws -> (error: AWSError?, time: Duration) {
        let client = try await TestClient.make(url, caBundle: caBundle)
        let start = MonotonicTime().now
        let error = await #expect(throws: AWSError.self) {
            _ = try await client.call(.describeTable, [:], repeatable: true)
        }
        return (error, MonotonicTime().now - start)
    }

    @Test func `a certificate of its own is trusted when named, and only then`() async throws {
        let server = try TLSServer(host: "IP:127.0.0.1")
        defer { server.stop() }
        let url = "https://127.0.0.1:\(server.port)"
        let (error, time) = try await failure(of: url)
        #expect(error?.localCode == .tlsFailure && error?.remedy == .giveUp)
        #expect(error?.hint?.contains("--ca-bundle") == true && error?.isOutcomeUnknown == false)
        #expect(time < TestClient.promptly)

        let client = try await TestClient.make(url, caBundle: server.certificate)
        let reply = try await client.call(.describeTable, [:], repeatable: true)
        #expect(reply == [:])
    }

    @Test func `credentials are asked for of trusted hosts only`() async throws {
        let server = try TLSServer(host: "IP:127.0.0.1")
        defer { server.stop() }
        let call = HTTPCall(method: .post, url: "https://127.0.0.1:\(server.port)/")
        let failure = await #expect(throws: TransferFailure.self) {
            _ = try await HTTPCaller().answer(to: call)
        }
        #expect(failure?.kind == .tlsFailure)
        let trust = TrustedCertificates(file: server.certificate)
        let answer = try await HTTPCaller(trust: trust).answer(to: call)
        #expect(answer.status == 200 && answer.body == Array("{}".utf8))
    }

    @Test func `a trusted certificate for another host is refused`() async throws {
        let server = try TLSServer(host: "DNS:elsewhere.example")
        defer { server.stop() }
        let (error, _) = try await failure(
            of: "https://127.0.0.1:\(server.port)", caBundle: server.certificate)
        #expect(error?.localCode == .tlsFailure && error?.remedy == .giveUp)
    }

    @Test func `TLS to a plain port fails at once, with a hint`() async throws {
        let server = try ScriptedServer { _ in .bytes(Canned.reply("{}")) }
        defer { server.stop() }
        // A server that reads lines answers a TLS greeting with an error page.
        let talkative = try PlainTalker()
        defer { talkative.stop() }
        let (error, time) = try await failure(of: "https://127.0.0.1:\(talkative.port)")
        #expect(error?.localCode == .tlsFailure && error?.remedy == .giveUp)
        #expect(error?.hint?.contains("http://") == true)
        #expect(time < TestClient.promptly)

        // One that waits for the end of the head never answers at all.
        let (silent, silentTime) = try await failure(of: "https://127.0.0.1:\(server.port)")
        #expect(silent?.localCode == .connectionFailed && silentTime < TestClient.promptly)
    }

    @Test func `plain HTTP to a TLS port fails at once, with a hint`() async throws {
        let server = try TLSServer(host: "IP:127.0.0.1")
        defer { server.stop() }
        let (error, time) = try await failure(of: "http://127.0.0.1:\(server.port)")
        #expect(error?.hint?.contains("https://") == true, "\(String(describing: error))")
        #expect(time < TestClient.promptly)
    }
}

/// Answers whatever comes first with an HTTP error page.
private final class PlainTalker: @unchecked Sendable {
    // @unchecked: everything is set in `init`.
    let port: UInt16
    private let listener: Int32

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) | listen(listener, 16)
                    | getsockname(listener, $0, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        Thread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                var byte: UInt8 = 0
                _ = recv(connection, &byte, 1, 0)
                let page = Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".utf8)
                _ = send(connection, page, page.count, Int32(MSG_NOSIGNAL))
                _ = shutdown(connection, Int32(SHUT_WR))
                while recv(connection, &byte, 1, 0) > 0 {}
                close(connection)
            }
            close(listener)
        }.start()
    }

    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }
}
