import JSON
import Pacing
import Testing

@testable import DynamoModel

/// Goal: a condition with its values in place means what the same one with aliases means, and one
/// that is none says where it goes wrong.
@Suite struct LiteralConditionTests {
    private static let pairs: [(text: String, aliased: String, values: [String: JSON])] = [
        ("country = 'CN'", "country = :a", [":a": ["S": "CN"]]),
        ("country='it''s \"x\" {'", "country = :a", [":a": ["S": "it's \"x\" {"]]),
        ("n = -1.5e3", "n = :a", [":a": ["N": "-1500"]]),
        (
            "n BETWEEN 1 AND 12345678901234567890123456789012345678", "n BETWEEN :a AND :b",
            [":a": ["N": "1"], ":b": ["N": "12345678901234567890123456789012345678"]]
        ),
        (
            "x IN ('a', 2, true, NULL)", "x IN (:a, :b, :c, :d)",
            [":a": ["S": "a"], ":b": ["N": "2"], ":c": ["BOOL": true], ":d": ["NULL": true]]
        ),
        ("b = b64'AAEC'", "b = :a", [":a": ["B": "AAEC"]]),
        ("s = <<'b', 'a'>>", "s = :a", [":a": ["SS": ["a", "b"]]]),
        ("s = << 1, 2.0 >>", "s = :a", [":a": ["NS": ["1", "2"]]]),
        ("s = <<b64'AA=='>>", "s = :a", [":a": ["BS": ["AA=="]]]),
        (
            "l = [1, 'x', [], {}]", "l = :a",
            [":a": ["L": [["N": "1"], ["S": "x"], ["L": []], ["M": [:]]]]]
        ),
        (
            "m = {'a': {'b': [false]}, 'c''d': 1}", "m = :a",
            [":a": ["M": ["a": ["M": ["b": ["L": [["BOOL": false]]]]], "c'd": ["N": "1"]]]]
        ),
        (
            "NOT (begins_with(a.b[2].c, 'x') OR size(d) >= 3) AND e <> f",
            "NOT (begins_with(a.b[2].c, :a) OR size(d) >= :b) AND e <> f",
            [":a": ["S": "x"], ":b": ["N": "3"]]
        ),
        (
            "attribute_type(a, 'S') and attribute_not_exists(b)",
            "attribute_type(a, :a) AND attribute_not_exists(b)", [":a": ["S": "S"]]
        ),
    ]

    @Test func `values in place mean what aliases mean`() throws {
        for (text, aliased, values) in Self.pairs {
            var aliases = ExpressionAliases()
            for (alias, value) in values {
                aliases.define(alias, value: try AttributeValue(value))
            }
            let expected = try Condition(parsing: aliased, aliases: &aliases)
            #expect(try Condition(withLiterals: text) == expected, "\(text)")
        }
    }

    @Test func `no word is reserved, and odd names stand in double quotes`() throws {
        let condition = try Condition(
            withLiterals: #"status = 1 AND "a-b"."c ""d""" = 2 AND "true" = 3 AND count = 4"#)
        let names = condition.paths.map { path in
            ([path.attribute]
                + path.steps.compactMap { if case .name(let name) = $0 { name } else { nil } })
                .map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(names == [["status"], ["a-b", "c \"d\""], ["true"], ["count"]])
    }

    /// What is wrong, and at which byte.
    private static let wrong: [(text: String, reason: String, offset: Int?)] = [
        ("", "can not be empty", nil), ("a", "a comparison is missing", 1),
        ("a = = 3", "= can't", 4),
        ("a = 'x", "never closed", 4), ("\"a = 1", "never closed", 0), ("a = b64'x", "closed", 4),
        ("a = b64'?'", "base64", 4), ("a = 1 b", "b can't", 6), ("a = :x", ": can't", 4),
        ("#a = 1", "# can't", 0), ("a = [1,", "too early", 7), ("a = {1: 2}", "1 can't", 5),
        ("a = {'b' 2}", "2 can't", 9), ("a = <<1, 'x'>>", "one kind", 4),
        ("a = <<>>", "one kind", 4),
        ("a = 1e999", "1e999", 4), ("a = - 'x'", "'x' can't", 6), ("a IN ()", ") can't", 6),
        ("foo(a)", "no function foo", 0), ("a & b", "& can't", 2), ("a = é", "é can't", 4),
        ("a BETWEEN 3 AND 1", "BETWEEN", 0), ("size(a)", "a comparison is missing", 7),
        ("attribute_exists('a')", "document path", 0), ("a = 1 AND", "too early", 9),
        ("(a = 1", "too early", 6), ("a = 1)", ") can't", 5), ("a[x] = 1", "x can't", 2),
        ("a = 'x' OR NOT", "too early", 14), ("b = 1 OR begins_with(a, 1)", "operand type", 9),
    ]

    @Test func `what is no condition is told with its place`() {
        for (text, reason, offset) in Self.wrong {
            let error = #expect(throws: ExpressionError.self, "\(text)") {
                _ = try Condition(withLiterals: text)
            }
            #expect(error?.description.contains(reason) == true, "\(text): \(error as Any)")
            #expect(error?.offset == offset, "\(text): \(error as Any)")
        }
    }

    /// Whatever a user types is read to its end or refused; nothing else happens.
    @Test func `any text is a condition or is refused`() {
        let words = [
            "a", "\"b\"", "'c'", "1", "-", ".5", "e3", "(", ")", "[", "]", "{", "}", "<<", ">>",
            ",",
            ":", "=", "<>", "AND", "or", "not", "IN", "between", "size", "contains", "true", "b64'",
            "'", "\"", "#", "é", " ", "b64'AA=='", "attribute_exists",
        ]
        var generator = SeededGenerator(seed: 4)
        var accepted = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...12, using: &generator)
            let text = (0..<count).map { _ in words.randomElement(using: &generator)! }
                .joined(separator: Bool.random(using: &generator) ? " " : "")
            if (try? Condition(withLiterals: text)) != nil { accepted += 1 }
        }
        #expect(accepted > 5, "\(accepted)")
    }

    @Test func `only what a condition names is decoded`() throws {
        let filter = try ItemFilter("a.b = 'x' AND size(\"l\") = 2")
        let items = [
            #"{"k":{"S":"1"},"a":{"M":{"b":{"S":"x"}}},"l":{"L":[{"N":"1"},{"N":"2"}]}}"#,
            #"{"k":{"S":"2"},"\u0061":{"M":{"b":{"S":"\u0078"}}},"l":{"SS":["p","q"]}}"#,
            #"{"k":{"S":"3"},"a":{"M":{"b":{"S":"y"}}},"l":{"L":[{"N":"1"},{"N":"2"}]}}"#,
            #"{"k":{"S":"4"},"l":{"L":[{"N":"1"},{"N":"2"}]}}"#,
        ]
        let page = #"{"Count":4,"Items":[\#(items.joined(separator: ","))]}"#
        let bytes = Array(page.utf8) + [UInt8](repeating: 0, count: 64)
        try bytes.withUnsafeBytes { whole in
            let buffer = UnsafeRawBufferPointer(rebasing: whole[..<page.utf8.count])
            let schema = KeySchema(partition: KeyAttribute(name: "k", type: .string))
            let slices = try PageCutter(schema: schema).cut(buffer).items
            #expect(
                try slices.map { try filter.wants($0, in: buffer) } == [true, true, false, false])
        }
    }
}
