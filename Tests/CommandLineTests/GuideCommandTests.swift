import CommandLine
import Foundation
import JSON
import TestSupport
import Testing

@testable import Arguments

/// Goal: what the README and the guide show can be typed.
/// Method: each line of a fenced block that begins with `dynaferry` is parsed by the program's own
/// parser. Those that need no more than servers on this machine are run, each on its own servers.
@Suite(.timeLimit(.minutes(20))) struct GuideCommandTests {
    @Test func `blocks are joined, split and cut as a shell does`() throws {
        let blocks = GuideCommands.blocks(
            "a\n```sh\ndynaferry copy a \\\n    b  # why\n$ dynaferry jobs\n```\ndynaferry no\n")
        #expect(blocks.count == 1)
        #expect(blocks[0].map(\.text) == ["dynaferry copy a     b  # why", "$ dynaferry jobs"])
        #expect(blocks[0].map(\.number) == [3, 5])
        let line = #"dynaferry copy 'a*' "it's \"b\"" --set=x\ y | jq . > file"#
        #expect(ShellWords.of(line) == ["dynaferry", "copy", "a*", "it's \"b\"", "--set=x y"])
        #expect(ShellWords.of("dynaferry plan a#b # c") == ["dynaferry", "plan", "a#b"])
    }

    @Test func `the README and each page of the guide are read`() {
        #expect(GuideCommands.all.count > 100)
        #expect(Set(GuideCommands.all.map(\.page)).count > 8)
    }

    @Test(arguments: GuideCommands.all)
    func `the parser accepts each command`(command: GuideCommand) throws {
        let folder = try TemporaryFolder()
        try GuideCommands.write(into: folder)
        // Config files are asked for below, all others are read where they lie.
        let words = command.words.map { word in
            let isRead = GuideCommands.files[word] != nil && !word.hasSuffix(".json")
            return isRead ? folder.path(word) : word
        }
        do {
            let invocation = try Invocation(parsing: words) { path throws(UsageError) in
                guard let text = GuideCommands.files[path] else {
                    throw UsageError("no page of the guide shows \(path)", hints: [])
                }
                return Array(text.utf8)
            }
            if case .nothing = invocation { Issue.record("\(command)") }
        } catch {
            // A transcript may show a mistake, and what is said about it.
            let shown = command.transcript?.contains("error: \(error.message)") ?? false
            #expect(shown, "\(command) is not accepted: \(error.message)")
        }
    }

    @Test(arguments: GuideCommands.run)
    func `each command that can be run here ends with 0 or 3`(command: GuideCommand) throws {
        let site = try GuideSite()
        if command.exportsByService { try site.recover() }
        for line in command.preparations {
            let result = try site.run(line)
            #expect([0, 3].contains(result.status), "before \(command): \(line): \(result)")
        }
        let result = try site.run(command.runLine, besides: command.needsRunningJob)
        #expect([0, 3].contains(result.status), "\(command): \(result)")
    }
}

/// A command that a page shows.
struct GuideCommand: CustomTestStringConvertible, CustomStringConvertible, Sendable {
    let page: String
    let number: Int
    /// The whole line, continued ones joined, without a prompt.
    let line: String
    /// What a transcript says after it; nil in a block that is no transcript.
    let transcript: String?

    var description: String { "\(page):\(number): \(line)" }
    var testDescription: String { description }
    /// Those after the program's name.
    var words: [String] { Array(ShellWords.of(line).dropFirst()) }

    /// Nobody here is known to STS.
    var canRun: Bool { words.first != "whoami" && !line.contains("-role-arn") }

