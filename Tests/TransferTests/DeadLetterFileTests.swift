import Foundation
import JSON
import Testing

@testable import Connectors
@testable import Flow
@testable import Transfer

@Suite struct DeadLetterFileTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("dynaferry-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func append(_ file: DeadLetterFile, _ item: String) throws {
        try file.append(
            DeadLetter(
                code: "ValidationException", reason: "it says \"no\"", key: [],
                item: Array(item.utf8)), table: "t")
    }

    @Test func `there is no file without a dead letter`() {
        let path = folder.appendingPathComponent("letters.jsonl").path
        #expect(DeadLetterFile(path: path).path == nil)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a file that exists is never written over: a number is put into the name`() throws {
        let path = folder.appendingPathComponent("letters.jsonl").path
        for expected in ["letters.jsonl", "letters-2.jsonl", "letters-3.jsonl"] {
            let file = DeadLetterFile(path: path)
            try append(file, "{\"a\":{\"S\":\"x\"}}")
            try append(file, "{\"a\":{\"N\":\"1.50\"}}")
            let written = try #require(file.path)
            #expect(written.hasSuffix("/" + expected))
            let lines = try String(contentsOfFile: written, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 2)
            // The item stands there as the source sent it.
            #expect(lines[1].contains("\"item\":{\"a\":{\"N\":\"1.50\"}}"))
            #expect(try JSON(parsing: String(lines[0]))["reason"]?.string == "it says \"no\"")
        }
    }

    @Test func `a folder that is not there is an error that names the file`() {
        let file = DeadLetterFile(path: folder.path + "/none/letters.jsonl")
        #expect(throws: FlowFailure.self) { try append(file, "{}") }
    }
}
