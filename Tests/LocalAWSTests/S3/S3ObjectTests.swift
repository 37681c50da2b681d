import DynamoModel
import JSON
import System
import Testing

@testable import LocalAWS

@Suite(.timeLimit(.minutes(20))) struct S3ObjectTests {
    @Test(arguments: S3Site.Place.allCases)
    func `an object comes back as it was put, with what was said about it`(
        place: S3Site.Place
    ) throws {
        try S3Site.with(place) { site in
            let put = try site.call(
                "PUT", "/things/a/b.txt", "hello",
                headers: [
                    "Content-Type: text/plain", "x-amz-meta-Colour: light  blue",
                    "Content-Encoding: gzip", "x-amz-server-side-encryption: AES256",
                ])
            #expect(put.status == 200 && put.body.isEmpty)
            #expect(put.etag == "5d41402abc4b2a76b9719d911017c592")
            for method in ["GET", "HEAD"] {
                let reply = try site.call(method, "/things/a/b.txt")
                #expect(reply.status == 200)
                #expect(reply.headers["content-length"] == "5")
                #expect(reply.headers["content-type"] == "text/plain")
                #expect(reply.headers["content-encoding"] == "gzip")
                #expect(reply.headers["x-amz-meta-colour"] == "light  blue")
                #expect(reply.headers["x-amz-server-side-encryption"] == "AES256")
                #expect(reply.headers["etag"] == "\"5d41402abc4b2a76b9719d911017c592\"")
                #expect(reply.headers["last-modified"]?.hasSuffix(" GMT") == true)
                #expect(reply.headers["accept-ranges"] == "bytes")
                #expect(reply.headers["x-amz-request-id"]?.count == 16)
                #expect(reply.headers["server"] == "AmazonS3")
                #expect(reply.headers["x-amz-crc32"] == nil)
                #expect(reply.text == (method == "GET" ? "hello" : ""))
            }
            #expect(try site.call("DELETE", "/things/a/b.txt").status == 204)
            #expect(try site.call("DELETE", "/things/a/b.txt").status == 204)
            let gone = try site.call("GET", "/things/a/b.txt")
            #expect(gone.status == 404 && gone.code == "NoSuchKey")
            #expect(gone.element("RequestId") == gone.headers["x-amz-request-id"])
            let head = try site.call("HEAD", "/things/a/b.txt")
            #expect(head.status == 404 && head.body.isEmpty)
        }
    }

    @Test(arguments: S3Site.Place.allCases)
    func `one range of an object is sent, one past its end is not`(place: S3Site.Place) throws {
        try S3Site.with(place) { site in
            try site.call("PUT", "/things/k", "0123456789")
            try site.call("PUT", "/things/empty", "")
            for (range, body, content) in [
                ("bytes=2-4", "234", "bytes 2-4/10"), ("bytes=7-", "789", "bytes 7-9/10"),
                ("bytes=-3", "789", "bytes 7-9/10"), ("bytes=8-99", "89", "bytes 8-9/10"),
                ("bytes=-99", "0123456789", "bytes 0-9/10"), ("bytes=0-0", "0", "bytes 0-0/10"),
            ] {
                let reply = try site.call("GET", "/things/k", headers: ["Range: \(range)"])
                #expect(reply.status == 206 && reply.text == body, "\(range)")
                #expect(reply.headers["content-range"] == content)
                let head = try site.call("HEAD", "/things/k", headers: ["Range: \(range)"])
                #expect(head.headers["content-length"] == "\(body.utf8.count)")
            }
            for range in ["bytes=4-2", "bytes=x-1", "lines=1-2", "bytes=", "bytes=-"] {
                let reply = try site.call("GET", "/things/k", headers: ["Range: \(range)"])
                #expect(reply.status == 200 && reply.text == "0123456789", "\(range)")
            }
            for (key, range) in [
                ("k", "bytes=10-"), ("k", "bytes=99999999999999999999-"), ("k", "bytes=-0"),
                ("empty", "bytes=0-"),
            ] {
                let reply = try site.call("GET", "/things/\(key)", headers: ["Range: \(range)"])
                #expect(reply.status == 416 && reply.code == "InvalidRange", "\(range)")
                #expect(reply.element("ActualObjectSize") == (key == "k" ? "10" : "0"))
            }
            let two = try site.call("GET", "/things/k", headers: ["Range: bytes=0-1,3-4"])
            #expect(two.code == "NotImplemented")
        }
    }

    @Test(arguments: S3Site.Place.allCases)
    func `conditions hold for the object that is there`(place: S3Site.Place) throws {
        try S3Site.with(place) { site in
            let target = "/things/k"
            func put(_ body: String, _ header: String) throws -> RawClient.Reply {
                try site.call("PUT", target, body, headers: [header])
            }
            #expect(try put("x", "If-Match: \"abc\"").code == "NoSuchKey")
            #expect(try put("one", "If-None-Match: *").status == 200)
            let refused = try put("two", "If-None-Match: *")
            #expect(refused.status == 412 && refused.code == "PreconditionFailed")
            #expect(refused.element("Condition") == "If-None-Match")
            #expect(try put("two", "If-None-Match: \"abc\"").code == "NotImplemented")
            #expect(try put("two", "If-Match: \"abc\"").status == 412)
            let one = try site.call("HEAD", target).headers["etag"] ?? ""
            #expect(try put("two", "If-Match: \(one)").status == 200)
            #expect(try site.call("GET", target, headers: ["If-Match: \(one)"]).status == 412)
            let two = try site.call("GET", target)
            #expect(two.text == "two")
            let same = try site.call("GET", target, headers: ["If-None-Match: \(two.etag)"])
            #expect(same.status == 304 && same.body.isEmpty)
            #expect(same.headers["content-length"] == nil && same.etag == two.etag)
            #expect(try site.call("GET", target, headers: ["If-None-Match: \(one)"]).text == "two")
            let time = two.headers["last-modified"] ?? ""
            #expect(
                try site.call("GET", target, headers: ["If-Modified-Since: \(time)"]).status == 304)
            let old = "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"
            #expect(try site.call("GET", target, headers: [old]).status == 412)
            #expect(try site.call("DELETE", target, headers: ["If-Match: \(one)"]).status == 412)
            #expect(try site.call("DELETE", target, headers: ["If-Match: *"]).status == 204)
        }
    }

    @Test func `archived objects are listed and not read`() throws {
        try S3Site.with { site in
            for name in ["GLACIER", "DEEP_ARCHIVE"] {
                try site.call("PUT", "/things/k", "x", headers: ["x-amz-storage-class: \(name)"])
                let read = try site.call("GET", "/things/k")
                #expect(read.status == 403 && read.code == "InvalidObjectState")
                #expect(read.element("StorageClass") == name)
                #expect(try site.call("HEAD", "/things/k").headers["x-amz-storage-class"] == name)
                let listed = try site.call("GET", "/things?list-type=2").elements("Contents")
                #expect(listed.first?.text(of: "StorageClass") == name)
            }
            try site.call("PUT", "/things/k", "x", headers: ["x-amz-storage-class: GLACIER_IR"])
            #expect(try site.call("GET", "/things/k").text == "x")
            let wrong = try site.call("PUT", "/things/k", headers: ["x-amz-storage-class: COLD"])
            #expect(wrong.code == "InvalidStorageClass")
        }
    }

    @Test func `keys, metadata and heads have their limits`() throws {
        try S3Site.with(.folder) { site in
            let long = String(repeating: "k", count: 1024)
            #expect(try site.call("PUT", "/things/\(long)", "x").status == 200)
            #expect(site.server.keys(in: "things") == [long])
            let longer = try site.call("PUT", "/things/\(long)k", "x")
            #expect(longer.status == 400 && longer.code == "KeyTooLongError")
            let full = "x-amz-meta-a: " + String(repeating: "b", count: 2047)
            #expect(try site.call("PUT", "/things/k", headers: [full]).status == 200)
            #expect(try site.call("GET", "/things/k").headers["x-amz-meta-a"]?.count == 2047)
            #expect(
                try site.call("PUT", "/things/k", headers: [full + "b"]).code == "MetadataTooLarge")
            let head = "Expires: " + String(repeating: "b", count: 8192)
            #expect(
                try site.call("PUT", "/things/k", headers: [head]).code
                    == "RequestHeaderSectionTooLarge")
            for target in ["/things/%zz", "/things/%ff", "/things/%4"] {
                #expect(try site.call("GET", target).code == "InvalidURI", "\(target)")
            }
        }
    }

    @Test func `a put says how long it is, and may wait for 100 Continue or come in chunks`() throws
    {
        try S3Site.with { site in
            try site.client.send("PUT /things/k HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try site.client.reply().code == "MissingContentLength")
            try site.client.send(
                "PUT /things/k HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                    + "Content-Length: 3\r\n\r\n")
            #expect(try site.client.reply().status == 100)
            try site.client.send("one")
            #expect(try site.client.reply().status == 200)
            try site.client.send(
                "PUT /things/k2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\ntwo\r\n0\r\n\r\n")
            #expect(try site.client.reply().status == 200)
            #expect(site.server.object("k", in: "things") == Array("one".utf8))
            #expect(site.server.object("k2", in: "things") == Array("two".utf8))
        }
    }

    @Test func `S3 takes bodies beyond DynamoDB's 16 MB, up to its own limit`() throws {
        try S3Site.with { site in
            let body = [UInt8](repeating: 0x61, count: 17 << 20)
            let put = try site.call(
                "PUT", "/things/large", bytes: body, headers: ["x-amz-checksum-crc32: 4lA4nA=="])
            #expect(put.code == "BadDigest")
            let sum = body.withUnsafeBytes { bytes in
                var sum = RunningChecksum(.crc32)
                sum.add(bytes)
                return sum.finishText()
            }
            let good = try site.call(
                "PUT", "/things/large", bytes: body, headers: ["x-amz-checksum-crc32: \(sum)"])
            #expect(good.status == 200)
            #expect(try site.call("GET", "/things/large").body == body)
            let refused = try RawClient(port: site.server.port)
            try refused.send(
                "PUT /things/k HTTP/1.1\r\nHost: x\r\nContent-Length: 300000000\r\n\r\n")
            let reply = try refused.reply()
            #expect(reply.status == 400 && reply.code == "EntityTooLarge")
            try site.client.send(
                "POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.Scan\r\n"
                    + "Content-Length: 300000000\r\n\r\n")
            #expect(try site.client.reply().status == 413)
        }
    }

    @Test(arguments: S3Site.Place.allCases)
    func `a copy has the bytes, and its own metadata when asked`(place: S3Site.Place) throws {
        try S3Site.with(place) { site in
            try site.call("PUT", "/things/a%20b", "hello", headers: ["x-amz-meta-a: 1"])
            let source = "x-amz-copy-source: /things/a%20b"
            let copy = try site.call("PUT", "/things/c", headers: [source])
            #expect(copy.element("ETag") == "\"5d41402abc4b2a76b9719d911017c592\"")
            let read = try site.call("GET", "/things/c")
            #expect(read.text == "hello" && read.headers["x-amz-meta-a"] == "1")
            let replace = "x-amz-metadata-directive: REPLACE"
            try site.call("PUT", "/things/c", headers: [source, replace, "x-amz-meta-b: 2"])
            let replaced = try site.call("HEAD", "/things/c").headers
            #expect(replaced["x-amz-meta-a"] == nil && replaced["x-amz-meta-b"] == "2")
            #expect(
                try site.call("PUT", "/things/a%20b", headers: [source]).code == "InvalidRequest")
            for (header, code) in [
                ("x-amz-copy-source: things/none", "NoSuchKey"),
                ("x-amz-copy-source: none/a", "NoSuchBucket"),
                ("x-amz-copy-source: things", "InvalidArgument"),
            ] {
                #expect(try site.call("PUT", "/things/c", headers: [header]).code == code)
            }
            let match = "x-amz-copy-source-if-match: \"0\""
            #expect(try site.call("PUT", "/things/c", headers: [source, match]).status == 412)
        }
    }

    @Test(arguments: S3Site.Place.allCases)
    func `objects are removed by the thousand at most, with a checksum`(place: S3Site.Place) throws
    {
        func body(_ keys: [String], _ more: String = "") -> String {
            "<Delete>"
                + keys.map { "<Object><Key>\($0)</Key></Object>" }.joined() + "\(more)</Delete>"
        }
        func delete(_ site: S3Site, _ text: String) throws -> RawClient.Reply {
            let md5 = Base64.encode(MD5.hash(Array(text.utf8)))
            return try site.call("POST", "/things?delete", text, headers: ["Content-MD5: \(md5)"])
        }
        try S3Site.with(place) { site in
            for key in ["a", "b%26", "c/d"] { try site.call("PUT", "/things/\(key)", "x") }
            let reply = try delete(site, body(["a", "b&amp;", "none"]))
            #expect(
                reply.elements("Deleted").compactMap { $0.text(of: "Key") } == ["a", "b&", "none"])
            #expect(site.server.keys(in: "things") == ["c/d"])
            #expect(
                try delete(site, body(["c/d"], "<Quiet>true</Quiet>")).elements("Deleted") == [])
            #expect(site.server.keys(in: "things") == [])
            let thousand = (0..<1001).map { "k\($0)" }
            #expect(try delete(site, body(Array(thousand.dropLast()))).status == 200)
            for text in [body(thousand), body([]), "<Delete>", "", "<Other/>"] {
                #expect(try delete(site, text).code == "MalformedXML")
            }
            #expect(
                try site.call("POST", "/things?delete", body(["a"])).code == "InvalidRequest")
        }
    }
}
