import JSON
import Pacing
import Testing

@Suite struct JSONTextTests {
    /// Whether two texts, given between their quotes and followed by other bytes, say the same.
    private func sayTheSame(_ one: String, _ other: String) -> Bool {
        Array((one + "\",\"more").utf8).withUnsafeBytes { one in
            Array((other + "\"}").utf8).withUnsafeBytes { other in
                JSONText.sayTheSame(one, other)
            }
        }
    }

    @Test func `two spellings of a text say the same, a part or another text does not`() {
        #expect(sayTheSame("", ""))
        #expect(sayTheSame(#"a/é\"𝄞"#, #"\u0061\/\u00E9\u0022\uD834\udd1e"#))
        #expect(sayTheSame(#"\n\\n"#, #"\u000a\u005cn"#))
        #expect(!sayTheSame("a", ""))
        #expect(!sayTheSame("", #"\u0061"#))
        #expect(!sayTheSame("ab", #"\u0061"#))
        #expect(!sayTheSame(#"a\""#, "a"))
        #expect(!sayTheSame("é", #"\u00e8"#))
    }

    @Test func `texts agree where they are equal when unescaped, and nowhere else`() {
        var generator = SeededGenerator(seed: 11)
        let characters = ["a", "b", "/", "\"", "\\", "\n", "é", "€", "𝄞"]
        for round in 0..<20_000 {
            let texts = (0..<2).map { _ in
                (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                    characters.randomElement(using: &generator)!
                }
            }
            let spelt = texts.map { text in
                text.map { spelling($0, using: &generator) }.joined()
            }
            #expect(
                sayTheSame(spelt[0], spelt[1]) == (texts[0] == texts[1]), "\(round): \(spelt)")
        }
    }

    /// A character as it is, where that is allowed, or as `\uXXXX`.
    private func spelling(
        _ character: String, using generator: inout SeededGenerator
    ) -> String {
        let mustEscape = ["\"", "\\", "\n"].contains(character)
        guard mustEscape || Bool.random(using: &generator) else { return character }
        return character.utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}
