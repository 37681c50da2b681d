import Dispatch
import Pacing
import System
import TestSupport

@testable import AWS
@testable import S3

/// Buckets for tests, replies as S3 sends them, and one attempt as an async call.
enum TestBucket {
    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    static func settings(
        _ url: String, provider: (any CredentialProvider)? = nil,
        sums: ChecksumSettings = ChecksumSettings()
    ) throws -> StorageSettings {
        let credentials = Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret)
        return StorageSettings(
            endpoint: try StorageEndpoint(url: url, region: "us-east-1"),
            provider: provider ?? FixedCredentials(credentials, origin: "test"),
            bypassesProxy: true, sums: sums)
    }

    /// Of faults that pass each is repeated soon. A machine that stands still for a while must not
    /// use up the time that repetitions have.
    static func make(
        _ url: String, _ options: BucketOptions = BucketOptions(), name: String = "bucket",
        provider: (any CredentialProvider)? = nil, sums: ChecksumSettings = ChecksumSettings(),
        time: any TimeSource = MonotonicTime(), onWait: Client.WaitObserver? = nil,
        client adjust: (inout Client.Configuration) -> Void = { _ in }
    ) async throws -> TargetBucket {
        var configuration = Client.Configuration()
        configuration.backoff = Backoff(base: .milliseconds(1), cap: .milliseconds(20))
        configuration.throttleBackoff = configuration.backoff
        // However long the tests beside it keep this one waiting.
        configuration.firstReplyWithin = .seconds(600)
        adjust(&configuration)
        let settings = try settings(url, provider: provider, sums: sums)
        let client = try await RESTClient(
            settings, engine: HTTPEngine(), configuration: configuration, time: time, seed: 1,
            onWait: onWait)
        return TargetBucket(
            try BucketClient(try BucketName(name), options, settings, client: client))
    }
}

extension ReadableBucket {
    /// One attempt, for what `call` would repeat.
    func attempt(
        _ key: String, range: Range<Int>? = nil, ifMatch etag: ETag? = nil,
        bytesMax: Int = 1 << 20
    ) async -> Result<ObjectPart, AWSError> {
        // The thread sanitizer does not know that a continuation synchronises; a lock it does.
        let box = Locked<Result<ObjectPart, AWSError>?>(nil)
        await withCheckedContinuation { continuation in
            get(
                key, range: range, ifMatch: etag, into: ByteBuffer(), bytesMax: bytesMax,
                on: DispatchQueue(label: "test")
            ) { result in
                box.withLock { $0 = result }
                continuation.resume()
            }
        }
        return box.withLock { $0! }
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
    var success: Success? { try? get() }
}

extension ByteBuffer {
    convenience init(_ text: String) {
        self.init()
        append(Array(text.utf8))
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Replies of S3.
enum Stored {
    static func reply(
        _ body: String = "", status: Int = 200, headers: [String] = [], length: Int? = nil
    ) -> ScriptedServer.Answer {
        let lines =
            [
                "HTTP/1.1 \(status) Reason", "x-amz-request-id: REQUEST1",
                "Content-Length: \(length ?? body.utf8.count)",
            ] + headers
        return .bytes(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
    }

    static func error(
        _ code: String, _ message: String = "no", status: Int, more: String = "",
        headers: [String] = []
    ) -> ScriptedServer.Answer {
        reply(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(code)</Code>"
                + "<Message>\(message)</Message>\(more)<RequestId>R</RequestId></Error>",
            status: status, headers: headers)
    }

    static func list(
        _ keys: [String], token: String? = nil, isEncoded: Bool = true
    ) -> ScriptedServer.Answer {
        let contents = keys.map {
            "<Contents><Key>\($0)</Key><Size>3</Size><ETag>&quot;e&quot;</ETag>"
                + "<LastModified>2026-01-14T10:47:34.000Z</LastModified>"
                + "<StorageClass>STANDARD</StorageClass></Contents>"
        }.joined()
        let next = token.map { "<NextContinuationToken>\($0)</NextContinuationToken>" } ?? ""
        let encoding = isEncoded ? "<EncodingType>url</EncodingType>" : ""
        return reply(
            "<?xml version=\"1.0\"?><ListBucketResult"
                + " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(encoding)"
                + "<IsTruncated>\(token != nil)</IsTruncated>\(contents)\(next)"
                + "</ListBucketResult>")
    }
}

extension ScriptedServer.Request {
    /// The reply to GET, or its head alone.
    func reply(_ body: String) -> ScriptedServer.Answer {
        let isHead = line.hasPrefix("HEAD")
        return Stored.reply(isHead ? "" : body, length: body.utf8.count)
    }

    /// `GET /bucket/key?query`
    var line: String {
        let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
        return words.dropLast().joined(separator: " ")
    }
}
