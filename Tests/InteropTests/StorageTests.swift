import AWS
import Foundation
import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import S3

/// An S3 that others wrote.
enum StorageServer: String, CaseIterable, Sendable {
    case moto, ministack, weed

    var keys: (access: String, secret: String) {
        self == .weed ? (Weed.accessKey, Weed.secretKey) : ("test", "test")
    }

    var url: String {
        get throws {
            switch self {
            case .moto: try Emulator.moto.server.url
            case .ministack: try Emulator.ministack.server.url
            case .weed: try Weed.started.get().url
            }
        }
    }

    /// Those that can be started here.
    static let all = allCases.filter { $0 != .weed || Weed.path != nil }
    /// Those that check what they are told.
    static let strict = all.filter { $0 != .moto }

    func make(_ name: String) async throws {
        let client = try await bucket(name).client
        let call = BucketCall(Self.createBucket, .put)
        _ = try await client.client.call(Self.createBucket) { limit in
            await client.attempt(call, bytesMax: 16_384, within: limit)
        }
    }

    /// dynaferry itself makes no buckets.
    private static let createBucket = AWS.Operation(s3: "CreateBucket", mutates: true)

    /// Has boto3 copy all objects of a bucket into another; what they were, in base64.
    func copyByOthers(from source: String, to target: String) async throws -> JSON {
        try JSON(
            parsing: try await Programs.runScript(
                "storage.py", [try url, keys.access, keys.secret, source, target]))
    }

    func bucket(
        _ name: String, keys: (access: String, secret: String)? = nil, url: String? = nil,
        caBundle: String? = nil, time: any TimeSource = MonotonicTime(),
        _ options: BucketOptions = BucketOptions()
    ) async throws -> TargetBucket {
        let keys = keys ?? self.keys
        let settings = StorageSettings(
            endpoint: try StorageEndpoint(url: try url ?? self.url, region: "us-east-1"),
            provider: FixedCredentials(
                Credentials(accessKeyID: keys.access, secretAccessKey: keys.secret),
                origin: "test"),
            bypassesProxy: true)
        var engine = HTTPEngine.Configuration()
        engine.trust = TrustedCertificates(file: caBundle)
        var configuration = Client.Configuration()
        // Two cores on which other servers start at the same time.
        configuration.firstReplyWithin = .seconds(120)
        configuration.giveUpAfter = .seconds(60)
        let client = try await RESTClient(
            settings, engine: HTTPEngine(engine), configuration: configuration, time: time, seed: 1)
        return TargetBucket(
            try BucketClient(try BucketName(name), options, settings, client: client))
    }
}

/// Goal: objects go to and come from servers that others wrote as they are, under whatever key.
/// Method: moto, ministack and SeaweedFS, and boto3 as a second client. The last two hold
/// checksums and conditions against what comes, SeaweedFS signatures too.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython), .timeLimit(.minutes(20)))
struct StorageTests {
    private static let keys = [
        "plain", "a/b/c", "a b", "a+b", "100%", "%41", "é", "e\u{301}", "~", "!*'()", "a&b=c?d#e",
        "a;b,c:d@e", "\u{1F600}", "quote\"s", "<xml>&amp;",
    ]

    private func buffer(_ bytes: [UInt8]) -> ByteBuffer {
        let buffer = ByteBuffer()
        buffer.append(bytes)
        return buffer
    }

    private func bytes(_ count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(count))
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    @Test(arguments: StorageServer.all)
    func `what either client puts the other one reads`(server: StorageServer) async throws {
        try await server.make("odd-keys")
        try await server.make("odd-keys-2")
        let bucket = try await server.bucket("odd-keys")
        try await bucket.probe()
        for key in Self.keys {
            _ = try await bucket.put(key, buffer(Array(key.utf8)))
        }
        let found = try await server.copyByOthers(from: "odd-keys", to: "odd-keys-2")
        // By bytes: two of the keys only look alike.
        let names = Set((found.members ?? []).map { Array($0.name.utf8) })
        #expect(names == Set(Self.keys.map { Array($0.utf8) }), "\(server)")
        for member in found.members ?? [] {
            let content = member.value.string.flatMap { Data(base64Encoded: $0) }
            #expect(content.map { Array($0) } == Array(member.name.utf8), "\(server)")
        }

        let other = try await server.bucket("odd-keys-2")
        let objects = try await other.objects(prefix: "", countMax: 100)
        #expect(Set(objects.map { Array($0.key.utf8) }) == Set(Self.keys.map { Array($0.utf8) }))
        for object in objects {
            let part = try await other.get(object.key, ifMatch: object.etag, bytesMax: 100)
            #expect(Array(part.body.bytes) == Array(object.key.utf8), "\(server): \(object.key)")
            #expect(part.size == object.size)
        }
        let some = try await other.objects(prefix: "a/", countMax: 100)
        #expect(some.map(\.key) == ["a/b/c"])
        var pages = other.pages(prefix: "", delimiter: "/")
        #expect(try await pages.next()?.commonPrefixes == ["a/"])
    }

