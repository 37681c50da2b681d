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
}
