import Pacing
import System
import Testing

@testable import AWS

/// Goal: profile files are read as the SDKs read them, and damaged ones are refused by line.
@Suite struct ProfileFileTests {
    private func parse(_ text: String) throws(ConfigurationError) -> ProfileFile {
        try ProfileFile(Array(text.utf8), path: "file")
    }

    @Test func `sections, comments and spaces are read in every spelling`() throws {
        let file = try parse(
            "\u{FEFF}# comment\r\n; comment\r\n[default]\r\nREGION=us-east-1 # here\r\n"
                + "key = a#b;c\r\n\r\n[ profile   \"a b\" ] ; x\nother =  two words  \n"
                + "[default]\nregion = eu-west-1\nempty =\n")
        #expect(file.sections["default"]?["region"] == "eu-west-1")
        #expect(file.sections["default"]?["key"] == "a#b;c")
        #expect(file.sections["default"]?["empty"] == "")
        #expect(file.sections["profile a b"]?["other"] == "two words")
    }

    @Test func `indented properties belong to the one above`() throws {
        let file = try parse(
            "[services x]\ns3 =\n  endpoint_url = http://s\n\tregion = r\ndynamodb =\n"
                + "  endpoint_url = http://d\nplain = 1\n  a continuation\n")
        let section = try #require(file.sections["services x"])
        #expect(section["s3.endpoint_url"] == "http://s" && section["s3.region"] == "r")
        #expect(section["dynamodb.endpoint_url"] == "http://d" && section["plain"] == "1")
    }

    /// As botocore does: only what is indented more than the property above belongs to it.
    @Test func `sections that are indented as a whole are read like others`() throws {
        let file = try parse("[a]\n  x = 1\n  y =\n    z = 2\n  w = 3\n[b]\n x = 4\n")
        #expect(file.sections["a"] == ["x": "1", "y": "", "y.z": "2", "w": "3"])
        #expect(file.sections["b"] == ["x": "4"])
    }

    @Test(arguments: [
        "a = 1", "[open\na = 1", "[]\na = 1", "[x] y\n", "[x]\nno equals sign: SECRET",
        "[x]\n= SECRET", "\n\n[x]\nSECRET",
    ])
    func `a damaged file is refused by line, without quoting it`(text: String) {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error?.kind == .file && error?.message.contains("line ") == true)
        #expect(error?.description.contains("SECRET") == false)
    }

    @Test func `what is no text is refused`() {
        #expect(throws: ConfigurationError.self) { try ProfileFile([0x5B, 0xFF, 0x5D], path: "f") }
        let huge = [UInt8](repeating: 0x0A, count: ProfileFile.bytesMax + 1)
        #expect(throws: ConfigurationError.self) { try ProfileFile(huge, path: "f") }
    }

    /// Method: random bytes of the characters that the format gives a meaning to.
    @Test func `no file makes the parser fail in another way`() {
        let letters = Array("[]=#; \t\r\n\"ab\u{0}é".utf8)
        for seed in UInt64(1)...2_000 {
            var generator = SeededGenerator(seed: seed)
            let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                letters.randomElement(using: &generator)!
            }
            let file = try? ProfileFile(bytes, path: "file")
            #expect(file?.sections.keys.contains("") != true, "seed \(seed)")
        }
    }
}

/// Goal: the buffer keeps its bytes and its zero padding through every change.
/// Method: random operations against an array.
