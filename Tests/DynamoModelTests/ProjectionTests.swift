import JSON
import Testing

@testable import DynamoModel

/// Which parts of an item a projection lets through.
@Suite struct ProjectionTests {
    private static let item = #"""
        {"a":{"S":"\u00e4"}, "m":{"M":{"x":{"M":{"y":{"N":"1"},"z":{"N":"2.50"}}},"w":{"S":"w"}}},
        "l":{"L":[{"S":"0"},{"L":[{"S":"10"},{"S":"11"}]},{"S":"2"}]},"q\"":{"BOOL":true}}
        """#

    private static func project(_ text: String, names: [String: String] = [:]) throws -> String {
        var aliases = ExpressionAliases(names: names)
        let projection = try Projection(parsing: text, aliases: &aliases)
        let bytes = try Array(item.utf8).withUnsafeBytes { try projection.bytes(of: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("a", #"{"a":{"S":"\u00e4"}}"#), ("lacking", "{}"), ("lacking, a.b, a[0]", "conflict"),
        ("m.w", #"{"m":{"M":{"w":{"S":"w"}}}}"#),
        ("m.x.z , a", #"{"a":{"S":"\u00e4"},"m":{"M":{"x":{"M":{"z":{"N":"2.50"}}}}}}"#),
        ("m.x.lacking, m.w", #"{"m":{"M":{"w":{"S":"w"}}}}"#), ("m.x.lacking", "{}"),
        ("m[0]", "{}"),
        ("l[2], l[0]", #"{"l":{"L":[{"S":"0"},{"S":"2"}]}}"#), ("l[3]", "{}"), ("l.x", "{}"),
        ("l[1][1]", #"{"l":{"L":[{"L":[{"S":"11"}]}]}}"#), ("#q", #"{"q\"":{"BOOL":true}}"#),
    ])
    func `it keeps what its paths lead to, in the item's order`(
        text: String, wanted: String
    ) throws {
        var names: [String: String] = [:]
        if text.contains("#q") { names["#q"] = "q\"" }
        guard wanted != "conflict" else {
            #expect(throws: ExpressionError.self) { try Self.project(text) }
            return
        }
        #expect(try Self.project(text, names: names) == wanted)
    }

    @Test(arguments: [
        ("", "The expression can not be empty;"),
        ("a,", "Syntax error; token: \"<EOF>\", near: \",\""),
        ("a b", "Syntax error; token: \"b\", near: \"a b\""),
        ("size(a)", "Syntax error; token: \"(\", near: \"size(a\""),
        ("a, :b", "Syntax error; token: \":b\", near: \", :b\""),
        ("a, abORT", "Attribute name is a reserved keyword; reserved keyword: abORT"),
        (
            "a, #no",
            "An expression attribute name used in the document path is not defined; attribute "
                + "name: #no"
        ),
        ("b, m.x, m", "Two document paths overlap|[m, x], path two: [m]"),
        ("a, a", "Two document paths overlap|[a], path two: [a]"),
        ("m.x, m[1], b", "Two document paths conflict|[m, x], path two: [m, [1]]"),
        ("b[3].c, b.#d.c", "Two document paths conflict|[b, [3], c], path two: [b, [3], c]"),
    ])
    func `wrong ones are refused`(text: String, words: String) {
        let names = text.contains("#d") ? ["#d": "[3]"] : [:]
        let paths = words.split(separator: "|")
        let wanted =
            paths.count == 1
            ? words
            : "\(paths[0]) with each other; must remove or rewrite one of these paths; path one: "
                + paths[1]
        #expect(throws: ExpressionError(wanted)) { try Self.project(text, names: names) }
    }
}
