import Testing

@testable import DynamoModel

/// What is refused, and in which words.
@Suite struct ExpressionErrorTests {
    private static func refusal(
        _ text: String, names: [String: String] = [:], values: [String: AttributeValue] = [:]
    ) -> String {
        var aliases = ExpressionAliases(names: names, values: values)
        do throws(ExpressionError) {
            _ = try Condition(parsing: text, aliases: &aliases)
            return "nothing"
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("a > 4", "4", "> 4"), ("", "", ""), ("a = ", "<EOF>", "= "), ("a", "<EOF>", "a"),
        ("things are bad", "are", "things are bad"), ("a in b, c", "b", "in b,"),
        ("attribute_exists(Pictures-Rear)", "-", "Pictures-Rear"), ("a > between", "between", ""),
        ("attribute_exists(a..b)", ".", "..b"), ("a in (b,c,)", ")", ",)"), ("a in ()", ")", "()"),
        ("b[:a] > a", ":a", "[:a]"), ("ü > a", "ü", "ü >"), ("size(a).b > a", ".", ").b"),
        ("(size(a))[0] > a", "[", ")[0"), ("a.b[4.5] = c", ".", "4.5"), ("#$.b > a", "#", "#$"),
        ("(a = :v", "<EOF>", ":v"), ("(a) AND b = c", "AND", ") AND b"), ("a = b)", ")", "b)"),
        ("(a = b) = c", "=", ") = c"), ("NOT a", "<EOF>", "a"), ("a = b AND c", "<EOF>", "c"),
        ("a between b", "<EOF>", "b"), (":v", "<EOF>", ":v"), ("a.and = b", "and", ".and ="),
    ])
    func `a syntax error names the token and its neighbours`(
        text: String, token: String, near: String
    ) {
        let refusal = Self.refusal(text)
        guard !text.isEmpty else {
            #expect(refusal == "The expression can not be empty;")
            return
        }
        #expect(refusal.hasPrefix("Syntax error; token: \"\(token)\", near: \""), "\(refusal)")
        #expect(near.isEmpty || refusal.hasSuffix("near: \"\(near)\""), "\(refusal)")
    }

    @Test(arguments: [
        "a=b and a > ((views))", "(a)between(((b.c)).d)and(c)", "a > whatever((:things), ((a)))",
        "a=b AND ((a=b AND a=b)) AND a=b", "((attribute_exists(a)))", "((a = b))",
    ])
    func `parentheses directly in parentheses come before all else`(text: String) {
        #expect(Self.refusal(text) == "The expression has redundant parentheses;")
    }

    @Test(arguments: [
        ("a=b and whatever((:things)) > a", "Invalid function name; function: whatever"),
        ("attRIbute_exIsts((views), #a)", "Invalid function name; function: attRIbute_exIsts"),
        (
            "if_not_exists(a, b) = c",
            "The function is not allowed in a condition expression; function: if_not_exists"
        ),
        ("attribute_exists((views), (#a)) > b", "@attribute_exists"),
        ("size(contains(a, b)) > a", "@contains"), ("size(things)", "@size"),
        ("NOT size(things)", "@size"), ("a between b and attribute_exists(c)", "@attribute_exists"),
        ("a in (b, begins_with(a, b))", "@begins_with"),
        (
            "attribute_exists(views, #a)",
            "Attribute name is a reserved keyword; reserved keyword: views"
        ),
        (":a < abOrT", "Attribute name is a reserved keyword; reserved keyword: abOrT"),
        ("a.items[0] = b", "Attribute name is a reserved keyword; reserved keyword: items"),
        ("size > b", "Attribute name is a reserved keyword; reserved keyword: size"),
    ])
    func `functions and reserved words are checked before values`(text: String, words: String) {
        let wanted =
            words.hasPrefix("@")
            ? "The function is not allowed to be used this way in an expression; function: "
                + words.dropFirst() : words
        #expect(Self.refusal(text) == wanted)
    }

