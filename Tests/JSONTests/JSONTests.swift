import JSON
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-1.5e-7", "\"\"", "[]", "{}", "[1,[2,{\"a\":null}]]",
        "{\"b\":1,\"a\":[true,\"x\"]}",
    ])
    func `what is read is written as it was`(text: String) throws {
        #expect(try JSON(parsing: text).text == text)
    }

    @Test func `members are told apart by the bytes of their names`() throws {
        var json = try JSON(parsing: Array(#"{"\u00e9": 1, "e\u0301": 2}"#.utf8))
        #expect(json["\u{e9}"] == 1 && json["e\u{301}"] == 2)
        json["\u{e9}"] = nil
        #expect(json["\u{e9}"] == nil && json["e\u{301}"] == 2)
    }

    @Test func `numbers keep their text`() throws {
        let digits = "12345678901234567890123456789012345678"
        #expect(try JSON(parsing: "[\(digits)]").text == "[\(digits)]")
    }

    @Test(arguments: [
        "", "nul", "tru", "[1,]", "{\"a\":1,}", "{a:1}", "[1 2]", "01", "1.", ".5", "1e", "+1",
        "\"\\x\"", "\"\\u12\"", "\"\u{1}\"", "\"open", "[", "{\"a\"}", "1 1", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\\udc00\"",
    ])
    func `what is no JSON is an error`(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test(arguments: [
        [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xFF],
        [0xF0, 0x8F, 0xBF, 0xBF],
    ])
    func `strings that are not UTF-8 are errors`(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22] + bytes + [0x22]) }
    }

    @Test func `escapes are undone, surrogate pairs too`() throws {
        let text = #""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00""#
        #expect(try JSON(parsing: text).string == "\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1F600}")
    }

    @Test func `control characters are written as escapes and read back`() throws {
        let text = String((0..<0x20).map { Character(Unicode.Scalar(UInt8($0))) }) + "\"\\é😀"
        #expect(try JSON(parsing: JSON.string(text).bytes).string == text)
    }

    @Test func `nesting has a limit`() {
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        #expect(throws: JSONError.self) { try JSON(parsing: deep) }
    }

    @Test func `members are set, replaced and removed in place`() {
        var object: JSON = ["a": 1, "b": 2]
        object["a"] = 3
        object["c"] = "x"
        object["b"] = nil
        #expect(object.text == "{\"a\":3,\"c\":\"x\"}")
    }

    @Test func `doubles are written without needless digits`() {
        #expect(JSON(2.0).text == "2")
        #expect(JSON(0.5).text == "0.5")
        #expect(JSON(Double.infinity) == .null)
    }

    @Test func `pretty text reads back to the same document`() throws {
        let document: JSON = ["a": [1, ["b": "c"], []], "d": [:]]
        #expect(try JSON(parsing: document.prettyText) == document)
    }
}
