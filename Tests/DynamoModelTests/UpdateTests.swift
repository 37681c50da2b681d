import JSON
import Testing

@testable import DynamoModel

/// What updates do to items, and which are refused.
@Suite struct UpdateTests {
    private static let item: JSON = [
        "n": ["N": "10"], "s": ["S": "x"], "l": ["L": [["N": "0"], ["N": "1"], ["N": "2"]]],
        "m": ["M": ["a": ["N": "1"], "in": ["L": [["S": "p"], ["S": "q"]]]]],
        "ss": ["SS": ["a", "b"]], "ns": ["NS": ["1", "2"]],
    ]

    private static let values: [String: AttributeValue] = [
        ":one": .number(DynamoNumber(1)), ":five": .number(DynamoNumber(5)), ":x": .string("X"),
        ":l": .list([.string("new")]), ":b": .stringSet([Array("b".utf8)]), ":map": .map([:]),
        ":ab": .stringSet([Array("a".utf8), Array("b".utf8)]),
        ":ns": .numberSet([DynamoNumber(2), DynamoNumber(3)]),
    ]

    private static func update(_ text: String, names: [String: String] = [:]) throws -> Update {
        var aliases = ExpressionAliases(names: names, values: values)
        return try Update(parsing: text, aliases: &aliases)
    }

    private static func apply(_ text: String, names: [String: String] = [:]) throws -> Item {
        try update(text, names: names).applied(to: Item(item))
    }

    /// What an update leaves of the item's attributes that it changes.
    @Test(
        arguments: [
            ("SET n = :one", ["n": ["N": "1"]]), ("set n = n + :five", ["n": ["N": "15"]]),
            ("SET n = :five - n", ["n": ["N": "-5"]]), ("SET k = (n - :one)", ["k": ["N": "9"]]),
            ("SET k = ((n)+(:one))", ["k": ["N": "11"]]), ("SET n = s, s = n", ["n": ["S": "x"]]),
            ("SET k = if_not_exists(k, :x)", ["k": ["S": "X"]]),
            ("SET n = if_not_exists(n, :x)", ["n": ["N": "10"]]),
            ("SET k = if_not_exists(k, :one) + n", ["k": ["N": "11"]]),
            ("SET k = if_not_exists(j, if_not_exists(s, :one))", ["k": ["S": "x"]]),
            (
                "SET k = list_append(:l, m.#in)",
                ["k": ["L": [["S": "new"], ["S": "p"], ["S": "q"]]]]
            ),
            (
                "SET k = list_append(if_not_exists(k, :l), :l)",
                ["k": ["L": [["S": "new"], ["S": "new"]]]]
            ),
            ("SET l[1] = :x", ["l": ["L": [["N": "0"], ["S": "X"], ["N": "2"]]]]),
            (
                "SET l[9] = :x, l[7] = :one",
                ["l": ["L": [["N": "0"], ["N": "1"], ["N": "2"], ["N": "1"], ["S": "X"]]]]
            ),
            (
                "SET m.b = :x REMOVE m.a, m.#in[0]",
                ["m": ["M": ["b": ["S": "X"], "in": ["L": [["S": "q"]]]]]]
            ),
            ("REMOVE l[0], n, l[2]", ["n": nil, "l": ["L": [["N": "1"]]]]),
            ("REMOVE l[0], l[2]", ["l": ["L": [["N": "1"]]]]), ("REMOVE l[5]", ["l": item["l"]!]),
            ("REMOVE n, lacking", ["n": nil]), ("ADD n :five", ["n": ["N": "15"]]),
            ("ADD k :five", ["k": ["N": "5"]]),
            ("ADD m.a :five", ["m": ["M": ["a": ["N": "6"], "in": item["m"]!["M"]!["in"]!]]]),
            ("ADD ns :ns", ["ns": ["NS": ["1", "2", "3"]]]),
            ("ADD k :ns", ["k": ["NS": ["2", "3"]]]),
            ("DELETE ss :b", ["ss": ["SS": ["a"]]]), ("DELETE ss :ab", ["ss": nil]),
            ("DELETE k :b", ["k": nil]), ("REMOVE s SET k = s", ["k": ["S": "x"]]),
        ] as [(String, [String: JSON?])])
    func `an update changes what it names`(text: String, wanted: [String: JSON?]) throws {
        let names = text.contains("#in") ? ["#in": "in"] : [:]
        let new = try Self.apply(text, names: names)
        for (name, value) in wanted {
            let expected = try value.map { try AttributeValue($0) }
            #expect(new[Array(name.utf8)] == expected, "\(new.json.bytes.count)")
        }
        let untouched = try Item(Self.item).filter { entry in
            !text.contains(String(decoding: entry.key, as: UTF8.self))
        }
        for (name, value) in untouched { #expect(new[name] == value) }
    }

    @Test func `elements are removed by the places that they had before`() throws {
        let deep = try Item([
            "l": [
                "L": [
                    ["N": "0"], ["N": "1"], ["L": [["N": "20"], ["N": "21"]]],
                    ["M": ["x": ["N": "3"]]],
                ]
            ]
        ])
        let update = try Self.update("REMOVE l[0], l[2][0], l[3].x, l[1]")
        #expect(
            try update.applied(to: deep)
                == Item(["l": ["L": [["L": [["N": "21"]]], ["M": [:]]]]]))
    }

