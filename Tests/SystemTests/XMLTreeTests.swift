import System
import Testing

/// Goal: what services reply in XML is read, and what is meant to harm its reader is not.
@Suite struct XMLTreeTests {
    private func parse(_ text: String) throws(XMLDefect) -> XMLTree {
        try XMLTree(parsing: Array(text.utf8))
    }

    @Test func `elements and their texts are found by name`() throws {
        let tree = try parse(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                + "<R xmlns=\"http://example.com/\" xmlns:x=\"y\"><A b=\"c\"> 1 </A>"
                + "<C><D>é&amp;&#65;&lt;</D></C><C><x:D>3</x:D></C><!-- no --></R>")
        #expect(tree.name == "R")
        #expect(tree.text(of: "A") == " 1 ")
        #expect(tree.all("C").map { $0.text(of: "D") } == ["é&A<", "3"])
        #expect(tree.text(of: "C") == nil, "there are two")
        #expect(tree.text(of: "D") == nil, "it stands deeper")
        #expect(tree.text(ofAny: "A") == " 1 ")
        #expect(tree.text(ofAny: "D") == nil, "there are two")
        #expect(try parse("<A><![CDATA[<b>]]> &gt;</A>").text == "<b> >")
        #expect(try parse("<A/>").text == "")
    }

    @Test(arguments: [
        "", " ", "{}", "<A>", "<A></B>", "<A><B></A></B>", "<A/><B/>", "<A>&nbsp;</A>",
        "<A>&#xD800;</A>", "<A>\u{1}</A>", "<A b=c/>", "text", "<A>x</A>trailing",
        "<!DOCTYPE A><A/>", "<!DOCTYPE A [<!ENTITY e \"x\">]><A>&e;</A>",
        "<!DOCTYPE A [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><A>&e;</A>",
    ])
    func `what is no document, or has a type, is refused`(text: String) {
        #expect(throws: XMLDefect.self) { try parse(text) }
    }

    @Test func `no defect quotes the document`() {
        let error = #expect(throws: XMLDefect.self) { try parse("<secret>&other;</secret>") }
        #expect(error?.reason.contains("secret") == false)
        #expect(error?.reason.contains("other") == false)
    }

    @Test func `what is not UTF-8 is refused, whatever it says of itself`() {
        for bytes: [UInt8] in [
            Array("<A>".utf8) + [0xFF] + Array("</A>".utf8),
            Array("<A>".utf8) + [0xC3] + Array("</A>".utf8),
        ] {
            #expect(throws: XMLDefect.self) { try XMLTree(parsing: bytes) }
        }
        #expect(throws: Never.self) {
            try parse("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><A>é</A>")
        }
    }

    @Test func `depth, number and length are bounded`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(try parse(nested(XMLTree.depthMax)).name == "a")
        #expect(throws: XMLDefect.self) { try parse(nested(XMLTree.depthMax + 1)) }
        let many = String(repeating: "<b/>", count: XMLTree.elementsMax)
        #expect(throws: XMLDefect.self) { try parse("<a>\(many)</a>") }
        let long = String(repeating: " ", count: XMLTree.bytesMax)
        #expect(throws: XMLDefect.self) { try parse("<a>\(long)</a>") }
    }

    /// Method: every prefix of a document, and every byte of it spoiled.
    @Test func `a document that is cut or spoiled never traps`() {
        let document = Array(
            "<?xml version=\"1.0\"?><R a='b'><A>1 &amp; 2</A><![CDATA[x]]><!--y--><B/></R>".utf8)
        for count in document.indices {
            #expect(throws: XMLDefect.self) { try XMLTree(parsing: Array(document[..<count])) }
        }
        for index in document.indices {
            for byte: UInt8 in [0, 0x26, 0x3C, 0x3E, 0x80, 0xFF] {
                var spoiled = document
                spoiled[index] = byte
                _ = try? XMLTree(parsing: spoiled)
            }
        }
    }
}