    @Test(arguments: [
        ("attribute_exists(#P.R, :a) and a=a", "attribute name: #P"), ("#4g > a", "name: #4g"),
        ("begins_with(a.#R)", "attribute name: #R"), (":_ > a", "attribute value: :_"),
        (":a < :b", "attribute value: :a"), ("begins_with(:hi, #a, #b)", "attribute value: :hi"),
    ])
    func `an alias that stands for nothing is named`(text: String, end: String) {
        let refusal = Self.refusal(text)
        #expect(refusal.hasPrefix("An expression attribute "), "\(refusal)")
        #expect(
            refusal.hasSuffix(" is not defined; \(end)") || refusal.hasSuffix(end), "\(refusal)")
    }

    @Test(arguments: [
        ("attribute_exists(b, a) and a=a", "attribute_exists", 2),
        ("attribute_type(b)", "attribute_type", 1),
        ("begins_with(b, size(a), c)", "begins_with", 3),
        ("contains(b)", "contains", 1), ("size(b, a) > c", "size", 2),
    ])
    func `a function takes its number of operands`(text: String, function: String, count: Int) {
        #expect(
            Self.refusal(text)
                == "Incorrect number of operands for operator or function; operator or function: "
                + "\(function), number of operands: \(count)")
    }

    @Test(arguments: [
        ("attribute_type(a, size(a)) and a=b", "attribute_type", "N"),
        ("attribute_type(a, :n)", "attribute_type", "N"),
        ("begins_with(a, size(a))", "begins_with", "N"), ("begins_with(:l, a)", "begins_with", "L"),
        ("size(size(a)) > :n", "size", "N"), ("attribute_not_exists(size(:n))", "size", "N"),
        ("a < :l", "<", "L"), (":t >= a", ">=", "BOOL"), ("a between :l and b", "BETWEEN", "L"),
        ("attribute_type(a, b)", "attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"),
    ])
    func `a constant must have a type that the operator takes`(
        text: String, function: String, type: String
    ) {
        let values: [String: AttributeValue] = [
            ":n": .number(DynamoNumber(1)), ":l": .list([]), ":t": .bool(true),
        ]
        #expect(
            Self.refusal(text, values: values)
                == "Incorrect operand type for operator or function; operator or function: "
                + "\(function), operand type: \(type)")
    }

    @Test(arguments: [
        ("attribute_exists(:s) and a=a", "requires a document path", "attribute_exists"),
        ("attribute_not_exists(size(:s))", "requires a document path", "attribute_not_exists"),
        ("attribute_type(a, :s)", "Invalid attribute type name found; type: dog, ", "NS,S,M}"),
        ("a = #a", "must be distinct", "operator: =, first operand: [a]"),
        ("(a) <> (#a)", "must be distinct", "operator: <>, first operand: [a]"),
        ("contains(x.y[1].a, x.y[1].#a)", "must be distinct", "first operand: [x, y, [1], a]"),
        ("a between :two and :one", "upper bound to be greater than or equal", "{N:1}"),
        ("a between :two and :s", "same data type", "upper bound operand: AttributeValue: {S:dog}"),
    ])
    func `the operands of one comparison must fit each other`(
        text: String, words: String, end: String
    ) {
        let values: [String: AttributeValue] = [
            ":s": .string("dog"), ":one": .number(DynamoNumber(1)),
            ":two": .number(DynamoNumber(2)),
        ]
        let refusal = Self.refusal(text, names: ["#a": "a"], values: values)
        #expect(refusal.contains(words), "\(refusal)")
        #expect(refusal.hasSuffix(end), "\(refusal)")
    }

    @Test func `the first comparison that is wrong is told of, whatever is wrong with later ones`()
    {
        let refusal = Self.refusal("a = a OR #none = b")
        #expect(refusal.contains("must be distinct"), "\(refusal)")
    }

    @Test func `an expression has at most 4 KB, 300 operators and 100 values in a list`() {
        func conjunction(_ count: Int) -> String {
            Array(repeating: "a<b", count: count).joined(separator: " OR ")
        }
        #expect(Self.refusal(conjunction(150)) == "nothing")
        #expect(Self.refusal(conjunction(151)).hasSuffix("operator count: 301"))
        let long = "attribute_exists(" + String(repeating: "a", count: 4096 - 18) + ")"
        #expect(long.utf8.count == 4096)
        #expect(Self.refusal(long) == "nothing")
        #expect(Self.refusal(long + " ").hasSuffix("expression size: 4097"))
        func list(_ count: Int) -> String {
            "a in (\(Array(repeating: "b", count: count).joined(separator: ",")))"
        }
        #expect(Self.refusal(list(100)) == "nothing")
        #expect(Self.refusal(list(101)).hasSuffix("number of operands: 101"))
        #expect(Self.refusal(String(repeating: "(", count: 4000)).contains("too many operators"))
    }

    @Test func `aliases that no expression used are left over`() throws {
        var aliases = ExpressionAliases(
            names: ["#a": "a", "#b": "b"],
            values: [":v": .null, ":w": .null])
        _ = try Condition(parsing: "#a = :v", aliases: &aliases)
        #expect(aliases.unusedNames == ["#b"])
        #expect(aliases.unusedValues == [":w"])
    }
}