    @Test(arguments: [
        ("SET k = lacking", UpdateFailure.noSuchAttribute),
        ("SET k = n + lacking", .noSuchAttribute),
        ("SET k = s + n", .wrongType), ("SET k = list_append(s, :l)", .wrongType),
        ("ADD s :one", .wrongType), ("ADD ss :ns", .wrongType), ("DELETE n :b", .wrongType),
        ("SET lacking.a = n", .noSuchPath), ("SET s.a = n", .noSuchPath),
        ("SET m[0] = n", .noSuchPath),
        ("SET l.a = n", .noSuchPath), ("REMOVE lacking.a", .noSuchPath),
        ("ADD lacking.a :one", .noSuchPath),
        ("DELETE lacking.a :b", .noSuchPath), ("SET m.lacking.a = n", .noSuchPath),
    ])
    func `an update that does not fit the item fails`(text: String, failure: UpdateFailure) throws {
        #expect(throws: failure) { try Self.apply(text) }
    }

    @Test(arguments: [
        ("whatever", "Syntax error; token: \"whatever\""),
        ("set a", "Syntax error; token: \"<EOF>\""),
        ("set a = set", "Syntax error; token: \"set\""),
        ("remove a = b", "Syntax error; token: \"=\""),
        ("add a b", "Syntax error; token: \"b\""), ("delete a if_not_exists(b)", "Syntax error"),
        ("set :a = b", "Syntax error; token: \":a\""),
        ("set a = b / c", "Syntax error; token: \"/\""),
        ("set a[1] = 1", "Syntax error; token: \"1\""), ("set (a = (b + c))", "Syntax error"),
        ("set a = b + c + d", "Syntax error; token: \"+\""),
        ("", "The expression can not be empty;"),
        ("set a = if_not_exists(a + b, c)", "Syntax error; token: \"+\""),
        (
            " set #c = :c set abOrt = true ",
            "Attribute name is a reserved keyword; reserved keyword: abOrt"
        ),
        ("set #c = if_not_exist(:c) set c = d", "Invalid function name; function: if_not_exist"),
        ("set k = size(n)", "The function is not allowed in an update expression; function: size"),
        (
            "set a = #c set c = :d",
            "The \"SET\" section can only be used once in an update expression;"
        ),
        (
            "SET #c = if_not_exists(:c)",
            "An expression attribute name used in the document path is not"
        ),
        (
            "SET c = if_not_exists(:c)",
            "An expression attribute value used in expression is not defined"
        ),
        ("set c[1].a = n, c = if_not_exists(n)", "Two document paths overlap with each other"),
        ("remove a.c set a[1] = n", "path one: [a, c], path two: [a, [1]]"),
        ("set b = if_not_exists(a) add a.b :x", "operator: ADD, operand type: STRING, typeSet"),
        (
            "delete a :one",
            "operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_ADD_OPERAND"
        ),
        ("set a = list_append(c)", "operator or function: list_append, number of operands: 1"),
        ("set a = list_append(list_append(:l, :l), :l)", "not allowed to be used this way"),
        (
            "set a = if_not_exists(:x, c)",
            "requires a document path; operator or function: if_not_exists"
        ),
        ("set a = list_append(:x, a)", "operator or function: list_append, operand type: S"),
        ("set a = a - :map", "operator or function: -, operand type: M"),
    ])
    func `wrong updates are refused`(text: String, words: String) {
        #expect {
            try Self.update(text)
        } throws: { error in
            (error as? ExpressionError)?.description.contains(words) == true
        }
    }

    @Test(arguments: [
        ("1", "2", "3"), ("1", "-1", "0"), ("0", "-7.5", "-7.5"), ("0.1", "0.2", "0.3"),
        ("999", "1", "1000"), ("-999", "-1", "-1000"), ("100", "-1", "99"), ("1", "-100", "-99"),
        ("1e125", "1e125", "2e125"), ("1e-130", "-1e-130", "0"), ("-5", "12.25", "7.25"),
        ("99999999999999999999999999999999999999", "1", "1e38"),
    ])
    func `numbers add up exactly`(left: String, right: String, sum: String) throws {
        let (left, right) = (try DynamoNumber(left), try DynamoNumber(right))
        let wanted = try DynamoNumber(sum)
        #expect(try left.adding(right) == wanted)
        #expect(try right.adding(left) == wanted)
        #expect(try wanted.adding(right.negated) == left)
        #expect(try left.negated.adding(right.negated) == wanted.negated)
    }

    @Test func `a sum is refused that is no number of the service's`() throws {
        let large = try DynamoNumber("9e125")
        #expect(throws: DynamoNumber.Refusal.overflow) { try large.adding(large) }
        #expect(throws: DynamoNumber.Refusal.tooManyDigits) {
            try DynamoNumber("1e38").adding(DynamoNumber("1"))
        }
        let (small, less) = (try DynamoNumber("1.1e-130"), try DynamoNumber("-1e-130"))
        #expect(throws: DynamoNumber.Refusal.underflow) { try small.adding(less) }
    }
}
