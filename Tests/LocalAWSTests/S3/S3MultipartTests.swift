import DynamoModel
import System
import Testing

@testable import LocalAWS

@Suite(.timeLimit(.minutes(20))) struct S3MultipartTests {
    private static let large = [UInt8](repeating: 0x61, count: MultipartUpload.partBytesMin)
    private static let target = "/things/a/b"

    private func begin(_ site: S3Site, _ headers: [String] = []) throws -> String {
        let reply = try site.call("POST", Self.target + "?uploads", headers: headers)
        return try #require(reply.element("UploadId"), "\(reply.text)")
    }

    private func part(
        _ site: S3Site, _ id: String, _ number: Int, _ bytes: [UInt8], _ headers: [String] = []
    ) throws -> RawClient.Reply {
        try site.call(
            "PUT", "\(Self.target)?partNumber=\(number)&uploadId=\(id)", bytes: bytes,
            headers: headers)
    }

    private func complete(
        _ site: S3Site, _ id: String, _ parts: [(Int, String)], _ headers: [String] = [],
        more: String = ""
    ) throws -> RawClient.Reply {
        let body = parts.map {
            "<Part><PartNumber>\($0)</PartNumber><ETag>\"\($1)\"</ETag>\(more)</Part>"
        }
        return try site.call(
            "POST", "\(Self.target)?uploadId=\(id)",
            "<CompleteMultipartUpload xmlns=\"\(XMLWriter.namespace)\">" + body.joined()
                + "</CompleteMultipartUpload>", headers: headers)
    }

    @Test(arguments: S3Site.Place.allCases)
    func `parts become one object, whose ETag is that of their MD5s`(place: S3Site.Place) throws {
        try S3Site.with(place) { site in
            let id = try begin(site, ["Content-Type: text/plain", "x-amz-meta-a: 1"])
            // Out of order, one of them twice.
            let last = try part(site, id, 7, Array("end".utf8)).etag
            _ = try part(site, id, 2, Array("old".utf8))
            let first = try part(site, id, 2, Self.large).etag
            #expect(site.server.keys(in: "things") == [])
            let reply = try complete(
                site, id, [(2, first), (7, last)],
                ["x-amz-mp-object-size: \(Self.large.count + 3)", "If-None-Match: *"])
            let md5s = [Self.large, Array("end".utf8)].flatMap { MD5.hash($0) }
            #expect(reply.element("ETag") == "\"\(Hex.text(MD5.hash(md5s)))-2\"", "\(reply.text)")
            let read = try site.call("GET", Self.target)
            #expect(read.body == Self.large + Array("end".utf8))
            #expect(read.headers["content-type"] == "text/plain")
            #expect(read.headers["x-amz-meta-a"] == "1")
            let border = "Range: bytes=\(Self.large.count - 1)-\(Self.large.count + 1)"
            #expect(try site.call("GET", Self.target, headers: [border]).text == "aen")
            #expect(site.server.openUploads(in: "things") == 0)
            #expect(try complete(site, id, [(2, first)]).code == "NoSuchUpload")
        }
    }

    @Test func `an upload that is refused stays as it was`() throws {
        try S3Site.with { site in
            let id = try begin(site)
            let one = try part(site, id, 1, Array("one".utf8)).etag
            let two = try part(site, id, 2, Array("two".utf8)).etag
            for (parts, headers, code) in [
                ([(2, two), (1, one)], [], "InvalidPartOrder"),
                ([(1, one), (1, one)], [], "InvalidPartOrder"),
                ([(1, one), (2, two)], [], "EntityTooSmall"), ([(1, two)], [], "InvalidPart"),
                ([(3, one)], [], "InvalidPart"), ([], [], "MalformedXML"),
                ([(0, one)], [], "MalformedXML"),
                ([(1, one)], ["x-amz-mp-object-size: 4"], "InvalidRequest"),
                ([(1, one)], ["If-Match: \"0\""], "NoSuchKey"),
                ([(1, one)], ["x-amz-checksum-crc64nvme: AAAAAAAAAAA="], "BadDigest"),
            ] as [([(Int, String)], [String], String)] {
                #expect(try complete(site, id, parts, headers).code == code)
            }
            try site.call("PUT", Self.target, "old")
            #expect(try complete(site, id, [(1, one)], ["If-None-Match: *"]).status == 412)
            #expect(try complete(site, id, [(1, one)]).status == 200)
            #expect(try site.call("GET", Self.target).text == "one")
        }
    }

    @Test func `numbers of parts and ids of uploads are checked`() throws {
        try S3Site.with { site in
            let id = try begin(site)
            for number in [0, 10_001, -1] {
                #expect(try part(site, id, number, [1]).code == "InvalidArgument")
            }
            #expect(try part(site, id, 10_000, [1]).status == 200)
            let other = try site.call("PUT", "/things/other?partNumber=1&uploadId=\(id)", "x")
            #expect(other.status == 404 && other.code == "NoSuchUpload")
            #expect(try part(site, "none", 1, [1]).code == "NoSuchUpload")
            #expect(try site.call("DELETE", "\(Self.target)?uploadId=\(id)").status == 204)
            #expect(try site.call("DELETE", "\(Self.target)?uploadId=\(id)").code == "NoSuchUpload")
            #expect(try part(site, id, 1, [1]).code == "NoSuchUpload")
            let copy = try site.call(
                "PUT", "\(Self.target)?partNumber=1&uploadId=\(id)",
                headers: ["x-amz-copy-source: things/a"])
            #expect(copy.element("Operation") == "UploadPartCopy")
        }
    }

    @Test func `parts and uploads are listed, a page after the other`() throws {
        try S3Site.with { site in
            let id = try begin(site)
            for number in [3, 1, 9] { _ = try part(site, id, number, [UInt8(number)]) }
            let list = "\(Self.target)?uploadId=\(id)"
            func numbers(_ reply: RawClient.Reply) -> [String] {
                reply.elements("Part").compactMap { $0.text(of: "PartNumber") }
            }
            let first = try site.call("GET", list + "&max-parts=2")
            #expect(numbers(first) == ["1", "3"] && first.element("IsTruncated") == "true")
            let rest = try site.call("GET", list + "&part-number-marker=3")
            #expect(numbers(rest) == ["9"] && rest.element("IsTruncated") == "false")
            #expect(rest.elements("Part").first?.text(of: "Size") == "1")
            let more = (0..<2).map { _ in try? begin(site) }
            try site.call("POST", "/things/z?uploads")
            func uploads(_ query: String) throws -> RawClient.Reply {
                try site.call("GET", "/things?uploads\(query)")
            }
            #expect(try uploads("").elements("Upload").count == 4)
            #expect(try uploads("&prefix=z").elements("Upload").count == 1)
            #expect(try uploads("&key-marker=a/b").elements("Upload").count == 1)
            var (seen, query) = ([String](), "&max-uploads=1")
            for _ in 0..<4 {
                let page = try uploads(query)
                seen += page.elements("Upload").compactMap { $0.text(of: "UploadId") }
                query =
                    "&max-uploads=1&key-marker=\(page.element("NextKeyMarker") ?? "")"
                    + "&upload-id-marker=\(page.element("NextUploadIdMarker") ?? "")"
            }
            #expect(Set(seen).count == 4 && Set(seen).isSuperset(of: more.compactMap { $0 } + [id]))
        }
    }

    @Test func `a composite checksum is that of the parts' checksums`() throws {
        try S3Site.with { site in
            let id = try begin(site, ["x-amz-checksum-algorithm: SHA256"])
            let bytes = Array("hello".utf8)
            let sum = Base64.encode(SHA256().hash(bytes))
            #expect(try part(site, id, 1, bytes).code == "InvalidRequest")
            #expect(try part(site, id, 1, bytes, ["x-amz-checksum-sha256: AAAA"]).status == 400)
            let etag = try part(site, id, 1, bytes, ["x-amz-checksum-sha256: \(sum)"]).etag
            #expect(try complete(site, id, [(1, etag)]).code == "InvalidRequest")
            let wrong = "<ChecksumSHA256>\(Base64.encode(SHA256().hash([])))</ChecksumSHA256>"
            #expect(try complete(site, id, [(1, etag)], more: wrong).code == "InvalidPart")
            let right = "<ChecksumSHA256>\(sum)</ChecksumSHA256>"
            let reply = try complete(site, id, [(1, etag)], more: right)
            let composite = Base64.encode(SHA256().hash(SHA256().hash(bytes))) + "-1"
            #expect(reply.element("ChecksumSHA256") == composite)
            let read = try site.call("HEAD", Self.target, headers: ["x-amz-checksum-mode: ENABLED"])
            #expect(read.headers["x-amz-checksum-sha256"] == composite)
            #expect(read.headers["x-amz-checksum-type"] == "COMPOSITE")
        }
    }

    @Test(arguments: S3Site.Place.allCases)
    func `a checksum of the full object is that of its bytes`(place: S3Site.Place) throws {
        try S3Site.with(place) { site in
            let headers = ["x-amz-checksum-algorithm: CRC32", "x-amz-checksum-type: FULL_OBJECT"]
            let id = try begin(site, headers)
            let sum = "x-amz-checksum-crc32: NhCmhg=="
            let etag = try part(site, id, 1, Array("hello".utf8), [sum]).etag
            let reply = try complete(site, id, [(1, etag)], [sum])
            #expect(reply.element("ChecksumCRC32") == "NhCmhg==", "\(reply.text)")
            #expect(reply.element("ChecksumType") == "FULL_OBJECT")
            for (algorithm, kind) in [("SHA1", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")] {
                let refused = try site.call(
                    "POST", Self.target + "?uploads",
                    headers: [
                        "x-amz-checksum-algorithm: \(algorithm)", "x-amz-checksum-type: \(kind)",
                    ])
                #expect(refused.code == "InvalidRequest")
            }
        }
    }
}
