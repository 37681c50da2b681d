import CommandLine
import DynamoModel
import System
import Testing

@testable import Arguments

/// Goal: a file of rules is read as it is written, and what is wrong with one is told with its
/// line.
@Suite struct RulesFileTests {
    private static let key = SecretKey(Array("an example of a key".utf8))

    private static func read(_ text: String, key: SecretKey? = key) throws -> RulesFile {
        try RulesFile(
            Array(text.utf8), path: "rules.jsonc", ValueContext(now: 5, key: key))
    }

    private static let whole = """
        {
            // Those who sign in.
            "users*": {
                "keep": ["id", "address.country", "contacts.*.kind"],
                "remove": ["ssn", "cards[*].cvv"],
                "hash": ["email", "\\"odd-name\\""],
                "mask": {"name": 2, "cards[*].number": 4},
                "set": {"note": "'removed'", "seen": "now()"},
                "may-repeat": ["ssn"],
            },
            "users-archive": {"otherwise": "remove", "hash": {"id": 20}},
            "logs": {"otherwise": "keep"},
        }
        """

    @Test func `the rules of a table are those of its name, or of the pattern that matches`()
        throws
    {
        let file = try Self.read(Self.whole)
        let users = try file.rules(for: "users-eu")
        #expect(users.otherwise == .refuse && users.rules.count == 11)
        #expect(
            users.places.sorted() == [
                "hash \"odd-name\"", "hash email", "keep address.country",
                "keep contacts.*.kind", "keep id", "mask cards[*].number", "mask name",
                "remove cards[*].cvv", "remove ssn", "set note", "set seen",
            ])
        #expect(users.rules.count { !$0.isSearched } == 1)
        let archive = try file.rules(for: "users-archive")
        #expect(archive.otherwise == .remove)
        #expect(archive.rules.map(\.action) == [.hash(Self.key, length: 20)])
        #expect(try file.rules(for: "logs").rules.isEmpty)
        #expect(throws: UsageError.self) { try file.rules(for: "orders") }
        try file.check(for: ["users", "users-archive", "logs"])
    }

    @Test func `a table without rules, and rules without a table, are refused`() throws {
        let file = try Self.read(Self.whole)
        #expect(
            message { _ = try file.rules(for: "orders") } == "rules.jsonc has no rules for orders")
        #expect(
            message { try file.check(for: ["users", "logs"]) }
                == "rules.jsonc:11: users-archive: no table has this name")
        #expect(
            message { try file.check(for: ["users", "users-archive", "logs", "orders"]) }
                == "rules.jsonc has no rules for orders")
        let both = try Self.read(#"{"a*": {"otherwise": "keep"}, "*b": {"otherwise": "remove"}}"#)
        #expect(
            message { _ = try both.rules(for: "ab") }
                == "rules.jsonc:1: *b: matches ab, and so does a* on line 1")
        #expect(try both.rules(for: "b").otherwise == .remove)
    }

    static let wrong: [(file: String, message: String)] = [
        ("", "rules.jsonc:1:1: unexpected end"),
        (
            "[]",
            "rules.jsonc:1: the file: expected an object with a table's name or a pattern in"
                + " front of each table's rules, found a list"
        ),
        (
            "{}",
            "rules.jsonc:1: the file: expected an object with a table's name or a pattern in"
                + " front of each table's rules, found an object"
        ),
        (#"{"a": {"keep": ["x"]}"#, "rules.jsonc:1:22: expected '}'"),
        (#"{"a": "keep"}"#, "rules.jsonc:1: a: expected an object of rules, found 'keep'"),
        (#"{"a": {}}"#, "rules.jsonc:1: a: there is no rule"),
        (
            "{\"a\": {\"keep\": [\"x\"]},\n\"a\": {\"keep\": [\"y\"]}}",
            "rules.jsonc:2: a: is given twice"
        ),
        (#"{"a": {"kep": ["x"]}}"#, "rules.jsonc:1: kep: is not known here"),
        (#"{"a": {"keep": "x"}}"#, "rules.jsonc:1: keep: expected a list of paths, found 'x'"),
        (#"{"a": {"keep": [7]}}"#, "rules.jsonc:1: keep: expected a path, as a text, found 7"),
        (
            #"{"a": {"keep": {"x": 1}}}"#,
            "rules.jsonc:1: keep: expected a list of paths, found an object"
        ),
        (
            #"{"a": {"hash": "x"}}"#,
            "rules.jsonc:1: hash: expected an object of paths, found 'x'"
        ),
        (
            #"{"a": {"hash": {"x": 7}}}"#,
            "rules.jsonc:1: hash: x: expected how many characters: 8 to 52, found 7"
        ),
        (
            #"{"a": {"hash": {"x": "8"}}}"#,
            "rules.jsonc:1: hash: x: expected how many characters: 8 to 52, found '8'"
        ),
        (
            #"{"a": {"mask": ["x"]}}"#,
            "rules.jsonc:1: mask: expected a path, and how many of the last characters are left,"
                + " found 'x'"
        ),
        (
            #"{"a": {"mask": {"x": -1}}}"#,
            "rules.jsonc:1: mask: x: expected a path, and how many of the last characters are left,"
                + " found -1"
        ),
        (
            #"{"a": {"set": ["x"]}}"#,
            "rules.jsonc:1: set: expected a path, and an expression as a text, found 'x'"
        ),
        (
            #"{"a": {"set": {"x": 1}}}"#,
            "rules.jsonc:1: set: x: expected a path, and an expression as a text, found 1"
        ),
        (
            #"{"a": {"set": {"x": "lowr(y)"}}}"#,
            "rules.jsonc:1: set: x: there is no function lowr; did you mean lower?\n  lowr(y)\n  ^"
        ),
        (
            #"{"a": {"keep": ["x.[0]"]}}"#,
            "rules.jsonc:1: keep: [ can't stand here\n  x.[0]\n    ^"
        ),
        (#"{"a": {"keep": ["x", "x"]}}"#, "rules.jsonc:1: keep: x is given twice, first on line 1"),
        (
            "{\"a\": {\"keep\": [\"x\"],\n\"hash\": [\"x\"]}}",
            "rules.jsonc:2: hash: x is given twice, first on line 1"
        ),
        (
            #"{"a": {"hash": ["x"], "keep": ["x.y"]}}"#,
            "rules.jsonc:1: keep: x.y lies within x, which hash changes as a whole"
        ),
        (
            #"{"a": {"keep": ["x[0].y"], "mask": {"x[*]": 2}}}"#,
            "rules.jsonc:1: mask: x[*]: x[0].y lies within x[*], which mask changes as a whole"
        ),
        (
            #"{"a": {"otherwise": "drop"}}"#,
            "rules.jsonc:1: otherwise: expected refuse, remove or keep, found 'drop'"
        ),
        (
            #"{"a": {"otherwise": "keep", "otherwise": "keep"}}"#,
            "rules.jsonc:1: otherwise: is given twice"
        ),
        (
            #"{"a": {"keep": ["x"], "may-repeat": ["y"]}}"#,
            "rules.jsonc:1: may-repeat: y is neither hashed, masked nor removed"
        ),
    ]

    @Test(arguments: wrong)
    func `an error names its line`(file: String, told: String) {
        #expect(message { _ = try Self.read(file) } == told)
    }

    @Test func `hash requires a secret`() {
        #expect(
            message { _ = try Self.read(#"{"a": {"hash": ["x"]}}"#, key: nil) }
                == "rules.jsonc:1: hash: hash requires --secret-file")
    }

    private func message(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return (error as? UsageError)?.message
        }
    }
}
