import Testing

@testable import LocalAWS

@Suite(.timeLimit(.minutes(20))) struct S3BucketTests {
    @Test(arguments: S3Site.Place.allCases)
    func `buckets are made, found, listed and removed`(place: S3Site.Place) throws {
        try S3Site.with(place) { site in
            #expect(try site.call("PUT", "/other").status == 200)
            #expect(try site.call("PUT", "/other").code == "BucketAlreadyOwnedByYou")
            #expect(try site.call("HEAD", "/other").headers["x-amz-bucket-region"] == "us-east-1")
            #expect(try site.call("GET", "/other?location").xml?.text == "")
            let list = try site.call(
                "GET", "/", headers: ["x-amz-content-sha256: UNSIGNED-PAYLOAD"])
            let names = list.xml?["Buckets"]?.all("Bucket").compactMap { $0.text(of: "Name") }
            #expect(names == ["other", "things"])
            try site.call("PUT", "/other/a/b", "x")
            #expect(try site.call("DELETE", "/other").code == "BucketNotEmpty")
            try site.call("DELETE", "/other/a/b")
            #expect(try site.call("DELETE", "/other").status == 204)
            for (method, target) in [("GET", "/other"), ("DELETE", "/other"), ("PUT", "/other/a")] {
                let reply = try site.call(method, target)
                #expect(reply.status == 404 && reply.code == "NoSuchBucket", "\(method)")
            }
        }
    }

    @Test(arguments: [
        "ab", "Abc", "a_bc", "-abc", "abc-", "a..b", "192.168.5.4", "xn--abc", "abc-s3alias",
        "abc--x-s3", "%2e%2e", ".s3",
    ])
    func `names that S3 does not allow are refused for every operation`(name: String) throws {
        try S3Site.with(.folder) { site in
            for (method, target) in [
                ("PUT", "/\(name)"), ("GET", "/\(name)"), ("PUT", "/\(name)/k"),
                ("DELETE", "/\(name)"),
            ] {
                let reply = try site.call(method, target)
                #expect(reply.status == 400 && reply.code == "InvalidBucketName", "\(reply.text)")
            }
        }
    }

    @Test func `a host may name the bucket, and then the path is the key`() throws {
        try S3Site.with { site in
            try site.call("PUT", "/a/b", "x", headers: ["Host: things.s3.us-east-1.amazonaws.com"])
            #expect(site.server.keys(in: "things") == ["a/b"])
            let reply = try site.call("GET", "/a/b", headers: ["Host: things.localhost:8000"])
            #expect(reply.text == "x")
            let list = try site.call("GET", "/", headers: ["Host: things.localhost:8000"])
            #expect(S3Site.keys(list) == ["a/b"])
        }
        for (host, bucket) in [
            ("127.0.0.1:80", nil), ("localhost:80", nil), ("s3.us-east-1.amazonaws.com", nil),
            ("s3.localhost", nil), ("a.b.s3.eu-west-1.amazonaws.com", "a.b"), ("[::1]:80", nil),
        ] as [(String, String?)] {
            #expect(S3Address.bucket(of: host) == bucket, "\(host)")
        }
    }

    @Test func `what is DynamoDB's stays DynamoDB's`() throws {
        try S3Site.with { site in
            #expect(try site.call("GET", "/").text.hasPrefix("healthy: dynamodb."))
            #expect(try site.client.call("ListTables", [:]).json?["TableNames"]?.array == [])
            #expect(try site.call("POST", "/", "{}").error == "UnknownOperationException")
            #expect(try site.call("DELETE", "/").status == 404)
            try site.call("GET", "/things")
            let meter = try site.call("GET", "/_meter").json
            #expect(meter?["requests"]?["ListTables"]?.int == 1)
            #expect(meter?["requests"]?["ListObjects"]?.int == 1)
            #expect(meter?["requests_by_bucket"]?["things"]?["ListObjects"]?.int == 1)
        }
    }

    @Test func `what the server lacks is refused by name`() throws {
        try S3Site.with { site in
            for (method, target, name) in [
                ("GET", "/things?acl", "GetBucketAcl"),
                ("PUT", "/things/k?tagging", "PutObjectTagging"),
                ("GET", "/things?versioning", "GetBucketVersioning"),
                ("DELETE", "/things?policy", "DeleteBucketPolicy"),
                ("GET", "/things/k?versionId=1", "versionId"),
                ("GET", "/things?new-one", "new-one"),
                ("POST", "/things/k?select&select-type=2", "SelectObjectContent"),
                ("GET", "/things/k?X-Amz-Signature=1", "presigned requests"),
            ] {
                let reply = try site.call(method, target)
                #expect(reply.status == 501 && reply.code == "NotImplemented")
                #expect(reply.element("Message")?.contains(name) == true, "\(reply.text)")
            }
            for header in [
                "x-amz-tagging: a=b", "x-amz-object-lock-mode: GOVERNANCE",
                "x-amz-server-side-encryption-customer-algorithm: AES256",
            ] {
                let reply = try site.call("PUT", "/things/k", "x", headers: [header])
                #expect(reply.code == "NotImplemented", "\(header)")
            }
            #expect(site.server.keys(in: "things") == [])
            let acl = try site.call("PUT", "/things/k", headers: ["x-amz-acl: public-read"])
            #expect(acl.code == "AccessControlListNotSupported")
        }
        try S3Site.with(options: .with { $0.without = ["CopyObject"] }) { site in
            let copy = try site.call("PUT", "/things/k", headers: ["x-amz-copy-source: things/a"])
            #expect(copy.element("Message")?.contains("CopyObject") == true)
        }
    }

    @Test func `who expects another owner is refused`() throws {
        try S3Site.with { site in
            for (owner, status) in [("111111111111", 403), (Tables.account, 200)] {
                let reply = try site.call(
                    "GET", "/things", headers: ["x-amz-expected-bucket-owner: \(owner)"])
                #expect(reply.status == status)
            }
        }
    }

    /// Goal: a client that follows the region that it is told arrives.
    @Test func `a bucket of another region sends those on who signed for the server's`() throws {
        let buckets = [BucketSetting("far", region: "eu-west-1")]
        func signed(_ region: String) -> [String] {
            [
                "Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/\(region)/s3/aws4_request, "
                    + "SignedHeaders=host, Signature=0"
            ]
        }
        try S3Site.with(options: .with { $0.buckets = buckets }) { site in
            let moved = try site.call("GET", "/far/k", headers: signed("us-east-1"))
            #expect(moved.status == 301 && moved.code == "PermanentRedirect")
            #expect(moved.headers["x-amz-bucket-region"] == "eu-west-1")
            #expect(moved.element("Region") == "eu-west-1" && moved.element("Endpoint") != nil)
            let wrong = try site.call("GET", "/far/k", headers: signed("ap-south-1"))
            #expect(wrong.status == 400 && wrong.code == "AuthorizationHeaderMalformed")
            #expect(wrong.element("Region") == "eu-west-1")
            let head = try site.call("HEAD", "/far", headers: signed("us-east-1"))
            #expect(head.status == 301 && head.headers["x-amz-bucket-region"] == "eu-west-1")
            #expect(try site.call("GET", "/far", headers: signed("eu-west-1")).status == 200)
            let location = try site.call("GET", "/far?location", headers: signed("us-east-1"))
            #expect(location.xml?.text == "eu-west-1")
        }
    }

    @Test func `a new bucket's region is that of its request`() throws {
        func asking(_ region: String) -> String {
            "<CreateBucketConfiguration><LocationConstraint>\(region)</LocationConstraint>"
                + "</CreateBucketConfiguration>"
        }
        let signed = [
            "Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/s3/aws4_request, "
                + "SignedHeaders=host, Signature=0"
        ]
        try S3Site.with { site throws in
            #expect(try site.call("PUT", "/aaa", asking("eu-west-1")).status == 200)
            #expect(
                try site.call("PUT", "/bbb", asking("eu-west-1"), headers: signed).status == 200)
            for body in ["", asking("ap-south-1")] {
                #expect(
                    try site.call("PUT", "/ccc", body, headers: signed).code
                        == "IllegalLocationConstraintException")
            }
            #expect(
                try site.call("PUT", "/ccc", asking("us-east-1")).code
                    == "InvalidLocationConstraint")
            #expect(try site.call("PUT", "/ccc", "<a>").code == "MalformedXML")
            #expect(try site.call("GET", "/bbb?location").xml?.text == "eu-west-1")
        }
    }
}