    @Test(arguments: StorageServer.all)
    func `parts, heads, conditions and deletes are as S3's`(server: StorageServer) async throws {
        try await server.make("objects")
        let bucket = try await server.bucket("objects")
        let content = bytes(300_000)
        let stored = try await bucket.put("key", buffer(content), condition: .ifAbsent)
        let facts = try #require(try await bucket.head("key"))
        #expect(facts.size == content.count && facts.etag == stored.etag)
        #expect(stored.etag?.bare == Hex.text(MD5.hash(content)))

        let part = try await bucket.get(
            "key", range: 100_000..<200_000, ifMatch: facts.etag, bytesMax: 100_000)
        #expect(part.body.bytes.elementsEqual(content[100_000..<200_000]))
        #expect(part.size == content.count)
        let tail = try await bucket.get("key", range: 299_999..<400_000, bytesMax: 9)
        #expect(tail.body.bytes.elementsEqual(content.suffix(1)))
        let whole = try await bucket.get("key", bytesMax: content.count)
        #expect(whole.body.bytes.elementsEqual(content))

        func code(_ body: () async throws -> Void) async -> String? {
            do {
                try await body()
                return nil
            } catch { return (error as? AWSError)?.code }
        }
        let other = ETag("\"d41d8cd98f00b204e9800998ecf8427e\"")
        let failed = "PreconditionFailed"
        #expect(
            await code { _ = try await bucket.get("key", ifMatch: other, bytesMax: 9) } == failed)
        #expect(
            await code { _ = try await bucket.put("key", buffer([1]), condition: .ifAbsent) }
                == failed)
        let etag = try #require(other)
        #expect(
            await code { _ = try await bucket.put("key", buffer([1]), condition: .ifMatch(etag)) }
                == failed)
        #expect(
            await code { _ = try await bucket.get("key", range: 400_000..<400_001, bytesMax: 9) }
                == "InvalidRange")
        #expect(await code { _ = try await bucket.get("none", bytesMax: 9) } == "NoSuchKey")
        #expect(try await bucket.head("none") == nil)
        let none = try await server.bucket("no-such-bucket-here")
        #expect(await code { _ = try await none.get("none", bytesMax: 9) } == "NoSuchBucket")

        _ = try await bucket.put("empty", ByteBuffer())
        #expect(try await bucket.get("empty", bytesMax: 0).size == 0)
        for _ in 0..<2 { try await bucket.delete("key") }
        #expect(try await bucket.objects(prefix: "", countMax: 9).map(\.key) == ["empty"])
    }

    @Test(arguments: StorageServer.strict)
    func `bytes that do not match their checksum are refused`(server: StorageServer) async throws {
        try await server.make("sums")
        let bucket = try await server.bucket("sums")
        _ = try await bucket.put("good", buffer([1, 2, 3]))
        for (name, sum) in [
            ("x-amz-checksum-crc32", "AAAAAA=="), ("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ] {
            var call = BucketCall(.putObject, .put, key: "bad")
            call.body = buffer([1, 2, 3])
            call.headers = [(name, sum)]
            let result = await bucket.client.attempt(call, bytesMax: 16_384, within: .seconds(60))
            guard case .failure(let error) = result else {
                Issue.record("\(server) takes a wrong \(name)")
                continue
            }
            #expect(error.code == "BadDigest", "\(server): \(error)")
        }
        #expect(try await bucket.head("bad") == nil)
    }

    private static let hasWeed = Weed.path != nil
    private static let needsWeed: Comment =
        "skipped: no SeaweedFS; run scripts/setup.sh --tests"

    @Test(.enabled(if: hasWeed, needsWeed))
    func `a wrong secret, an unknown key and a wrong clock are told apart`() async throws {
        let server = StorageServer.weed
        try await server.make("signed")
        func refusal(_ keys: (String, String)) async throws -> AWSError? {
            let bucket = try await server.bucket("signed", keys: keys)
            return await #expect(throws: AWSError.self) {
                _ = try await bucket.put("a b", ByteBuffer())
            }
        }
        let secret = try await refusal((Weed.accessKey, "another"))
        #expect(secret?.code == "SignatureDoesNotMatch" && secret?.hint?.contains("secret") == true)
        let key = try await refusal(("AKIDNOBODY", "another"))
        #expect(key?.code == "InvalidAccessKeyId" && key?.hint?.contains("access key") == true)
        #expect("\(secret as Any)\(key as Any)".contains("another") == false)

        let late = try await server.bucket("signed", time: LateClock())
        _ = try await late.put("late", buffer([1]))
        #expect(try await late.head("late")?.size == 1)
    }

    private struct LateClock: TimeSource {
        private let time = MonotonicTime()
        var now: Instant { time.now }
        var secondsSinceEpoch: Double { time.secondsSinceEpoch - 5_000 }
    }

    @Test(.enabled(if: hasWeed, needsWeed))
    func `over TLS a body is not hashed, and its checksum is held against it`() async throws {
        let server = StorageServer.weed
        try await server.make("secure")
        let tls = try Weed.started.get().tls
        let bucket = try await server.bucket(
            "secure", url: tls.url, caBundle: tls.certificate)
        let content = bytes(3 << 20)
        for key in ["a b/é+%", "two"] {
            _ = try await bucket.put(key, buffer(content))
            let part = try await bucket.get(key, bytesMax: content.count)
            #expect(part.body.bytes.elementsEqual(content), "\(key)")
        }
    }
}
