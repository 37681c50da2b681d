import System
import TestSupport
import Testing

@testable import AWS
@testable import S3

/// Goal: a listing has all keys, byte for byte, and ends.
@Suite struct ListingTests {
    private func bucket(
        _ script: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Answer
    ) async throws -> (TargetBucket, ScriptedServer) {
        let server = try ScriptedServer(script)
        return (try await TestBucket.make(server.url), server)
    }

    @Test func `pages are asked for until there are no more`() async throws {
        let (bucket, server) = try await bucket { request in
            switch request.number {
            case 0: Stored.list(["p/1", "p/2"], token: "a/b+c=")
            case 1: Stored.list([], token: "second")
            default: Stored.list(["p/3"])
            }
        }
        defer { server.stop() }
        let objects = try await bucket.objects(prefix: "p/", countMax: 3)
        #expect(objects.map(\.key) == ["p/1", "p/2", "p/3"])
        #expect(objects.allSatisfy { $0.size == 3 && $0.etag?.text == "\"e\"" })
        #expect(objects[0].lastModified?.iso8601 == "2026-01-14T10:47:34Z")
        let lines = server.requests.map(\.line)
        let query = "GET /bucket?list-type=2&encoding-type=url&max-keys=1000&prefix=p%2F"
        #expect(
            lines == [
                query, query + "&continuation-token=a%2Fb%2Bc%3D",
                query + "&continuation-token=second",
            ])
    }

    @Test func `keys are decoded where the reply says that they are encoded`() async throws {
        let (bucket, server) = try await bucket { request in
            request.number == 0
                ? Stored.list(["a+b%2Bc%25%C3%A9%01"])
                : Stored.list(["a+b%2B &lt;"], isEncoded: false)
        }
        defer { server.stop() }
        #expect(
            try await bucket.objects(prefix: "", countMax: 1).map(\.key) == ["a b+c%é\u{1}"])
        #expect(try await bucket.objects(prefix: "", countMax: 1).map(\.key) == ["a+b%2B <"])
    }

    @Test func `what begins alike is told once`() async throws {
        let (bucket, server) = try await bucket { _ in
            Stored.reply(
                "<ListBucketResult><IsTruncated>false</IsTruncated><CommonPrefixes>"
                    + "<Prefix>a/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>b/</Prefix>"
                    + "</CommonPrefixes></ListBucketResult>")
        }
        defer { server.stop() }
        var pages = bucket.pages(prefix: "", after: "Z", delimiter: "/")
        #expect(try await pages.next()?.commonPrefixes == ["a/", "b/"])
        #expect(try await pages.next() == nil)
        #expect(server.requests[0].line.hasSuffix("&start-after=Z&delimiter=%2F"))
    }

    @Test func `broken XML in a good reply is asked for again`() async throws {
        let (bucket, server) = try await bucket { request in
            request.number < 2
                ? Stored.reply("<ListBucketResult><Contents><Key>a</Key>") : Stored.list(["a"])
        }
        defer { server.stop() }
        #expect(try await bucket.objects(prefix: "", countMax: 9).count == 1)
        #expect(server.requests.count == 3)
    }

    @Test func `a refusal in a good reply is one`() async throws {
        let (bucket, server) = try await bucket { request in
            request.number == 0
                ? Stored.error("InternalError", status: 200) : Stored.list(["a"])
        }
        defer { server.stop() }
        #expect(try await bucket.objects(prefix: "", countMax: 9).count == 1)
    }

    @Test(arguments: [1, 2, 5])
    func `tokens that lead round in a circle end the listing`(length: Int) async throws {
        let (bucket, server) = try await bucket { request in
            Stored.list(["a"], token: "t\(request.number % length)")
        }
        defer { server.stop() }
        let error = await #expect(throws: AWSError.self) {
            try await bucket.objects(prefix: "", countMax: 1_000)
        }
        #expect(error?.message.contains("does not lead on") == true)
        #expect(server.requests.count < 30)
    }

    @Test(arguments: [
        "<Other/>", "<ListBucketResult/>", "<L><IsTruncated>false</IsTruncated></L>",
        "<ListBucketResult><IsTruncated>perhaps</IsTruncated></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><Contents><Key>p</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>p</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>q</Key><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>p%</Key>"
            + "<Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>p%FF</Key>"
            + "<Size>1</Size></Contents></ListBucketResult>",
    ])
    func `a list that makes no sense ends soon`(text: String) async throws {
        let end = "<IsTruncated>false</IsTruncated></ListBucketResult>"
        let isEnded = text.contains("<Contents>")
        let list = isEnded ? text.replacing("</ListBucketResult>", with: end) : text
        let (bucket, server) = try await bucket { _ in Stored.reply(list) }
        defer { server.stop() }
        let error = await #expect(throws: AWSError.self) {
            try await bucket.objects(prefix: "p", countMax: 9)
        }
        #expect(error?.localCode == .absurdReply && error?.operation == "ListObjectsV2")
        #expect(server.requests.count == Session.lackingAttemptsMax)
    }

    @Test func `more objects than can be used are told`() async throws {
        let (bucket, server) = try await bucket { _ in Stored.list(["a", "b"]) }
        defer { server.stop() }
        let error = await #expect(throws: AWSError.self) {
            try await bucket.objects(prefix: "", countMax: 1)
        }
        #expect(error?.message.contains("more than 1 objects") == true)
    }

    @Test func `a bucket is probed, and one that is not there is told`() async throws {
        let (bucket, server) = try await bucket { request in
            request.number == 0 ? Stored.list([]) : Stored.error("NoSuchBucket", status: 404)
        }
        defer { server.stop() }
        try await bucket.probe(prefix: "a/")
        let error = await #expect(throws: AWSError.self) { try await bucket.probe() }
        #expect(error?.isMissing == true && error?.hint != nil)
        let line = server.requests[0].line
        #expect(line.hasPrefix("GET /bucket?") && line.contains("max-keys=1"), "\(line)")
        #expect(line.contains("prefix=a%2F"), "\(line)")
    }
}