    /// With other options than a reader has: a server must end, and a demo may be small.
    var runLine: String {
        // Nothing is installed.
        var own = line.range(of: " > ").map { String(line[..<$0.lowerBound]) } ?? line
        // The server's date is a day later.
        own.replace(#/--since \S+/#, with: "--since $(date -u -d '1 hour' +%FT%TZ)")
        switch words.first {
        case "serve": return "\(own) --port 0 --exit-with-stdin"
        case "demo": return "\(own) --items 2000"
        default: return own
        }
    }

    /// DynamoDB exports tables.
    var exportsByService: Bool {
        words.contains { ["--snapshot", "--since", "--via"].contains($0) }
            && !words.contains("--iam")
    }

    /// A verb that only a running job understands.
    var needsRunningJob: Bool {
        words.first == "jobs" && ["throttle", "pause", "resume", "stop"].contains(verb)
    }

    private var verb: String { words.dropFirst().first ?? "" }

    /// What has to be there: a job, an export, or the target that is compared or written again.
    var preparations: [String] {
        if words.first == "jobs" {
            return needsRunningJob ? [] : ["dynaferry copy orders orders-copy --job orders-7f3a"]
        }
        if let bucket = words.first(where: { $0.hasPrefix("s3://acme-dumps/") }),
            words.firstIndex(of: bucket) == 1
        {
            let isStage = bucket.hasPrefix("s3://acme-dumps/stage/")
            let place = isStage ? "s3://acme-dumps/stage/" : bucket
            var all = ["dynaferry copy \(isStage ? "'acme-staging-*'" : "orders") \(place)"]
            if words.first == "verify" {
                let table = isStage ? "acme-staging-orders" : "orders"
                all.append("dynaferry copy \(table) \(words[2])")
            }
            return all
        }
        let again = ["--merge", "--merge=keep", "--only-changed", "--data-only"]
        guard words.first == "verify" || words.contains(where: again.contains) else { return [] }
        let part = words.contains("--data-only") ? " --schema-only" : ""
        return ["dynaferry copy" + Self.withoutOptionsOfVerify(words.dropFirst()) + part]
    }

    private static func withoutOptionsOfVerify(_ words: ArraySlice<String>) -> String {
        let flags = [
            "--merge", "--merge=keep", "--only-changed", "--data-only", "--repair", "--json",
            "--apply-settings", "--yes",
        ]
        let valued = ["--output", "--sample", "--read-units", "--write-units"]
        var text = ""
        var words = words
        while let word = words.popFirst() {
            if valued.contains(word) {
                _ = words.popFirst()
            } else if !flags.contains(word) {
                text += " '\(word.replacing("'", with: "'\\''"))'"
            }
        }
        return text
    }
}

/// All commands that the README and the guide show.
enum GuideCommands {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let pages: [(name: String, text: String)] = {
        let guide = "Sources/dynaferry/Documentation.docc"
        let folder = root.appendingPathComponent(guide).path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let paths = names.filter { $0.hasSuffix(".md") }.sorted().map { "\(guide)/\($0)" }
        return (["README.md"] + paths).map { path in
            let url = root.appendingPathComponent(path)
            return (url.lastPathComponent, (try? String(contentsOf: url, encoding: .utf8)) ?? "")
        }
    }()

    static let all: [GuideCommand] = pages.flatMap { page -> [GuideCommand] in
        blocks(page.text).flatMap { commands(of: $0, page: page.name) }
    }

    private static func commands(
        of block: [(number: Int, text: String)], page: String
    ) -> [GuideCommand] {
        let whole = block.map(\.text).joined(separator: "\n")
        return block.compactMap { line -> GuideCommand? in
            let isPrompt = line.text.hasPrefix("$ ")
            let text = isPrompt ? String(line.text.dropFirst(2)) : line.text
            guard text.hasPrefix("dynaferry ") else { return nil }
            return GuideCommand(
                page: page, number: line.number, line: text, transcript: isPrompt ? whole : nil)
        }
    }

    /// Those that can be run, each once; what a transcript shows may be a mistake.
    static let run: [GuideCommand] = {
        var lines: Set<String> = []
        return all.filter { $0.transcript == nil && $0.canRun && lines.insert($0.line).inserted }
    }()

    /// The files that pages show, by the name in their first line: `// NAME: what it is`. Others
    /// that commands name are made up.
    private static let dynamodumpSchema = """
        {"Table":{"TableName":"orders","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
        "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}}
        """

    static let files: [String: String] = {
        var files: [String: String] = [
            "secret": "an example of a key",
            "wanted.txt": #"{"id":{"S":"item-1"}}"# + "\n",
            "lines.json": #"{"Item":{"id":{"S":"a"}}}"# + "\n",
            "scan.json": #"{"Items":[{"id":{"S":"a"}}],"Count":1}"#,
            "people.csv": "id,name,age,active\na,Ann,7,true\n",
            "dynamodump/orders/schema.json": dynamodumpSchema,
            "dynamodump/orders/data/0001.json": #"{"Items":[{"id":{"S":"a"}}],"Count":1}"#,
            ".env": ["SRC", "DEST"].flatMap { side in
                ["ACCESS_KEY_ID=key", "SECRET_ACCESS_KEY=secret", "REGION=us-east-1"].map {
                    "\(side)_AWS_\($0)\n"
                }
            }.joined(),
        ]
        for block in pages.flatMap({ blocks($0.text) }) {
            guard let first = block.first?.text,
                let match = first.firstMatch(of: #/^// ([a-z.]+): /#)
            else { continue }
            files[String(match.1)] = block.map(\.text).joined(separator: "\n")
        }
        for name in Array(files.keys) { files["./\(name)"] = files[name] }
        return files
    }()

    static func write(into folder: TemporaryFolder) throws {
        for (name, text) in files where !name.hasPrefix("./") {
            let url = URL(fileURLWithPath: folder.path(name))
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: url, atomically: true, encoding: .utf8)
        }
    }

