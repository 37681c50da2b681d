import Foundation
import JSON
import TestSupport
import Testing

/// Goal: whoever does something wrong reads what happened and what to do next.
/// Method: the transcript of many commands that fail is a file that people read. It is written anew
/// with DYNAFERRY_UPDATE_SNAPSHOTS=1. What differs from run to run has a word in its place.
@Suite(.timeLimit(.minutes(20))) struct MessagesTests {
    @Test func `each failing command says what happened and what to do`() throws {
        let site = try MessageSite()
        var transcript = ""
        var count = 0
        for section in MessageCommands.sections {
            transcript += "# \(section.title)\n\n"
            for line in section.lines {
                let result = try site.run(line)
                let told = site.told(result.err)
                #expect(result.status == section.status, "\(line): \(result)")
                #expect(told.first?.hasPrefix("error: ") == true, "\(line): \(result.err)")
                #expect(told.contains { $0.hasPrefix("hint: ") }, "\(line): \(result.err)")
                // What a service says stays as it is.
                let hints = told.filter { $0.hasPrefix("hint: ") }
                #expect(!hints.contains { $0.hasSuffix(".") }, "\(line): \(result.err)")
                #expect(!hints.contains { $0.contains("dynamoDB") }, "\(line): \(result.err)")
                for dump in ["(name:", "Optional(", "(message:", "FlowFailure", "CopyRefusal"] {
                    #expect(!result.err.contains(dump), "\(line): \(result.err)")
                }
                let (setting, words) = MessageCommands.parts(of: line)
                let prompt = setting.isEmpty ? "$" : "$ \(setting)"
                transcript +=
                    "\(prompt) dynaferry \(words)\n" + told.joined(separator: "\n") + "\n\n"
                count += 1
            }
        }
        #expect(count >= 120, "only \(count) commands")
        try Snapshot.compare(transcript, "messages.txt")
    }
}

/// Servers, files and jobs that the commands of the transcript meet.
final class MessageSite {
    private let server: Served
    /// Whose users may not do everything.
    private let guarded: Served
    /// In front of `server`: says of some tables that they can't be used, and refuses keys.
    private let proxy: TamperingProxy
    private let folder = try? TemporaryFolder()

    init() throws {
        let fills = [
            "orders=20", "full=5", "stage-a=5", "stage-b=5", "stage-c=5", "full-a=5", "full-b=5",
            "archived=5", "locked=5", "sealed=5", "doomed=5", "lost=5", "same-a=5", "same-b=5",
        ]
        server = try Served(
            fills.flatMap { ["--fill", $0] } + ["--bucket", "dumps", "--bucket", "far:eu-west-1"])
        guarded = try Served([
            "--fill", "orders=5", "--fill", "orders-b=5", "--bucket", "dumps",
            "--access", "READER:secret:read", "--access", "NOBODY:secret:none",
            "--access", "WRITER:secret:write:BatchWriteItem",
        ])
        proxy = try TamperingProxy(before: server.url, MessageSite.tamper)
        try prepare()
    }

    private static func tamper(_ exchange: TamperingProxy.Exchange) -> TamperingProxy.Exchange? {
        let table = exchange.request["TableName"]?.string ?? ""
        let statuses = [
            "archived": "ARCHIVED", "doomed": "DELETING",
            "sealed": "INACCESSIBLE_ENCRYPTION_CREDENTIALS",
        ]
        if exchange.operation == "DescribeTable", let status = statuses[table] {
            return exchange.setting("Table.TableStatus", to: .string(status))
        }
        let key = "arn:aws:kms:us-east-1:123456789012:key/1a2b"
        if exchange.operation == "Scan", table == "locked" {
            return refusal(
                exchange, "AccessDeniedException",
                "User: arn:aws:iam::123456789012:user/u is not authorized to perform: kms:Decrypt"
                    + " on resource: \(key)")
        }
        if exchange.operation == "BatchWriteItem", exchange.request.text.contains("half") {
            return refusal(exchange, "AccessDeniedException", "You may not write here.")
        }
        if exchange.operation == "CreateTable", table == "keyed" {
            return refusal(
                exchange, "ValidationException",
                "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Key"
                    + " '\(key)' does not exist")
        }
        return nil
    }

    private static func refusal(
        _ exchange: TamperingProxy.Exchange, _ code: String, _ message: String
    ) -> TamperingProxy.Exchange {
        var exchange = exchange.answering([
            "__type": .string("com.amazon.coral.service#\(code)"), "message": .string(message),
        ])
        exchange.status = 400
        return exchange
    }

    private func path(_ name: String) -> String { folder?.path(name) ?? name }

    private func prepare() throws {
        try create("other-keys", key: "id")
        for (name, text) in MessageCommands.files {
            try text.write(toFile: path(name), atomically: true, encoding: .utf8)
        }
        for line in MessageCommands.preparations {
            let result = try run(line)
            guard [0, 1].contains(result.status) else { throw TestFailure("\(line): \(result)") }
        }
    }

    private func create(_ table: String, key: String) throws {
        try server.call(
            "CreateTable",
            [
                "TableName": .string(table), "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [["AttributeName": .string(key), "KeyType": "HASH"]],
                "AttributeDefinitions": [["AttributeName": .string(key), "AttributeType": "S"]],
            ])
    }

    /// Runs a line of shell that begins behind the program's name. `$SERVER`, `$GUARDED` and
    /// `$PROXY` are the servers' addresses.
    func run(_ line: String) throws -> Binary.Result {
        let places =
            "SERVER=\(server.url) GUARDED=\(guarded.url) PROXY=\(proxy.url)"
            + " NOWHERE=http://127.0.0.1:1"
        // What stands before a colon at its beginning belongs to the shell.
        let (setting, words) = MessageCommands.parts(of: line)
        return try Binary.shell(
            "cd '\(path(""))' && \(places) && \(setting) \"$0\" \(words) < /dev/null",
            environment: [
                "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": server.url,
                "XDG_STATE_HOME": path("state"), "COLUMNS": "80", "TMPDIR": "/tmp",
            ])
    }

    /// From the first error on, with words in place of what differs from run to run.
    func told(_ text: String) -> [String] {
        var text = text
        let places = [
            (server.url, "http://SERVER"), (guarded.url, "http://GUARDED"),
            (proxy.url, "http://PROXY"), (path(""), "FOLDER/"),
        ]
        for (place, word) in places {
            text = text.replacing(place, with: word)
            text = text.replacing(place.replacing("http://", with: ""), with: word.dropFirst(7))
        }
        for (pattern, word) in [
            // First: a part of a folder's name may look like that of a job's.
            ("/tmp/dynaferry-[-0-9A-F]+/home", "HOME"),
            ("\\b([a-z0-9]+(?:-[a-z0-9]+)*)-[0-9a-f]{4}\\b", "$1-JOB"),
            ("process [0-9]+", "process PID"), ("[0-9]{14}-[0-9a-f]{8}", "EXPORT"),
            ("data/[0-9a-z]+\\.", "data/FILE."), ("after [0-9]+ ms", "after 0 ms"),
        ] {
            text = text.replacingOccurrences(of: pattern, with: word, options: .regularExpression)
        }
        return text.split(separator: "\n").map(String.init).drop { !$0.hasPrefix("error: ") }
            .map { $0 }
    }
}
