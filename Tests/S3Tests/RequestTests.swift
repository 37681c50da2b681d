import JSON
import System
import TestSupport
import Testing

@testable import AWS
@testable import S3

/// Goal: requests are what S3 expects, byte for byte, whatever a key is.
@Suite struct RequestTests {
    static let oddKeys = [
        "a b", "a+b", "100%", "%41", "é", "~", "!*'()", "a//b", "//", "/a", "a/", "a/../b", "..",
        "./.", "a?b=c&d", "#", "a;b,c:d@e=f", "\"<>\\^`{|}", "\u{1F600}", "e\u{301}", "a\tb\u{1}",
    ]

    private static let credentials = Credentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: TestBucket.secret, sessionToken: "TOKEN")
    private static let time = UTCTime(secondsSinceEpoch: 1_795_627_233)

    private func request(
        _ call: BucketCall, _ options: BucketOptions = BucketOptions(),
        at url: String = "https://s3.example"
    ) throws -> RESTRequest {
        call.request(
            try BucketName("bucket"), options,
            BucketRequirements(try StorageEndpoint(url: url, region: "eu-west-1")))
    }

    @Test(arguments: [
        ("a b+%é", "/bucket/a%20b%2B%25%C3%A9"), ("~!*'()", "/bucket/~%21%2A%27%28%29"),
        ("a//b/../.", "/bucket/a//b/../."), ("/a", "/bucket//a"), ("?#&", "/bucket/%3F%23%26"),
    ])
    func `a key is percent-encoded once, and nothing in it is resolved`(
        key: String, path: String
    ) throws {
        let request = try request(BucketCall(.getObject, .get, key: key))
        let signed = request.signed(with: Self.credentials, at: Self.time)
        #expect(signed.url == "https://s3.example" + path)
        let signature = request.signature(with: Self.credentials, at: Self.time, [])
        #expect(signature.canonicalRequest.hasPrefix("GET\n\(path)\n\n"))
    }

    @Test func `without a key a request is for the bucket itself`() throws {
        let call = BucketCall(.listObjects, .get)
        #expect(try request(call).path == "/bucket")
        let own = BucketRequirements(try StorageEndpoint(region: "eu-west-1"))
        let request = call.request(try BucketName("bucket"), BucketOptions(), own)
        #expect(request.path == "/" && request.place == "s3://bucket/")
        #expect(request.address.endpoint.host == "bucket.s3.eu-west-1.amazonaws.com")
        #expect(BucketCall(.deleteObject, .delete, key: "").defect?.contains("empty") == true)
        #expect(BucketCall(.getObject, .get, key: "k").defect == nil)
    }

    @Test func `a body is hashed over plain HTTP alone`() throws {
        func hash(_ url: String, _ body: String?) throws -> String? {
            var call = BucketCall(.putObject, .put, key: "k")
            call.body = body.map { ByteBuffer($0) }
            return try request(call, at: url).signed(with: Self.credentials, at: Self.time).lines
                .first { $0.hasPrefix("x-amz-content-sha256: ") }
                .map { String($0.dropFirst(22)) }
        }
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(try hash("https://h", "abc") == "UNSIGNED-PAYLOAD")
        #expect(try hash("https://h", "") == empty && hash("http://h", nil) == empty)
        #expect(
            try hash("http://h", "abc")
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `every header of a put is signed, and no line can be ended early`() throws {
        var options = BucketOptions()
        options.expectedOwner = "123456789012"
        options.encryption = .s3
        var call = BucketCall(.putObject, .put, key: "k")
        call.body = ByteBuffer("abc")
        call.headers = [("Content-Type", "text/plain\r\nx-evil: 1")]
        let lines = try request(call, options).signed(with: Self.credentials, at: Self.time).lines
        #expect(
            lines.contains {
                $0.contains(
                    "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;"
                        + "x-amz-expected-bucket-owner;x-amz-security-token;"
                        + "x-amz-server-side-encryption,")
            }, "\(lines)")
        #expect(lines.allSatisfy { line in line.utf8.allSatisfy { $0 >= 0x20 } })
        #expect(lines.contains("Expect:") && lines.contains("Host: s3.example"))
    }

    /// Method: botocore signs the same requests, and both are compared as a whole.
    private static let botocore = """
        import datetime, json, sys
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        from urllib.parse import quote
        now = datetime.datetime.fromtimestamp(1795627233, datetime.timezone.utc)
        import botocore.auth
        botocore.auth.get_current_datetime = lambda *a, **k: now.replace(tzinfo=None)
        answers = []
        for case in json.load(sys.stdin):
            url = 'http://s3.example/bucket/' + quote(case['key'], safe='/~')
            request = AWSRequest('PUT', url, params=case['query'], data=b'abc', headers={
                'Range': 'bytes=0-9', 'x-amz-acl': 'bucket-owner-full-control'})
            request.context['payload_signing_enabled'] = True
            auth = S3SigV4Auth(
                Credentials('AKIDEXAMPLE', case['secret'], 'TOKEN'), 's3', 'eu-west-1')
            auth.add_auth(request)
            answers.append([request.headers['Authorization'], request.headers['X-Amz-Date']])
        json.dump(answers, sys.stdout)
        """

    @Test(
        .enabled(if: Python.botocore != nil, "skipped: no python with botocore"),
        .timeLimit(.minutes(20)))
    func `signatures are those of botocore`() throws {
        let cases: [JSON] = Self.oddKeys.map { key in
            [
                "key": .string(key), "secret": .string(TestBucket.secret),
                "query": ["prefix": .string(key), "list-type": "2", "a b": ""],
            ]
        }
        let output = try Python.run(Self.botocore, input: JSON.array(cases).text)
        let answers = try #require(try JSON(parsing: output).array)
        #expect(answers.count == Self.oddKeys.count)
        for (key, answer) in zip(Self.oddKeys, answers) {
            var call = BucketCall(.putObject, .put, key: key)
            call.query = [("prefix", key), ("list-type", "2"), ("a b", "")]
            var request = try request(call, at: "http://s3.example")
            request.body = ByteBuffer("abc")
            request.headers = [
                ("Range", "bytes=0-9"), ("x-amz-acl", "bucket-owner-full-control"),
            ]
            let lines = request.signed(with: Self.credentials, at: Self.time).lines
            #expect(lines.contains("X-Amz-Date: \(answer.array?[1].string ?? "")"))
            #expect(lines.contains("Authorization: \(answer.array?[0].string ?? "")"), "\(key)")
        }
    }
}
