import Foundation
import TestSupport
import Testing

/// Goal: whoever writes a wrong condition, change, rule or program is told what is wrong, where,
/// and what to do; nothing is copied meanwhile.
/// Method: the transcript of all of them is a file that people read. It is written anew with
/// DYNAFERRY_UPDATE_SNAPSHOTS=1.
@Suite(.timeLimit(.minutes(20))) struct WrongChangesTests {
    private static let conditions = [
        "country = CN'", "country == 'CN'", "country = \"CN", "country = 'CN' AND", "country",
        "NOT", "(country = 'CN'", "country = 'CN')", "country IN 'CN'", "country IN ()",
        "n BETWEEN 1", "n BETWEEN 2 AND 1", "attribute_exist(email)", "attribute_exists('email')",
        "attribute_type(n, 'X')", "begins_with(email)", "contains(tags, a, b)", "size(email)",
        "n > 1e999", "n = 123456789012345678901234567890123456789", "n = :one", "#n = 1",
        "a[x] = 1", "a[-1] = 1", "cards[*].cvv = 1", "b64'?' = a", "<<1, 'a'>> = a", "<<>> = a",
        "lowr(country) = 'cn'", "lower(1) = 'a'", "now() > 1 / 0", "hash(id) = 'x'",
        "country = 'CN' OR OR n = 1",
    ]

    private static let changes = [
        "--set \"email\"", "--set \"email = \"", "--set \"email = lower(email\"",
        "--set \"email == 'x'\"", "--set \"cards[*].cvv = 'x'\"", "--set \"a = 1, a = 2\"",
        "--set \"a.b = 1\" --remove a", "--set \"a = mask(name)\"", "--set \"a = mask(name, -1)\"",
        "--set \"a = hash(email)\"", "--set \"a = substring('abc', 0)\"", "--set \"a = 'x' + 1\"",
        "--set \"a = bucket(7, 0)\"", "--set \"a = to_number('x')\"", "--set \"a = if(n, 1, 2)\"",
        "--set \"a = attribute_exists(b)\"", "--set \"a = b c\"", "--set ''", "--remove ''",
        "--remove \"a b\"", "--remove \"a, a.b\"", "--remove \"a[\"", "--remove \"'a'\"",
        "--remove \"a.*.\"", "--on-error keep", "--set \"a = mask(name, 1)\" --on-error keep",
        "--set \"a = 1\" --on-error skip", "--set \"a = hash(id)\" --secret-file none",
        "--set \"a = hash(id)\" --secret-file short", "--set \"a = now()\" --now yesterday",
        "--fraction 0%", "--fraction 200%",
    ]

    private static let programs = [
        "--through ''", "--through-jobs 2", "--through cat --through-jobs 0",
        "--through cat --through-timeout soon", "--through cat --rules rules.jsonc",
        "--through cat --only-changed", "--through no-such-program", "--through 'exit 3'",
        "--through 'kill -9 $$'", "--through 'head -n 0'", "--through 'sed s/.*/{/'",
        "--through 'sed s/.*/[7/'", "--through 'jq .'", "--through 'sed p'",
        "--through 'sleep 1000' --through-timeout 1s",
    ]

    private static let rules = RulesFileTests.wrong.map(\.file)

    @Test func `each is told what is wrong, and what to do`() throws {
        let server = try Served()
        try server.call(
            "CreateTable",
            [
                "TableName": "users", "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [["AttributeName": "id", "KeyType": "HASH"]],
                "AttributeDefinitions": [["AttributeName": "id", "AttributeType": "S"]],
            ])
        while try server.call("DescribeTable", ["TableName": "users"])["Table"]?["TableStatus"]
            != "ACTIVE"
        { usleep(5_000) }
        try server.call(
            "PutItem",
            [
                "TableName": "users",
                "Item": ["id": ["S": "a"], "n": ["N": "1"], "email": ["S": "a@example.com"]],
            ])
        let folder = try TemporaryFolder()
        for (name, text) in [("short", "secret"), ("secret", "an example of a key")] {
            try text.write(toFile: folder.path(name), atomically: true, encoding: .utf8)
        }
        var transcript = ""
        func run(_ line: String) throws {
            let result = try Binary.shell(
                "cd '\(folder.path(""))' && exec \"$0\" copy users users-dev \(line)"
                    + " --region us-east-1 --endpoint \(server.url) --progress none",
                environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
            let lines = result.err.split(separator: "\n")
            #expect(result.status == 1 || result.status == 2, "\(line): \(result)")
            #expect(result.out.isEmpty || result.out.hasPrefix("failed to copy"), "\(line)")
            #expect(lines.count { $0.hasPrefix("error: ") } == 1, "\(line): \(result.err)")
            // What the run was called, and where, is another each time.
            let told = lines.drop { !$0.hasPrefix("error: ") }
                .filter { !$0.contains("the same command resumes job") }
            #expect(told.contains { $0.hasPrefix("hint: ") }, "\(line): \(result.err)")
            transcript += "$ dynaferry copy users users-dev \(line)\n"
            transcript += told.joined(separator: "\n") + "\n\n"
            if try server.tables().contains("users-dev") { try server.delete("users-dev") }
        }
        for condition in Self.conditions { try run("--where \(Self.quoted(condition))") }
        for change in Self.changes { try run(change) }
        for rules in Self.rules {
            try rules.write(toFile: folder.path("rules.jsonc"), atomically: true, encoding: .utf8)
            transcript += rules.split(separator: "\n").map { "rules.jsonc: \($0)\n" }.joined()
            try run("--rules rules.jsonc --secret-file secret")
        }
        try #"{"orders": {"keep": ["id"]}}"#
            .write(toFile: folder.path("rules.jsonc"), atomically: true, encoding: .utf8)
        for line in [
            "--rules rules.jsonc", "--rules none.jsonc", "--rules rules.jsonc --set \"a = 1\"",
            "--rules rules.jsonc --on-error keep",
        ] { try run(line) }
        for program in Self.programs { try run(program) }
        try Snapshot.compare(transcript, "wrong-changes.txt")
    }

    /// In the quotes that a shell takes away.
    private static func quoted(_ text: String) -> String {
        "'\(text.replacing("'", with: "'\\''"))'"
    }
}
