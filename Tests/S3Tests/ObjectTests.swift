import System
import TestSupport
import Testing

@testable import AWS
@testable import S3

/// Goal: what is read is what was asked for, and what is put is told exactly.
/// Method: replies as S3 sends them, and as it would not.
@Suite struct ObjectTests {
    private func read(
        _ answer: ScriptedServer.Answer, range: Range<Int>? = nil, ifMatch etag: ETag? = nil,
        bytesMax: Int = 100, sums: ChecksumSettings = ChecksumSettings()
    ) async throws -> (Result<ObjectPart, AWSError>, ScriptedServer.Request?) {
        let server = try ScriptedServer { _ in answer }
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url, sums: sums)
        let result = await bucket.attempt(
            "key", range: range, ifMatch: etag, bytesMax: bytesMax)
        return (result, server.requests.first)
    }

    private func part(_ range: String, _ body: String = "abc") -> ScriptedServer.Answer {
        Stored.reply(body, status: 206, headers: ["Content-Range: \(range)", "ETag: \"v1\""])
    }

    @Test func `a range is asked for, and comes`() async throws {
        let (result, request) = try await read(
            part("bytes 4-6/10"), range: 4..<7, ifMatch: ETag("\"v1\""))
        let found = try result.get()
        #expect(found.body.text == "abc" && found.range == 4..<7 && found.size == 10)
        #expect(found.etag?.bare == "v1")
        #expect(request?.header("Range") == "bytes=4-6")
        #expect(request?.header("If-Match") == "\"v1\"")
        #expect(request?.header("x-amz-checksum-mode") == nil)
        let last = try await read(part("bytes 7-9/10"), range: 7..<50).0.get()
        #expect(last.range == 7..<10)
        let whole = try await read(Stored.reply("abc"), range: 0..<9).0.get()
        #expect(whole.range == 0..<3 && whole.size == 3, "all of it, without a Content-Range")
    }

    @Test(arguments: [
        "bytes 0-2/10", "bytes 4-6/6", "bytes 4-5/10", "bytes 4-7/10", "bytes 5-7/10",
        "bytes 4-6/*", "bytes */10", "4-6/10", "items 4-6/10", "bytes 4-6/10/1", "bytes 6-4/10",
        "bytes -4-6/10", "bytes 4-99999999999999999999/10", "", "bytes 4-6/1e99",
    ])
    func `a range that was not asked for is refused`(range: String) async throws {
        let error = try await read(part(range), range: 4..<7).0.failure
        #expect(error?.localCode == .absurdReply && error?.remedy == .retry, "\(range)")
        #expect(error?.place == "s3://bucket/key")
    }

    @Test func `so is the whole in place of a part, and a part in place of the whole`() async throws
    {
        let whole = try await read(Stored.reply("0123456789"), range: 4..<7).0.failure
        #expect(whole?.localCode == .absurdReply)
        let long = try await read(Stored.reply("0123456789"), range: 0..<7).0.failure
        #expect(long?.localCode == .absurdReply)
        let part = try await read(part("bytes 0-2/10")).0.failure
        #expect(part?.localCode == .absurdReply)
    }

    @Test func `another version is refused, also where the server does not heed If-Match`()
        async throws
    {
        let error = try await read(
            Stored.reply("abc", headers: ["ETag: \"v2\""]), ifMatch: ETag("\"v1\"")
        ).0.failure
        #expect(error?.isConditionFailure == true && error?.remedy == .giveUp)
    }

    @Test func `what is longer than wanted is read to its end and told`() async throws {
        let error = try await read(Stored.reply("0123456789"), bytesMax: 9).0.failure
        #expect(error?.localCode == .replyTooLong && error?.message == "10 bytes")
        let (most, _) = try await read(Stored.reply("012345678"), bytesMax: 9)
        #expect(most.success?.size == 9)
    }

    @Test func `an object that says to be compressed comes as it is stored`() async throws {
        let found = try await read(
            Stored.reply("no gzip at all", headers: ["Content-Encoding: gzip"])
        ).0.get()
        #expect(found.body.text == "no gzip at all")
    }

    @Test func `an object may look like a refusal`() async throws {
        let text = "<Error><Code>NoSuchKey</Code></Error>"
        #expect(try await read(Stored.reply(text)).0.get().body.text == text)
    }

    // Of "123456789", by Python's hashlib and the catalogues of checks.
    private static let sums = [
        "x-amz-checksum-crc32: y/Q5Jg==", "x-amz-checksum-crc32c: 4waSgw==",
        "x-amz-checksum-crc64nvme: rosUhgp5mIg=",
        "x-amz-checksum-sha1: 98O8HYCOBHMq32eZZczDTKeuNEE=",
        "x-amz-checksum-sha256: FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
        "x-amz-checksum-md5: JfnnlDI7RTiF9RgfG2JNCw==",
    ]

    @Test(arguments: sums)
    func `a whole object is held against its checksum, whichever it is`(sum: String) async throws {
        let (good, request) = try await read(Stored.reply("123456789", headers: [sum]))
        #expect(good.success != nil, "\(sum)")
        #expect(request?.header("x-amz-checksum-mode") == "ENABLED")
        let bad = try await read(Stored.reply("123456780", headers: [sum])).0.failure
        #expect(bad?.localCode == .checksumMismatch && bad?.remedy == .retry)
        #expect(bad?.hint?.contains("AWS_RESPONSE_CHECKSUM_VALIDATION") == true)
    }

    @Test func `checksums of parts say nothing, and none is asked for where it is not wanted`()
        async throws
    {
        let sum = "x-amz-checksum-crc32: y/Q5Jg=="
        for headers in [[sum + "-2"], [sum, "x-amz-checksum-type: COMPOSITE"]] {
            #expect(try await read(Stored.reply("other", headers: headers)).0.success != nil)
        }
        // As one server was seen to send: the whole object's with a part of it.
        let range = ["Content-Range: bytes 0-2/3", sum]
        #expect(
            try await read(Stored.reply("abc", status: 206, headers: range), range: 0..<3).0
                .success != nil)
        let (_, request) = try await read(
            Stored.reply("abc"), sums: ChecksumSettings(checking: .whenRequired))
        #expect(request?.header("x-amz-checksum-mode") == nil)
    }

    // MARK: putting

    private func put(
        _ answers: [ScriptedServer.Answer], condition: PutCondition = .always,
        sums: ChecksumSettings = ChecksumSettings()
    ) async throws -> (Result<StoredObject, any Error>, [ScriptedServer.Request]) {
        let server = try ScriptedServer { answers[min($0.number, answers.count - 1)] }
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url, sums: sums)
        do {
            let stored = try await bucket.put(
                "a b", ByteBuffer("123456789"), type: "text/plain", condition: condition)
            return (.success(stored), server.requests)
        } catch {
            return (.failure(error), server.requests)
        }
    }

    @Test func `an object is put with its checksum, unless servers refuse it`() async throws {
        let answer = Stored.reply(headers: ["ETag: \"e\"", "x-amz-version-id: v"])
        let (stored, requests) = try await put([answer])
        #expect(try stored.get().etag?.bare == "e" && stored.get().version == "v")
        let request = try #require(requests.first)
        #expect(request.line == "PUT /bucket/a%20b")
        #expect(request.header("x-amz-checksum-crc32") == "y/Q5Jg==")
        #expect(request.header("Content-Length") == "9")
        #expect(request.header("Content-Type") == "text/plain")
        #expect(request.header("Expect") == nil && request.header("If-Match") == nil)
        let plain = try await put([answer], sums: ChecksumSettings(sending: .whenRequired)).1
        #expect(plain.first?.header("x-amz-checksum-crc32") == nil)
    }

    @Test func `conditions are sent, and failing them is told apart`() async throws {
        let etag = try #require(ETag("\"e\""))
        let failed = Stored.error("PreconditionFailed", status: 412)
        let (absent, first) = try await put([failed], condition: .ifAbsent)
        #expect(first.first?.header("If-None-Match") == "*")
        let error = absent.failure as? AWSError
        #expect(error?.isConditionFailure == true && error?.isOutcomeUnknown == false)
        let match = try await put([failed], condition: .ifMatch(etag)).1
        #expect(match.first?.header("If-Match") == "\"e\"")
    }

    @Test func `after an unknown outcome a failed condition may be our own doing`() async throws {
        let (result, _) = try await put(
            [
                Stored.error("InternalError", status: 500),
                Stored.error("PreconditionFailed", status: 412),
            ], condition: .ifAbsent)
        let error = result.failure as? AWSError
        #expect(error?.isConditionFailure == true && error?.isOutcomeUnknown == true)
    }

    @Test func `a refusal with status 200 is one`() async throws {
        let (result, requests) = try await put([
            Stored.error("InternalError", status: 200), Stored.reply(),
        ])
        #expect(result.success != nil && requests.count == 2)
    }

    @Test func `methods take turns on one kept connection`() async throws {
        let server = try ScriptedServer { request in
            switch request.line.prefix(3) {
            case "HEA":
                return .bytes(Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".utf8))
            case "DEL": return .bytes(Array("HTTP/1.1 204 No Content\r\n\r\n".utf8))
            case "PUT": return Stored.reply()
            default: return Stored.reply("12345")
            }
        }
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url)
        for _ in 0..<3 {
            _ = try await bucket.put("k", ByteBuffer("12345"))
            #expect(try await bucket.head("k")?.size == 5)
            #expect(try await bucket.get("k", bytesMax: 5).body.text == "12345")
            try await bucket.delete("k")
            _ = try await bucket.put("empty", ByteBuffer())
        }
        #expect(server.accepted == 1)
        let empty = server.requests.filter { $0.line == "PUT /bucket/empty" }
        #expect(empty.count == 3 && empty.allSatisfy { $0.header("Content-Length") == "0" })
        let bodies = server.requests.filter { !$0.line.hasPrefix("PUT") }.map(\.body.count)
        #expect(bodies.allSatisfy { $0 == 0 })
    }

    @Test func `what is known of an object is read from its head`() async throws {
        let headers = [
            "ETag: \"e\"", "Last-Modified: Wed, 14 Jan 2026 10:47:34 GMT",
            "x-amz-storage-class: GLACIER", "x-amz-restore: ongoing-request=\"true\"",
        ]
        let server = try ScriptedServer { request in
            if request.line.contains("missing") { return Stored.reply(status: 404) }
            if request.line.contains("denied") {
                return request.line.hasPrefix("HEAD")
                    ? Stored.reply(status: 403) : Stored.error("AccessDenied", "why", status: 403)
            }
            return Stored.reply(headers: headers, length: 77)
        }
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url)
        let facts = try #require(try await bucket.head("key"))
        #expect(facts.size == 77 && facts.etag?.bare == "e" && facts.isArchived)
        #expect(facts.lastModified?.iso8601 == "2026-01-14T10:47:34Z")
        #expect(try await bucket.head("missing") == nil)
        let error = await #expect(throws: AWSError.self) { try await bucket.head("denied") }
        #expect(error?.message == "why", "HEAD has no words: GET has")
        var restored = facts
        restored.restore = "ongoing-request=\"false\", expiry-date=\"x\""
        #expect(!restored.isArchived)
    }
}