    /// The lines of each fenced block, with their numbers; a line that ends in \ has the next one.
    static func blocks(_ text: String) -> [[(number: Int, text: String)]] {
        var blocks: [[(number: Int, text: String)]] = []
        var isOpen = false
        var continues = false
        for (index, line) in text.components(separatedBy: "\n").enumerated() {
            if line.hasPrefix("```") {
                isOpen.toggle()
                if isOpen { blocks.append([]) }
                continues = false
                continue
            }
            guard isOpen, let block = blocks.indices.last else { continue }
            let ends = !line.hasSuffix("\\")
            let part = ends ? line : String(line.dropLast())
            if continues, let last = blocks[block].indices.last {
                blocks[block][last].text += part
            } else {
                blocks[block].append((index + 1, part))
            }
            continues = !ends
        }
        return blocks
    }
}

/// The words of the first command of a line, as a shell reads it.
enum ShellWords {
    static func of(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = line[...]
        while let character = rest.popFirst() {
            switch (character, quote) {
            case ("\\", let open) where open != "'":
                word = (word ?? "") + (rest.popFirst().map(String.init) ?? "")
            case (let end, let open) where end == open: quote = nil
            case (_, .some): word = (word ?? "") + String(character)
            case ("'", nil), ("\"", nil):
                quote = character
                word = word ?? ""
            case (" ", nil):
                if let whole = word { words.append(whole) }
                word = nil
            case ("|", nil), (">", nil), ("<", nil), (";", nil), ("&", nil): rest = ""
            case ("#", nil) where word == nil: rest = ""
            default: word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }
}

/// Two servers, profiles that lead to them, and a folder with the files that commands name.
private final class GuideSite {
    private let source: Served
    private let target: Served
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let stage = ["orders", "lookup", "tmp"].flatMap {
            ["--fill", "acme-staging-\($0)=20:100B"]
        }
        source = try Served(
            stage + ["--fill", "acme-settings=20:100B"]
                + ["--bucket", "acme-dumps", "--bucket", "out"])
        target = try Served()
        for table in [
            "orders", "orders-restored", "users", "profiles", "events", "sessions",
        ] { try fill(table) }
        try GuideCommands.write(into: folder)
        try FileManager.default.createDirectory(
            atPath: folder.path("home/.aws"), withIntermediateDirectories: true)
        let profiles = [
            ("default", "us-east-1", source), ("profile staging", "us-east-1", source),
            ("profile dev", "eu-west-1", target), ("profile china", "cn-north-1", target),
            ("profile govcloud", "us-gov-west-1", target),
        ]
        let config = profiles.map { name, region, server in
            "[\(name)]\nregion = \(region)\nendpoint_url = \(server.url)\n"
                + "aws_access_key_id = key\naws_secret_access_key = secret\n"
        }
        try config.joined().write(
            toFile: folder.path("home/.aws/config"), atomically: true, encoding: .utf8)
    }

    /// Tables can be exported as they were up to a day ago.
    func recover() throws {
        for table in try source.tables() {
            try source.call(
                "UpdateContinuousBackups",
                [
                    "TableName": .string(table),
                    "PointInTimeRecoverySpecification": ["PointInTimeRecoveryEnabled": true],
                ])
        }
        let result = try Binary.shell(
            "curl -sS --fail-with-body -X POST '\(source.url)/_clock?advance=86400'")
        guard result.status == 0 else { throw TestFailure(result.out + result.err) }
    }

    private func fill(_ table: String) throws {
        try source.call(
            "CreateTable",
            [
                "TableName": .string(table),
                "ProvisionedThroughput": ["ReadCapacityUnits": 100, "WriteCapacityUnits": 100],
                "KeySchema": [["AttributeName": "id", "KeyType": "HASH"]],
                "AttributeDefinitions": [["AttributeName": "id", "AttributeType": "S"]],
            ])
        while try source.call("DescribeTable", ["TableName": .string(table)])["Table"]?[
            "TableStatus"] != "ACTIVE"
        { usleep(5_000) }
        let puts = (1...20).map { number -> JSON in
            [
                "PutRequest": [
                    "Item": [
                        "id": ["S": .string("item-\(number)")], "country": ["S": "CN"],
                        "email": ["S": .string("\(number)@example.com")],
                    ]
                ]
            ]
        }
        try source.call("BatchWriteItem", ["RequestItems": [table: .array(puts)]])
    }

    /// Runs a line as a reader's shell does.
    /// - Parameter besides: while a job is running.
    func run(_ line: String, besides: Bool = false) throws -> Binary.Result {
        let line =
            line
            .replacing("--target-endpoint http://127.0.0.1:8000", with: "--target-endpoint B")
            .replacing("http://127.0.0.1:8000", with: source.url)
            .replacing("--target-endpoint B", with: "--target-endpoint \(target.url)")
        let job = """
            "$0" copy orders orders-slow --job orders-7f3a --write-units 1 --progress none \
            >/dev/null 2>&1 &
            job=$!
            until [ -S home/.local/state/dynaferry/orders-7f3a.sock ]; do sleep 0.05; done
            """
        return try Binary.shell(
            """
            set -o pipefail
            cd '\(folder.path(""))'
            program=$0
            dynaferry() { timeout 120 "$program" "$@"; }
            \(besides ? job : "")
            \(line)
            status=$?
            \(besides ? "kill -9 $job" : "")
            exit $status
            """,
            environment: ["HOME": folder.path("home")])
    }
}
