import Pacing
import System
import TestSupport
import Testing

@testable import AWS
@testable import S3

/// Goal: what S3 refuses is repeated, renewed, put right or told, as it deserves.
/// Method: servers that refuse first and then answer.
@Suite struct RefusalTests {
    private func server(
        refusing first: ScriptedServer.Answer, times: Int = 2
    ) throws -> ScriptedServer {
        try ScriptedServer { $0.number < times ? first : Stored.reply("abc") }
    }

    @Test(
        arguments: [
            Stored.error("InternalError", status: 500), Stored.error("SlowDown", status: 503),
            Stored.error("ServiceUnavailable", status: 503),
            Stored.error("RequestTimeout", status: 400),
            Stored.error("OperationAborted", status: 409), .reset,
            Stored.reply("<html>", status: 502), Stored.reply(status: 504),
            .bytesAndClose(
                Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".utf8)),
        ] as [ScriptedServer.Answer])
    func `a fault that passes is outlived`(fault: ScriptedServer.Answer) async throws {
        let server = try server(refusing: fault)
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url)
        let part = try await bucket.get("key", bytesMax: 100)
        #expect(part.body.text == "abc" && part.size == 3)
        #expect(server.requests.count == 3)
    }

    @Test(arguments: [
        ("BadDigest", 400), ("ConditionalRequestConflict", 409), ("InternalError", 500),
    ])
    func `a put that may do better is repeated`(code: String, status: Int) async throws {
        let server = try server(refusing: Stored.error(code, status: status))
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url)
        _ = try await bucket.put("key", ByteBuffer("abc"))
        #expect(server.requests.map(\.body) == Array(repeating: Array("abc".utf8), count: 3))
    }

    @Test func `a sum that never matches is not sent for ever`() async throws {
        let server = try server(refusing: Stored.error("BadDigest", status: 400), times: 99)
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url)
        let error = await #expect(throws: AWSError.self) {
            try await bucket.put("key", ByteBuffer("abc"))
        }
        #expect(error?.hint?.contains("AWS_REQUEST_CHECKSUM_CALCULATION") == true)
        #expect(server.requests.count == Session.lackingAttemptsMax)
    }

    @Test(arguments: [
        ("AccessDenied", 403, "s3:GetObject"), ("NoSuchKey", 404, "no object"),
        ("NoSuchBucket", 404, "bucket's name"), ("InvalidObjectState", 403, "restore"),
        ("KMS.DisabledException", 400, "kms:Decrypt"), ("PreconditionFailed", 412, "changed"),
        ("SignatureDoesNotMatch", 403, "secret"), ("InvalidAccessKeyId", 403, "access key"),
        ("NobodyKnowsThis", 400, nil),
    ])
    func `a refusal is told at once, with its place and what to do`(
        code: String, status: Int, hint: String?
    ) async throws {
        let server = try server(
            refusing: Stored.error(
                code, "words", status: status,
                more: "<StringToSign>AWS4 secret</StringToSign><Resource>/x</Resource>"))
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url)
        let error = await #expect(throws: AWSError.self) {
            try await bucket.get("a/b", bytesMax: 100)
        }
        #expect(error?.code == code && error?.status == status && error?.message == "words")
        #expect(error?.remedy == .giveUp && server.requests.count == 1)
        #expect(error?.requestID == "REQUEST1")
        #expect(error?.logLine.hasPrefix("GetObject s3://bucket/a/b: \(code)") == true)
        #expect(error?.hint?.contains(hint ?? "") ?? true == true, "\(error?.hint ?? "")")
    }

    @Test func `a page of a stranger ends the call before the first answer`() async throws {
        let server = try server(refusing: Stored.reply("<html></html>", status: 403))
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url)
        let error = await #expect(throws: AWSError.self) {
            try await bucket.get("key", bytesMax: 100)
        }
        #expect(error?.code == "HTTP 403" && error?.hint?.contains("an S3 one") == true)
    }

    private final class Rotating: CredentialProvider {
        let origin = "rotation"
        private let keys: Locked<[String]>
        init(_ keys: [String]) { self.keys = Locked(keys) }
        func credentials() async throws(ConfigurationError) -> Credentials {
            let key = keys.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            return Credentials(accessKeyID: key, secretAccessKey: "s", sessionToken: "t")
        }
    }

    @Test(arguments: [true, false])
    func `credentials that have ended are renewed, also where HEAD has no words`(
        isHead: Bool
    ) async throws {
        let server = try ScriptedServer { request in
            let isNew = request.header("Authorization")?.contains("=NEW/") == true
            if isNew { return request.reply("abc") }
            return request.line.hasPrefix("HEAD")
                ? Stored.reply(status: 400) : Stored.error("ExpiredToken", status: 400)
        }
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url, provider: Rotating(["OLD", "NEW"]))
        if isHead {
            #expect(try await bucket.head("key")?.size == 3)
        } else {
            _ = try await bucket.get("key", bytesMax: 100)
        }
    }

    private struct SetClock: TimeSource {
        let ahead: Double
        private let time = MonotonicTime()
        var now: Instant { time.now }
        var secondsSinceEpoch: Double { time.secondsSinceEpoch + ahead }
        init(ahead: Double) { self.ahead = ahead }
    }

    @Test func `a wrong clock is put right by the server's date`() async throws {
        let now = UTCTime(secondsSinceEpoch: MonotonicTime().secondsSinceEpoch)
        let server = try ScriptedServer { request in
            let signed = request.header("X-Amz-Date").flatMap(UTCTime.init(basicFormat:))
            let skew = (signed?.secondsSinceEpoch ?? 0) - now.secondsSinceEpoch
            return abs(skew) < 100_000
                ? Stored.reply("abc")
                : Stored.error(
                    "RequestTimeTooSkewed", status: 403, headers: ["Date: \(now.httpDate)"])
        }
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url, time: SetClock(ahead: -400_000))
        _ = try await bucket.get("key", bytesMax: 100)
        #expect(server.requests.count == 2)
    }

    @Test func `a server that says nothing is left before long`() async throws {
        let server = try server(refusing: .bytesAndStall([]), times: 99)
        defer { server.stop() }
        let bucket = try await TestBucket.make(
            server.url, client: { $0.firstReplyWithin = .milliseconds(300) })
        let error = await #expect(throws: AWSError.self) {
            try await bucket.get("key", bytesMax: 1 << 30)
        }
        #expect(error?.localCode == .timeout, "\(error?.code ?? "")")
    }

    @Test func `nothing is sent for an empty key or an empty range`() async throws {
        let server = try ScriptedServer { _ in Stored.reply(status: 204) }
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url)
        await #expect(throws: AWSError.self) { try await bucket.delete("") }
        await #expect(throws: AWSError.self) { try await bucket.put("", ByteBuffer("x")) }
        await #expect(throws: AWSError.self) { try await bucket.head("") }
        await #expect(throws: AWSError.self) {
            try await bucket.get("key", range: 3..<3, bytesMax: 9)
        }
        await #expect(throws: AWSError.self) {
            try await bucket.get(String(repeating: "k", count: 1_025), bytesMax: 9)
        }
        #expect(server.requests.isEmpty)
    }
}
