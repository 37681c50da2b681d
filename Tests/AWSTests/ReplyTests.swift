import Foundation
import System
import TestSupport
import Testing

@testable import AWS

/// Goal: a reply is taken only when its bytes are those that were sent, and every other one becomes
/// the right error. Method: a server that sends each kind of broken reply.
@Suite(.timeLimit(.minutes(20))) struct ReplyTests {
    private func result(
        of answer: ScriptedServer.Answer, replyBytesMax: Int = 1 << 20,
        client adjust: (inout Client.Configuration) -> Void = { _ in }
    ) async throws -> Result<Reply, AWSError> {
        let server = try ScriptedServer { _ in answer }
        defer { server.stop() }
        let client = try await TestClient.make(server.url, client: adjust)
        return await client.attempt(replyBytesMax: replyBytesMax)
    }

    @Test func `the checksum is the CRC-32 of RFC 1952`() {
        // The check value of "CRC-32/ISO-HDLC" in the catalogue of parametrised CRC algorithms.
        #expect(Array("123456789".utf8).withUnsafeBytes(Checksum.crc32) == 0xCBF4_3926)
        #expect(Checksum.crc32(UnsafeRawBufferPointer(start: nil, count: 0)) == 0)
    }

    @Test func `a good reply brings its bytes, request id and latency`() async throws {
        let reply = try await result(of: .bytes(Canned.reply("{\"Table\":{}}"))).get()
        #expect(reply.body.text == "{\"Table\":{}}")
        #expect(reply.isComplete && reply.fullLength == 12)
        #expect(
            reply.requestID.description == "REQUEST0123456789REQUEST0123456789REQUEST0123456789")
        #expect(reply.latency > .zero && reply.latency < .seconds(60))
        let bytes = reply.body.bytes
        let padding = UnsafeRawBufferPointer(
            start: bytes.baseAddress! + bytes.count, count: ByteBuffer.paddingBytes)
        #expect(padding.allSatisfy { $0 == 0 })
    }

    @Test func `the request is a signed POST without headers of libcurl's own`() async throws {
        let server = try ScriptedServer { _ in .bytes(Canned.reply("{}")) }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        let body = "{\"TableName\":\"" + String(repeating: "x", count: 2_000_000) + "\"}"
        _ = try await client.attempt(.scan, body: body).get()
        let request = try #require(server.requests.first)
        #expect(String(decoding: request.body, as: UTF8.self) == body)
        #expect(request.head.hasPrefix("POST / HTTP/1.1\r\n"))
        let names = request.head.components(separatedBy: "\r\n").dropFirst()
            .map { $0.prefix { $0 != ":" }.lowercased() }
        #expect(
            names.sorted() == [
                "accept-encoding", "authorization", "content-length", "content-type", "host",
                "user-agent", "x-amz-date", "x-amz-security-token", "x-amz-target",
            ])
        #expect(request.header("X-Amz-Target") == "DynamoDB_20120810.Scan")
        #expect(request.header("Host") == "127.0.0.1:\(server.port)")
        #expect(request.header("Accept-Encoding") == "identity")

        // What arrived is what was signed.
        let date = try #require(request.header("X-Amz-Date"))
        let signer = Signer(
            credentials: Credentials(
                accessKeyID: "AKIDEXAMPLE", secretAccessKey: TestClient.secret,
                sessionToken: TestClient.token), region: "us-east-1", service: "dynamodb")
        let parser = DateFormatter()
        parser.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
        parser.timeZone = TimeZone(identifier: "UTC")
        let time = try #require(parser.date(from: date)).timeIntervalSince1970
        let signed = signer.sign(
            .init(
                method: "POST", path: "/",
                headers: ["Content-Type", "Host", "X-Amz-Target"].map {
                    ($0, request.header($0) ?? "")
                }, body: request.body), at: UTCTime(secondsSinceEpoch: Int(clamping: time)))
        #expect(request.header("Authorization") == signed.headers.last?.value)
    }

    @Test func `a reply whose checksum is wrong is retried`() async throws {
        let bytes = Canned.reply(Array("{}".utf8), crc32: 1)
        let error = try await result(of: .bytes(bytes)).failure
        #expect(error?.localCode == .crcMismatch)
        #expect(error?.remedy == .retry && error?.isOutcomeUnknown == true)
    }

    @Test func `a reply that ends early is retried`() async throws {
        let bytes = Canned.reply(Array("{\"a".utf8), length: 100)
        let error = try await result(of: .bytesAndClose(bytes)).failure
        #expect(error?.localCode == .truncatedReply)
        #expect(error?.remedy == .retry && error?.isOutcomeUnknown == true)
    }

    /// Goal: a proxy's page passes where the operation was answered before; one that is all there
    /// ever is, and JSON that is no object, are asked for a few times only.
    @Test func `a page of HTML with status 200 is retried, as long as it may pass`() async throws {
        let error = try await result(of: .bytes(Canned.reply("<html></html>"))).failure
        #expect(error?.localCode == .absurdReply && error?.remedy == .retry)
        let bodies = Locked(["{}", "<html></html>", "[]"])
        let server = try ScriptedServer { _ in
            .bytes(Canned.reply(bodies.withLock { $0.removeFirst() }))
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        #expect(await client.attempt().failure == nil)
        #expect(await client.attempt().failure?.localCode == .malformedReply)
        #expect(await client.attempt().failure?.localCode == .absurdReply)
    }

    @Test func `what is no HTTP is retried, with a hint`() async throws {
        let error = try await result(of: .bytesAndClose(Array("SSH-2.0-OpenSSH\r\n".utf8))).failure
        #expect(error?.localCode == .malformedReply && error?.remedy == .retry)
        #expect(error?.hint?.contains("https://") == true)
    }

    @Test func `an empty body is a reply`() async throws {
        let reply = try await result(of: .bytes(Canned.reply(""))).get()
        #expect(reply.body.count == 0 && reply.isComplete)
    }

    @Test func `interim replies are passed over`() async throws {
        let interim = Array("HTTP/1.1 100 Continue\r\nx-amz-crc32: 5\r\n\r\n".utf8)
        let reply = try await result(of: .bytes(interim + Canned.reply("{}"))).get()
        #expect(reply.body.text == "{}")
    }

    @Test func `a chunked reply is a reply`() async throws {
        let text =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
        #expect(try await result(of: .bytes(Array(text.utf8))).get().body.text == "{}")
    }

    @Test(arguments: [99, 100, 101])
    func `a reply is kept up to the limit and measured beyond it`(limit: Int) async throws {
        let body = "{" + String(repeating: " ", count: 98) + "}"
        let reply = try await result(of: .bytes(Canned.reply(body)), replyBytesMax: limit).get()
        #expect(reply.fullLength == 100)
        #expect(reply.isComplete == (limit >= 100))
        #expect(reply.body.count == (limit >= 100 ? 100 : 0))
    }

    @Test func `a reply of any length goes through a small limit without memory`() async throws {
        let body = [UInt8](repeating: 0x20, count: 3_000_000)
        let buffer = ByteBuffer()
        let server = try ScriptedServer { _ in .bytes(Canned.reply(body)) }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        let reply = try await client.attempt(.scan, reply: buffer, replyBytesMax: 1_000).get()
        #expect(reply.fullLength == 3_000_000 && !reply.isComplete)
        #expect(buffer.capacity < 200_000)
        let whole = await client.attempt(.scan, replyBytesMax: 4_000_000)
        #expect(whole.failure?.localCode == .absurdReply, "it is no JSON object")
    }

    // `{"a":1}` and 1,000 times `{"a":"aaaaaaaaaa"}` by gzip -9n.
    private static func gzip(_ text: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", "-9nc"]
        let (stdin, stdout) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        try process.run()
        stdin.fileHandleForWriting.write(Data(text.utf8))
        try stdin.fileHandleForWriting.close()
        let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Array(output)
    }

    @Test func `a compressed reply is inflated after its checksum is checked`() async throws {
        let text = "{\"a\":\"" + String(repeating: "abc", count: 10_000) + "\"}"
        let gzipped = try Self.gzip(text)
        let answer = Canned.reply(gzipped, headers: ["Content-Encoding: gzip"])
        let server = try ScriptedServer { _ in .bytes(answer) }
        defer { server.stop() }
        let client = try await TestClient.make(server.url, client: { $0.acceptsGzip = true })
        for _ in 0..<3 {
            let reply = try await client.attempt(.scan).get()
            #expect(reply.body.text == text && reply.isComplete)
        }
        #expect(server.requests.first?.header("Accept-Encoding") == "gzip")
        let short = try await client.attempt(.scan, replyBytesMax: text.utf8.count - 1).get()
        #expect(short.fullLength == text.utf8.count && short.body.count == 0)
        // So short a limit drops the compressed bytes already; the length is then that of those.
        let shortest = try await client.attempt(.scan, replyBytesMax: 10).get()
        #expect(!shortest.isComplete)
    }

    @Test func `a compressed reply with a wrong checksum or broken data is retried`() async throws {
        var gzipped = try Self.gzip("{\"a\":1}")
        let wrong = Canned.reply(gzipped, headers: ["Content-Encoding: gzip"], crc32: 1)
        #expect(try await result(of: .bytes(wrong)).failure?.localCode == .crcMismatch)
        gzipped[gzipped.count - 6] ^= 1
        let broken = Canned.reply(gzipped, headers: ["Content-Encoding: gzip"])
        #expect(try await result(of: .bytes(broken)).failure?.localCode == .malformedReply)
        let cut = Canned.reply(Array(gzipped.dropLast(3)), headers: ["Content-Encoding: gzip"])
        #expect(try await result(of: .bytes(cut)).failure?.localCode == .malformedReply)
    }

    @Test func `an error is read whatever little was wanted of a reply`() async throws {
        let bytes = Canned.error("ThrottlingException", String(repeating: "x", count: 5_000))
        let error = try await result(of: .bytes(bytes), replyBytesMax: 10).failure
        #expect(error?.code == "ThrottlingException" && error?.remedy == .slowDown)
        #expect(error?.requestID?.hasPrefix("REQUEST") == true)
    }
}
