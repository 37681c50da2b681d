import DynamoModel
import System
import Testing

@testable import LocalAWS

/// Checksums of "hello" were computed in Python: by zlib, hashlib, and bit by bit.
@Suite(.timeLimit(.minutes(20))) struct S3ChecksumTests {
    private static let sums = [
        ("crc32", "NhCmhg=="), ("crc32c", "mnG7TA=="), ("crc64nvme", "M3eFcAZSQlc="),
        ("sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="),
        ("sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="),
    ]

    @Test(arguments: sums)
    func `a checksum is checked, kept and given back for the whole object`(
        name: String, value: String
    ) throws {
        let header = "x-amz-checksum-\(name)"
        try S3Site.with { site in
            let put = try site.call("PUT", "/things/k", "hello", headers: ["\(header): \(value)"])
            #expect(put.status == 200, "\(put.text)")
            #expect(put.headers[header] == value)
            #expect(put.headers["x-amz-checksum-type"] == "FULL_OBJECT")
            let mode = "x-amz-checksum-mode: ENABLED"
            #expect(try site.call("GET", "/things/k").headers[header] == nil)
            #expect(try site.call("GET", "/things/k", headers: [mode]).headers[header] == value)
            let part = try site.call("GET", "/things/k", headers: [mode, "Range: bytes=0-1"])
            #expect(part.status == 206 && part.headers[header] == nil)
            let wrong = try site.call("PUT", "/things/k", "hallo", headers: ["\(header): \(value)"])
            #expect(wrong.status == 400 && wrong.code == "BadDigest")
            let short = try site.call("PUT", "/things/k", "hello", headers: ["\(header): YQ=="])
            #expect(short.code == "InvalidRequest")
            #expect(site.server.object("k", in: "things") == Array("hello".utf8))
        }
    }

    @Test func `without a checksum S3 adds its own`() throws {
        try S3Site.with { site in
            let put = try site.call("PUT", "/things/k", "hello")
            #expect(put.headers["x-amz-checksum-crc64nvme"] == "M3eFcAZSQlc=")
        }
    }

    @Test func `checksums that contradict each other or are unknown are refused`() throws {
        try S3Site.with { site in
            for (headers, code) in [
                (
                    ["x-amz-checksum-crc32: NhCmhg==", "x-amz-checksum-crc32c: mnG7TA=="],
                    "InvalidRequest"
                ),
                (["x-amz-checksum-xxhash64: NhCmhg=="], "NotImplemented"),
                (["x-amz-checksum-adler: NhCmhg=="], "InvalidRequest"),
                (["x-amz-sdk-checksum-algorithm: CRC32"], "InvalidRequest"),
                (["Content-MD5: XUFAKrxLKna5cZ2REBfFkg=="], nil),
                (["Content-MD5: XUFAKrxLKna5cZ2REBfFkw=="], "BadDigest"),
                (["Content-MD5: XUFA"], "InvalidDigest"), (["Content-MD5: hello"], "InvalidDigest"),
            ] as [([String], String?)] {
                let reply = try site.call("PUT", "/things/k", "hello", headers: headers)
                #expect(reply.code == code, "\(headers)")
            }
        }
    }

    @Test func `the body must be the one whose hash was signed`() throws {
        let good = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        try S3Site.with { site in
            for (hash, code) in [
                (good, nil), (String(good.reversed()), "XAmzContentSHA256Mismatch"),
                ("UNSIGNED-PAYLOAD", nil), ("none", "InvalidArgument"),
            ] as [(String, String?)] {
                let reply = try site.call(
                    "PUT", "/things/k", "hello", headers: ["x-amz-content-sha256: \(hash)"])
                #expect(reply.code == code, "\(hash)")
            }
        }
    }

    /// What botocore sends over TLS.
    @Test func `chunks are put together, and the checksum behind them is checked`() throws {
        func put(
            _ site: S3Site, _ body: String, length: String = "5",
            trailer: String = "x-amz-checksum-crc32"
        ) throws -> RawClient.Reply {
            try site.call(
                "PUT", "/things/k", body,
                headers: [
                    "Content-Encoding: aws-chunked", "x-amz-trailer: \(trailer)",
                    "x-amz-sdk-checksum-algorithm: CRC32",
                    "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                    "x-amz-decoded-content-length: \(length)",
                ])
        }
        let (data, trailer) = (
            "2\r\nhe\r\n3\r\nllo\r\n0\r\n", "x-amz-checksum-crc32:NhCmhg==\r\n\r\n"
        )
        try S3Site.with(.folder) { site in
            let reply = try put(site, data + trailer)
            #expect(reply.status == 200 && reply.headers["x-amz-checksum-crc32"] == "NhCmhg==")
            #expect(site.server.object("k", in: "things") == Array("hello".utf8))
            let read = try site.call("HEAD", "/things/k")
            #expect(read.headers["content-encoding"] == nil)
            #expect(
                try put(site, data + "x-amz-checksum-crc32:AAAAAA==\r\n\r\n").code == "BadDigest")
            #expect(try put(site, data + trailer, length: "6").code == "IncompleteBody")
            for body in [
                data + "\r\n", data + "x-amz-checksum-sha1:NhCmhg==\r\n\r\n",
                data + "no colon\r\n\r\n",
            ] { #expect(try put(site, body).code == "MalformedTrailerError") }
            for body in [
                "", "5\r\nhel", "5\r\nhello\r\n", "x\r\nhello\r\n0\r\n\r\n", "-5\r\n", "5\nhello",
                "4\r\nhello\r\n0\r\n\r\n", "fffffffff\r\n", data + trailer + "more",
            ] { #expect(try put(site, body).code == "IncompleteBody", "\(body)") }
        }
    }

    @Test func `only what is encrypted by S3's own key has its MD5 for an ETag`() throws {
        let kms = "x-amz-server-side-encryption: aws:kms"
        let key = "x-amz-server-side-encryption-aws-kms-key-id: key"
        try S3Site.with { site in
            let put = try site.call("PUT", "/things/k", "hello", headers: [kms, key])
            #expect(put.etag != "5d41402abc4b2a76b9719d911017c592" && put.etag.count == 32)
            let read = try site.call("GET", "/things/k").headers
            #expect(read["x-amz-server-side-encryption"] == "aws:kms")
            #expect(read["x-amz-server-side-encryption-aws-kms-key-id"] == "key")
            let method = "x-amz-server-side-encryption: DES"
            for headers in [[method], [key]] {
                #expect(
                    try site.call("PUT", "/things/k", headers: headers).code == "InvalidArgument")
            }
        }
    }
}
