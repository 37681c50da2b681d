import Testing

@testable import Schema
@testable import Transfer

@Suite struct TableSelectionTests {
    @Test(arguments: [
        ("acme-staging-*", "acme-staging-orders", ["orders"]),
        ("*", "orders", ["orders"]), ("*", "", [""]),
        ("a*b*c", "aXbYbZc", ["X", "YbZ"]), ("a*b*c", "abc", ["", ""]),
        ("*-dev", "x-dev-dev", ["x-dev"]), ("**", "ab", ["", "ab"]), ("orders", "orders", []),
    ])
    func `what stars stand for`(pattern: String, name: String, stars: [String]) {
        #expect(NamePattern(pattern).match(name) == stars)
        #expect(NamePattern(pattern).filled(with: stars) == name)
    }

    @Test(arguments: [
        ("acme-*", "acme"), ("orders", "orders2"), ("a*b", "ac"), ("aa*aa", "aaa"), ("*x*", "y"),
    ])
    func `what does not match`(pattern: String, name: String) {
        #expect(NamePattern(pattern).match(name) == nil)
    }

    private func pairs(
        _ rules: [(String, String)], excluded: [String] = [], of names: [String]
    ) throws(CopyRefusal) -> [String] {
        try TableSelection(
            rules: rules.map { .init($0, $1) }, excluded: excluded.map(NamePattern.init)
        ).pairs(of: names).map { "\($0.source)>\($0.target)" }
    }

    @Test func `what the stars stand for is carried over, and exceptions are left out`() throws {
        let names = ["acme-staging-a", "acme-staging-b", "acme-staging-tmp-1", "other"]
        #expect(
            try pairs(
                [("acme-staging-*", "acme-*-dev")], excluded: ["*-tmp-*"], of: names)
                == ["acme-staging-a>acme-a-dev", "acme-staging-b>acme-b-dev"])
        #expect(
            try pairs(
                [("acme-staging-b", "bee"), ("acme-staging-*", "new-*")], excluded: ["*-tmp-*"],
                of: names) == ["acme-staging-a>new-a", "acme-staging-b>bee"])
        // A name is taken at its word, listed or not: listing may not be allowed.
        #expect(try pairs([("orders", "copy")], of: []) == ["orders>copy"])
    }

    @Test(arguments: [
        ([("x-*", "y-*")], [], ["a"], "no source table matches x-*"),
        ([("*", "*")], ["*"], ["a"], "every table is excluded"),
        (
            [("a-*", "*"), ("b-*", "*")], [], ["a-1", "b-1"],
            "a-1 and b-1 would both be copied to 1"
        ),
        (
            [("people*", "x-*")], [], ["people"],
            "people would be copied to x-, which is no name of a table: it has 2 characters"
        ),
    ])
    func `what can't be meant is refused`(
        rules: [(String, String)], excluded: [String], names: [String], message: String
    ) {
        let refusal = #expect(throws: CopyRefusal.self) {
            try pairs(rules, excluded: excluded, of: names)
        }
        #expect(refusal?.message == message)
    }
}
