import Testing

@testable import LocalAWS

/// Requests and signatures are those that AWS's own documentation signs as an example (S3 API
/// reference, "Signature calculations for the authorization header"), and one of botocore 1.44.
@Suite(.timeLimit(.minutes(20))) struct S3SignatureTests {
    private static let key = "AKIAIOSFODNN7EXAMPLE"
    private static let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    /// 24 May 2013, 00:00:00 UTC.
    private static let time = 1_369_353_600.0
    private static let noHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let host = "Host: examplebucket.s3.amazonaws.com"

    private func site(
        now: Double = time, users: [AccessRule] = [], _ body: (S3Site) throws -> Void
    ) throws {
        let options = ServerOptions.with {
            $0.access = users.isEmpty ? [AccessRule(Self.credentials, .write)] : users
            $0.time = ManualTime(epoch: now)
            $0.buckets = [BucketSetting("examplebucket")]
        }
        try S3Site.with(options: options, body)
    }

    private static let credentials = ServerOptions.Credentials(accessKey: key, secret: secret)

    private static func headers(
        _ signed: String, _ signature: String, hash: String = noHash, key: String = key,
        scope: String = "20130524/us-east-1/s3/aws4_request", date: String = "20130524T000000Z",
        host: String = host
    ) -> [String] {
        [
            host, "x-amz-date: \(date)", "x-amz-content-sha256: \(hash)",
            "Authorization: AWS4-HMAC-SHA256 Credential=\(key)/\(scope),"
                + "SignedHeaders=\(signed),Signature=\(signature)",
        ]
    }

    /// GET /test.txt of the first ten bytes.
    private static let get = headers(
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    private static let range = ["Range: bytes=0-9"]

    @Test func `requests that AWS signed are accepted`() throws {
        try site { site in
            try site.server.put(Array("0123456789abc".utf8), as: "test.txt", in: "examplebucket")
            let read = try site.call("GET", "/test.txt", headers: Self.get + Self.range)
            #expect(read.status == 206 && read.text == "0123456789", "\(read.text)")
            let put = Self.headers(
                "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
                hash: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072")
            let written = try site.call(
                "PUT", "/test$file.text", "Welcome to Amazon S3.",
                headers: put + [
                    "Date: Fri, 24 May 2013 00:00:00 GMT",
                    "x-amz-storage-class: REDUCED_REDUNDANCY",
                ])
            #expect(written.status == 200, "\(written.text)")
            let list = Self.headers(
                "host;x-amz-content-sha256;x-amz-date",
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
            #expect(try site.call("GET", "/?max-keys=2&prefix=J", headers: list).status == 200)
            #expect(try site.call("GET", "/?prefix=J&max-keys=2", headers: list).status == 200)
        }
    }

    /// 65 kilobytes of the letter a in two chunks, each with a signature that goes on from the one
    /// before it.
    @Test func `chunks that AWS signed are accepted, changed ones are not`() throws {
        let first = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
        let second = "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"
        let last = "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"
        func body(_ letter: String, _ last: String) -> String {
            "10000;chunk-signature=\(first)\r\n" + String(repeating: "a", count: 65_536)
                + "\r\n400;chunk-signature=\(second)\r\n" + String(repeating: letter, count: 1024)
                + "\r\n0;chunk-signature=\(last)\r\n\r\n"
        }
        let headers =
            Self.headers(
                "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
                    + "x-amz-decoded-content-length;x-amz-storage-class",
                "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
                hash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", host: "Host: s3.amazonaws.com")
            + [
                "Content-Encoding: aws-chunked", "x-amz-decoded-content-length: 66560",
                "x-amz-storage-class: REDUCED_REDUNDANCY",
            ]
        try site { site in
            let good = try site.call(
                "PUT", "/examplebucket/chunkObject.txt", body("a", last), headers: headers)
            #expect(good.status == 200, "\(good.text)")
            #expect(site.server.object("chunkObject.txt", in: "examplebucket")?.count == 66_560)
            for body in [body("b", last), body("a", String(last.reversed()))] {
                let bad = try site.call(
                    "PUT", "/examplebucket/chunkObject.txt", body, headers: headers)
                #expect(bad.status == 403 && bad.code == "SignatureDoesNotMatch")
            }
        }
    }

    @Test func `what was changed on its way is refused`() throws {
        func code(
            _ target: String = "/test.txt", _ headers: [String] = Self.get + Self.range,
            now: Double = Self.time
        ) throws -> String? {
            var code: String?
            try site(now: now) { site in
                try site.server.put([1], as: "test.txt", in: "examplebucket")
                let reply = try site.call("GET", target, headers: headers)
                code = reply.code ?? "\(reply.status)"
                if reply.code == "SignatureDoesNotMatch" {
                    #expect(reply.element("CanonicalRequest")?.hasPrefix("GET\n/") == true)
                }
            }
            return code
        }
        #expect(try code() == "206")
        for (target, headers, expected) in [
            ("/test2.txt", Self.get + Self.range, "SignatureDoesNotMatch"),
            ("/test.txt?uploadId=1", Self.get + Self.range, "SignatureDoesNotMatch"),
            ("//test.txt", Self.get + Self.range, "SignatureDoesNotMatch"),
            ("/test.txt", Self.get + ["Range: bytes=0-8"], "SignatureDoesNotMatch"),
            ("/test.txt", Self.get + Self.range + ["x-amz-acl: private"], "AccessDenied"),
            ("/test.txt", [Self.host], "AccessDenied"),
            ("/test.txt", [Self.host, "Authorization: Basic eDp5"], "InvalidRequest"),
            (
                "/test.txt",
                Self.headers("host;x-amz-content-sha256;x-amz-date", "0", key: "AKIDOTHER"),
                "InvalidAccessKeyId"
            ),
            ("/test.txt", Self.headers("x-amz-date", "0"), "AccessDenied"),
            (
                "/test.txt",
                Self.headers("host", "0", scope: "20130524/us-east-1/sqs/aws4_request"),
                "AuthorizationHeaderMalformed"
            ),
            (
                "/test.txt", Self.headers("host", "0", scope: "20130523/us-east-1/s3/aws4_request"),
                "AuthorizationHeaderMalformed"
            ),
            ("/test.txt", Self.headers("host", "0", scope: "s3"), "AuthorizationHeaderMalformed"),
            ("/test.txt", Self.headers("host", "0", date: "now"), "AccessDenied"),
        ] {
            #expect(try code(target, headers) == expected, "\(target) \(headers)")
        }
        for (seconds, expected) in [
            (901.0, "RequestTimeTooSkewed"), (-901, "RequestTimeTooSkewed"), (899, "206"),
            (-899, "206"),
        ] {
            #expect(try code(now: Self.time + seconds) == expected, "\(seconds)")
        }
    }

    @Test func `a user may do what its level says, and learns no more`() throws {
        let credentials = Self.credentials
        func reply(_ rule: AccessRule, _ body: (RawClient.Reply) -> Void) throws {
            try site(users: [rule]) { site in
                body(try site.call("GET", "/test.txt", headers: Self.get + Self.range))
            }
        }
        try reply(AccessRule(credentials, .read)) { #expect($0.code == "NoSuchKey") }
        try reply(AccessRule(credentials, .read, except: ["ListObjectsV2"])) {
            #expect($0.status == 403 && $0.code == "AccessDenied")
        }
        for rule in [
            AccessRule(credentials, .none), AccessRule(credentials, .write, except: ["GetObject"]),
        ] {
            try reply(rule) {
                #expect($0.status == 403 && $0.code == "AccessDenied")
                #expect($0.element("Message")?.contains("s3:GetObject") == true)
            }
        }
    }
}
