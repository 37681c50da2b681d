import System
import TestSupport
import Testing

@testable import AWS
@testable import S3

/// Goal: a bucket that is elsewhere, or wants a sum, is learnt of once, by one refusal.
@Suite struct LessonTests {
    private func error(
        _ code: String, _ status: Int, region: String? = nil, message: String = ""
    ) -> AWSError {
        var error = AWSError(
            operation: .getObject, code: code, message: message, status: status,
            requestID: RequestID())
        error.region = region
        return error
    }

    @Test(arguments: [
        ("PermanentRedirect", 301), ("TemporaryRedirect", 307),
        ("AuthorizationHeaderMalformed", 400), ("IllegalLocationConstraintException", 400),
        ("BadRequest", 400),
    ])
    func `the region that a refusal names is the bucket's`(code: String, status: Int) throws {
        let known = BucketRequirements(try StorageEndpoint(region: "us-east-1"))
        var lessons = known
        let refusal = error(code, status, region: "ap-east-1")
        #expect(lessons.learn(from: refusal, sentBy: known) == .sendAnew)
        #expect(lessons.endpoint.region == "ap-east-1")
        let learnt = lessons
        #expect(lessons.learn(from: refusal, sentBy: known) == .sendAnew, "learnt by another")
        #expect(lessons == learnt)
        #expect(lessons.learn(from: refusal, sentBy: learnt) == .accept, "it is there already")
    }

    @Test func `a refusal for another reason teaches no region`() throws {
        let known = BucketRequirements(try StorageEndpoint(region: "us-east-1"))
        var lessons = known
        for refusal in [
            error("AccessDenied", 403, region: "eu-west-1"), error("PermanentRedirect", 301),
            error("NoSuchKey", 404, region: "eu-west-1"),
            error("PermanentRedirect", 301, region: "us-east-1"),
        ] {
            #expect(lessons.learn(from: refusal, sentBy: known) == .accept)
        }
        #expect(lessons == known)
    }

    @Test(arguments: ["cn-north-1", "moon-1", "evil.example/", ""])
    func `a region of another partition, or none, is out of reach`(region: String) throws {
        let known = BucketRequirements(try StorageEndpoint(region: "us-east-1"))
        var lessons = known
        let advice = lessons.learn(
            from: error("PermanentRedirect", 301, region: region), sentBy: known)
        guard case .outOfReach = advice else {
            Issue.record("\(advice)")
            return
        }
        #expect(lessons == known)
    }

    @Test func `a sum that is asked for is sent from then on`() throws {
        let known = BucketRequirements(try StorageEndpoint(region: "us-east-1"))
        var lessons = known
        let asks = error(
            "InvalidRequest", 400,
            message: "Content-MD5 OR x-amz-checksum- HTTP header is required")
        #expect(lessons.learn(from: asks, sentBy: known) == .sendAnew && lessons.wantsMD5)
        #expect(lessons.learn(from: asks, sentBy: lessons) == .accept, "it was sent")
        for other in [
            error("InvalidRequest", 400, message: "no"),
            error("InvalidDigest", 400, message: "The Content-MD5 you specified is not valid"),
        ] {
            var lessons = known
            #expect(lessons.learn(from: other, sentBy: known) == .accept)
        }
    }

    /// Method: a server that wants requests signed for another region than ours.
    @Test(arguments: [true, false])
    func `the region is learnt by the first request, and its repetition is sent at once`(
        isHead: Bool
    ) async throws {
        let server = try ScriptedServer { request in
            if request.header("Authorization")?.contains("/moon-1/s3/") == true {
                return request.reply("abc")
            }
            let header = ["x-amz-bucket-region: moon-1"]
            return request.line.hasPrefix("HEAD")
                ? Stored.reply(status: 301, headers: header)
                : Stored.error(
                    "AuthorizationHeaderMalformed", status: 400, more: "<Region>moon-1</Region>")
        }
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url)
        if isHead {
            #expect(try await bucket.head("key")?.size == 3)
        } else {
            #expect(await bucket.attempt("key").success?.body.text == "abc")
        }
        _ = try await bucket.put("key", ByteBuffer("abc"))
        #expect(server.requests.count == 3, "one of them to learn it")
        #expect(bucket.endpoint.region == "moon-1")
    }

    @Test func `a server that sends one round in circles is left`() async throws {
        let server = try ScriptedServer { request in
            let isMoon = request.header("Authorization")?.contains("/moon-1/") == true
            return Stored.error(
                "PermanentRedirect", status: 301,
                headers: ["x-amz-bucket-region: \(isMoon ? "mars-1" : "moon-1")"])
        }
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url)
        let error = await #expect(throws: AWSError.self) { try await bucket.get("k", bytesMax: 9) }
        #expect(error?.code == "PermanentRedirect" && error?.hint?.contains("region") == true)
        #expect(server.requests.count == 3)
    }

    @Test func `a bucket that asks for Content-MD5 gets it`() async throws {
        let server = try ScriptedServer { request in
            request.header("Content-MD5") == "kAFQmDzST7DWlj99KOF/cg=="
                ? Stored.reply()
                : Stored.error(
                    "InvalidRequest",
                    "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object"
                        + " requests with Object Lock parameters", status: 400)
        }
        defer { server.stop() }
        let bucket = try await TestBucket.make(server.url)
        for _ in 0..<2 { _ = try await bucket.put("key", ByteBuffer("abc")) }
        #expect(server.requests.count == 3)
        var options = BucketOptions()
        options.sendsMD5 = true
        let prepared = try await TestBucket.make(server.url, options)
        _ = try await prepared.put("key", ByteBuffer("abc"))
        #expect(server.requests.count == 4)
    }
}
