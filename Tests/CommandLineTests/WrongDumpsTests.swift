import Foundation
import TestSupport
import Testing

/// Goal: whoever imports a broken file, or one that is something else, reads what is wrong, in what
/// file and where; and of what could be read nothing is lost.
/// Method: the transcript of all of them is a file that people read. It is written anew with
/// DYNAFERRY_UPDATE_SNAPSHOTS=1.
@Suite(.timeLimit(.minutes(20))) struct WrongDumpsTests {
    private static let item = #"{"id":{"S":"a"}}"#

    /// The file's name, what it holds, and options.
    private static let texts: [(name: String, text: String, words: String)] =
        [
            ("cut.json", "{\"Items\": [\(item)", ""),
            ("number.json", "{\"Items\": [\(item), 7]}", ""),
            ("comma.json", "{\"Items\": [\(item)\n\(item)]}", ""),
            ("text.json", "{\"Items\": [{\"id\": {\"S\": \"a\nb\"}}]}", ""),
            ("after.json", "{\"Items\": []} and more", ""),
            ("type.json", "{\"Items\": [\(item), {\"id\": {\"N\": \"1\"}}]}", ""),
            ("key.json", "{\"Items\": [{\"name\": {\"S\": \"a\"}}]}", ""),
            ("empty-key.json", "{\"Items\": [{\"id\": {\"S\": \"\"}}]}", ""),
            ("plain.json", "[{\"id\": \"a\"}]", ""),
            ("none.json", "not JSON at all\n", ""),
            ("delete.json", "{\"t\":[{\"DeleteRequest\":{\"Key\":\(item)}}]}", ""),
            ("mixed.jsonl", "\(item)\n{\"Item\":\(item)}\n", ""),
            ("twice.jsonl", "{\"id\":{\"S\":\"a\"},\"id\":{\"S\":\"b\"}}\n", ""),
            ("long.jsonl", "\(item) \(item)\n", ""),
            ("number.jsonl", "{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1e999\"}}\n", ""),
            ("set.jsonl", "{\"id\":{\"S\":\"a\"},\"s\":{\"SS\":[\"x\",\"x\"]}}\n", ""),
            (
                "changes.json",
                "{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"1\"}},\"Keys\":\(item)}\n", ""
            ),
            ("pipeline.json", "{\"id\":{\"s\":\"a\"}}\n{\"id\":{\"x\":\"a\"}}\n{\"id\"\n", ""),
            ("head.csv", "name,age\nAnn,7\n", ""),
            ("columns.csv", "id,name\na,Ann,7\nb\n", ""),
            ("quote.csv", "id,name\na,\"Ann\nb,Bob\n", ""),
            ("behind.csv", "id,name\na,\"Ann\"x\n", ""),
            ("types.csv", "id,age\na,seven\n", "--csv-types age:N"),
            ("lacks.csv", "id,age\na,7\n", "--csv-types size:N"),
            ("bool.csv", "id,ok\na,maybe\n", "--csv-types ok:BOOL"),
            ("float.ion", "{Item:{id:\"a\",n:1e3}}\n", ""),
            ("cut.ion", "{Item:{id:\"a\"", ""),
            ("symbol.ion", "{Item:{id:a}}\n", ""),
            ("words.ion", "hello\n", ""),
            ("forced.json", "\(item)\n", "--format scan"),
        ]

    private static let binaries: [(name: String, bytes: [UInt8])] = [
        ("sixteen.json", [0xFF, 0xFE, 0x7B, 0, 0x0A, 0]),
        ("cut.json.gz", [0x1F, 0x8B, 8, 0, 0, 0]),
        ("other.json", [0x28, 0xB5, 0x2F, 0xFD, 0, 0]),
        ("latin.jsonl", Array(#"{"id":{"S":""#.utf8) + [0xE9] + Array("\"}}\n".utf8)),
    ]

    private static let commands = [
        "copy ./none/scan.json items --key id:S", "copy ./cut.json items",
        "copy ./cut.json items --format json",
        "copy ./cut.json items --key id:S --csv-types id",
        "copy ./cut.json items --csv-header id,id",
        "copy ./cut.json items --csv-delimiter x", "copy orders ./out/ --format csv",
    ]

    @Test func `each says what is wrong, in which file, and where`() throws {
        let server = try Served()
        let folder = try TemporaryFolder()
        var transcript = ""
        func run(_ line: String) throws {
            let result = try Binary.shell(
                "cd '\(folder.path(""))' && exec \"$0\" \(line) --region us-east-1"
                    + " --endpoint \(server.url) --progress none",
                environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
            #expect(result.status == 1 || result.status == 2 || result.status == 3, "\(result)")
            let letters = folder.path("dynaferry-dead-letters-items.jsonl")
            let said = result.err.split(separator: "\n").filter { line in
                !line.contains("the same command resumes job")
                    && !line.contains("to compare every item")
                    && ["error: ", "hint: "].contains { line.hasPrefix($0) }
            }
            #expect(!said.isEmpty, "\(line): \(result)")
            transcript += "$ dynaferry \(line)\n" + said.map { $0 + "\n" }.joined()
            if let text = try? String(contentsOfFile: letters, encoding: .utf8) {
                #expect(result.status != 0)
                transcript += text.split(separator: "\n").map { "letter: \($0)\n" }.joined()
                try FileManager.default.removeItem(atPath: letters)
            }
            transcript += "exit code \(result.status)\n\n"
            if try server.tables().contains("items") { try server.delete("items") }
        }
        for (name, text, words) in Self.texts {
            try text.write(toFile: folder.path(name), atomically: true, encoding: .utf8)
            try run("copy ./\(name) items --key id:S \(words)".trimmingCharacters(in: .whitespaces))
        }
        for (name, bytes) in Self.binaries {
            try Data(bytes).write(to: URL(fileURLWithPath: folder.path(name)))
            try run("copy ./\(name) items --key id:S")
        }
        for command in Self.commands { try run(command) }
        try Snapshot.compare(transcript, "wrong-dumps.txt")
    }
}
