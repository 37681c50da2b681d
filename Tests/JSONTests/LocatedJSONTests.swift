import JSON
import Testing

/// Goal: what people write in files is read, and whatever is wrong in it has its place.
@Suite struct LocatedJSONTests {
    /// The document without its places.
    private func plain(_ located: LocatedJSON) -> JSON {
        switch located.content {
        case .null: .null
        case .bool(let value): .bool(value)
        case .number(let text): .number(text)
        case .string(let text): .string(text)
        case .array(let elements): .array(elements.map(plain))
        case .object(let members):
            .object(members.map { JSON.Member($0.name, plain($0.value)) })
        }
    }

    private func read(_ text: String) throws -> String {
        plain(try LocatedJSON(commented: Array(text.utf8))).text
    }

    @Test(arguments: [
        ("// first\n{\"a\": 1} // last", "{\"a\":1}"),
        ("/* a\n * b */ [1, /* two */ 2]", "[1,2]"),
        ("[1, 2,]", "[1,2]"), ("[1, 2, // end\n]", "[1,2]"), ("{\"a\": [], }", "{\"a\":[]}"),
        ("[[1,],]", "[[1]]"), ("[{\"a\": \"x\",},]", "[{\"a\":\"x\"}]"),
        ("\"// no /* comment */ ,]\"", "\"// no /* comment */ ,]\""),
        ("[\"a\\\",]\", 1]", "[\"a\\\",]\",1]"),
        ("\u{FEFF}{\"a\": null}", "{\"a\":null}"), ("[true /**/, false]", "[true,false]"),
        ("[1, -2.5e3]//", "[1,-2.5e3]"),
    ])
    func `comments and needless commas are read over`(text: String, expected: String) throws {
        #expect(try read(text) == expected)
    }

    @Test(arguments: [
        ("[,]", 1), ("{,}", 1), ("[1,,]", 3), ("[1 2]", 3), ("{\"a\":,}", 5), ("/* open", 0),
        ("[1] /", 4), ("{\"a\" 1}", 5), ("{a: 1}", 1), ("", 0), ("// nothing", 10),
        ("[1, \"open]", 10), ("{} {}", 3), ("[01]", 2), ("/", 0), ("\"\\", 1),
    ])
    func `what is no such document is an error with its offset`(text: String, offset: Int) {
        let error = #expect(throws: JSONError.self) {
            try LocatedJSON(commented: Array(text.utf8))
        }
        #expect(error?.offset == offset, "\(text): \(String(describing: error))")
    }

    @Test func `values and names know their places`() throws {
        let text = "// é\n{\n  \"é\": /* x */ 12,\n\t\"b\": [true,\n null]\n}"
        let bytes = Array(text.utf8)
        let document = try LocatedJSON(commented: bytes)
        guard case .object(let members) = document.content,
            case .array(let elements) = members[1].value.content
        else {
            Issue.record("not read as it is: \(document)")
            return
        }
        func place(_ offset: Int) -> [Int] {
            let place = TextPlace(offset: offset, in: bytes)
            return [place.line, place.column]
        }
        #expect(place(document.offset) == [2, 1])
        #expect(place(members[0].offset) == [3, 3])
        #expect(place(members[0].value.offset) == [3, 16])
        #expect(place(members[1].offset) == [4, 2])
        #expect(place(elements[1].offset) == [5, 2])
        #expect(place(bytes.count) == [6, 2])
    }

    @Test func `whatever is changed in a document, an error's place is in it`() throws {
        let text = "\u{FEFF}{// a\n\"b\": [1, -2e3, /* c */ true,], \"d\\n\": {\"e\": null,},}"
        let document = Array(text.utf8)
        _ = try LocatedJSON(commented: document)
        var errors = 0
        for offset in document.indices {
            for byte in "{}[],:\"\\/*\n 1tn\u{0}é".utf8 {
                var (replaced, inserted, cut) = (document, document, document)
                replaced[offset] = byte
                inserted.insert(byte, at: offset)
                cut.removeSubrange(offset...)
                for bytes in [replaced, inserted, cut] {
                    do {
                        _ = try LocatedJSON(commented: bytes)
                    } catch {
                        errors += 1
                        #expect((0...bytes.count).contains(error.offset), "\(bytes)")
                        let place = TextPlace(offset: error.offset, in: bytes)
                        #expect(place.line >= 1 && place.column >= 1)
                    }
                }
            }
        }
        #expect(errors > document.count)
    }

    @Test func `nesting has a limit`() {
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        #expect(throws: JSONError.self) { try LocatedJSON(commented: Array(deep.utf8)) }
    }
}
