import Pacing
import System
import Testing

@testable import LocalAWS

/// XML and percent-encoding.
@Suite struct S3WireTests {
    private func parse(_ text: String) -> XMLElement? {
        Array(text.utf8).withUnsafeBytes { XMLElement(parsing: $0) }
    }

    @Test func `elements are read with their texts, whatever surrounds them`() throws {
        let element = try #require(
            parse(
                "\u{FEFF}<?xml version='1.0'?>\n<!-- a --><s:A xmlns:s=\"x>y\"> "
                    + "<B>1 &lt;&#x41;&#66;</B><B/><C d='e' /><!-- <B>2</B> --></s:A>\n"))
        #expect(element.name == "A")
        #expect(element.children.map(\.name) == ["B", "B", "C"])
        #expect(element.text(of: "B") == "1 <AB")
    }

    @Test(arguments: [
        "", "<", "<a", "<a>", "<a></b>", "<a></a><b/>", "text", "<a>&no;</a>", "<a>&#xD800;</a>",
        "<a>&#x110000;</a>", "<a>&</a>", "<!DOCTYPE a><a/>", "<a><![CDATA[x]]></a>", "<a b='></a>",
        "<!-- <a/>", "<a/>x", "</a>", "<>x</>",
        String(repeating: "<a>", count: 9) + String(repeating: "</a>", count: 9),
    ])
    func `what is not one element is refused`(text: String) {
        #expect(parse(text) == nil)
    }

    /// Goal: no bytes may crash the reader or keep it for ever.
    @Test func `mutated documents are parsed or refused, never worse`() {
        let seed = Array("<a><b>&amp;x</b><c d=\"e\"/><!-- f --></a>".utf8)
        for number in UInt64(1)...3000 {
            var generator = SeededGenerator(seed: number)
            var bytes = seed
            for _ in 0...(generator.next() % 3) {
                let place = Int(generator.next() % UInt64(bytes.count))
                if generator.next() & 1 == 0 {
                    bytes.remove(at: place)
                } else {
                    bytes[place] = Array("<>/&;\"'!-ab".utf8)[Int(generator.next() % 11)]
                }
            }
            _ = bytes.withUnsafeBytes { XMLElement(parsing: $0) }
        }
    }

    @Test func `what is written is read again`() throws {
        let text = "a&b<c>\"d\" \u{E9}\u{1F600}\t\n'"
        var output = XMLWriter()
        output.element("A", namespace: XMLWriter.namespace) { $0.text("B", text) }
        let element = output.bytes.withUnsafeBytes { XMLElement(parsing: $0) }
        #expect(element?.text(of: "B") == text)
        // Which XML 1.0 has no place for, and S3 writes all the same.
        var control = XMLWriter()
        control.text("A", "\u{1}\r")
        #expect(String(decoding: control.bytes, as: UTF8.self).hasSuffix("<A>&#x1;&#xd;</A>"))
    }

    @Test func `percent-encoding is undone, or refused`() {
        let bytes = (UInt8.min...UInt8.max).map { $0 }
        #expect(PercentText.decode(Array(PercentText.encode(bytes).utf8)) == bytes)
        #expect(
            PercentText.decode(Array(PercentText.listed(bytes).utf8), plusIsBlank: true) == bytes)
        #expect(PercentText.encode("a/b c~é".utf8, keeping: "/") == "a/b%20c~%C3%A9")
        #expect(PercentText.decode(Array("a+%2b".utf8)) == Array("a++".utf8))
        for text in ["%", "%4", "%4x", "a%"] {
            #expect(PercentText.decode(Array(text.utf8)) == nil)
        }
    }

    /// Goal: no request may crash the server, or leave it without an answer.
    /// Method: requests put together at random of what S3 knows and what it does not.
    @Test(.timeLimit(.minutes(20)), arguments: S3Site.Place.allCases)
    func `random requests are all answered`(place: S3Site.Place) throws {
        let paths = ["/", "/things", "/things/k", "/none/k", "//", "/things//", "/things/%2E%2E/x"]
        let queries = [
            "", "?uploads", "?uploadId=1", "?partNumber=1&uploadId=2", "?delete", "?list-type=2",
            "?location", "?list-type=2&max-keys=3&delimiter=%2F&prefix=k", "?acl", "?&=&a==b",
        ]
        let headers = [
            "Range: bytes=1-", "Range: bytes=-", "If-Match: *", "If-None-Match: \"a\"",
            "If-Modified-Since: never", "Content-MD5: =", "x-amz-checksum-crc32: NhCmhg==",
            "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-trailer: a",
            "x-amz-copy-source: things/k", "x-amz-checksum-algorithm: SHA1", "Authorization: AWS4-",
            "Authorization: AWS4-HMAC-SHA256 Credential=a/b/c/s3/e,SignedHeaders=,Signature=",
            "x-amz-decoded-content-length: 5", "x-amz-storage-class: GLACIER", "x-amz-acl: x",
            "x-amz-mp-object-size: -1", "x-amz-checksum-type: COMPOSITE", "Host: things.localhost",
        ]
        let bodies = ["", "hello", "<a/>", "5\r\nhello\r\n0\r\n\r\n", "<Delete></Delete>"]
        try S3Site.with(place) { site in
            for seed in UInt64(1)...600 {
                var generator = SeededGenerator(seed: seed)
                func any(_ texts: [String]) -> String {
                    texts[Int(generator.next() % UInt64(texts.count))]
                }
                let method = any(["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"])
                let target = any(paths) + any(queries)
                let sent = (0..<generator.next() % 4).map { _ in any(headers) }
                let reply = try site.call(method, target, any(bodies), headers: sent)
                #expect(reply.status >= 200, "seed \(seed)")
                // What is no fault of the server's own is not said to be one.
                #expect(reply.status != 500, "seed \(seed): \(method) \(target) \(sent)")
                try site.call("PUT", "/things/k", "0123456789")
            }
        }
    }
}
