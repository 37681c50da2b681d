import JSON
import Testing

@testable import DynamoModel

/// What conditions mean, by the developer guide and by what others have seen of the service.
@Suite struct ConditionTests {
    private static let item: JSON = [
        "s": ["S": "hello"], "n": ["N": "10"], "b": ["B": "gAE="], "t": ["BOOL": true],
        "z": ["NULL": true], "ss": ["SS": ["x", "y"]], "ns": ["NS": ["1", "2.50"]],
        "bs": ["BS": ["gAE="]], "l": ["L": [["N": "1"], ["SS": ["p", "q"]]]],
        "m": ["M": ["deep": ["M": ["leaves": ["L": [["S": "leaf"]]]]]]],
    ]

    private static let values: JSON = [
        ":hell": ["S": "hell"], ":hello": ["S": "hello"], ":ten": ["N": "1.0e1"],
        ":nine": ["N": "9"], ":bin": ["B": "gAE="], ":low": ["B": "fw=="], ":true": ["BOOL": true],
        ":null": ["NULL": true], ":xy": ["SS": ["y", "x"]], ":qp": ["SS": ["q", "p"]],
        ":one": ["N": "1"], ":three": ["N": "3"], ":five": ["N": "5"], ":leaf": ["S": "leaf"],
        ":text": ["S": "10"], ":typeN": ["S": "N"], ":half": ["N": "2.5"], ":ell": ["S": "ell"],
    ]

    private static func condition(
        _ text: String, names: [String: String] = [:]
    ) throws -> Condition {
        let values = try Item(values)
        var aliases = ExpressionAliases(
            names: names,
            values: Dictionary(
                uniqueKeysWithValues: values.map { (String(decoding: $0, as: UTF8.self), $1) }))
        return try Condition(parsing: text, aliases: &aliases)
    }

    @Test(arguments: [
        "s = :hello", "n = :ten", "b = :bin", "t = :true", "z = :null", "ss = :xy",
        "s <> :ten", "n <> :text", "n > :nine", "n >= :ten", ":nine < n", "b > :low",
        "n BETWEEN :nine AND :ten", "s between :hell and :hello", "n IN (:nine, :ten)",
        "attribute_exists(s)", "attribute_exists(m.deep.leaves[0])",
        "attribute_not_exists(m.deep.x)",
        "attribute_not_exists(l[2])", "attribute_not_exists(s.x)", "attribute_not_exists(s[0])",
        "attribute_type(n, :typeN)", "attribute_type(:one, :typeN)", "begins_with(s, :hell)",
        "begins_with(b, :bin)", "contains(s, :ell)", "contains(ns, :half)", "contains(bs, :bin)",
        "contains(l, :qp)", "contains(l, :one)", "contains(m.deep.leaves, :leaf)",
        "size(s) = :five", "size(l) < :three", "size(m) = :one", "size(ss) < :three",
        "m.deep.leaves[0] = :leaf", "(m.deep).leaves[0] = :leaf", "(s) = (:hello)",
        "NOT s = :hell", "not (s = :hell)", "NOT NOT s = :hello",
        "s = :hell OR s = :hello AND n = :ten", "(s = :hell OR s = :hello) AND n = :ten",
        "NOT s = :hell AND NOT s = :ell", "lacking <> lacked", "lacking <> s",
        "(attribute_exists(s)) AND (attribute_exists(n))", "s=:hello AND\tn\n=\r:ten",
    ])
    func `these hold`(text: String) throws {
        #expect(try Self.condition(text).holds(for: Item(Self.item)))
    }

    @Test(arguments: [
        "s = :hell", "s = :ten", "n = :text", "n < :ten", "b <= :low", "n < s", "t = :null",
        "lacking = lacked", "lacking < s", "s >= lacking", "lacking BETWEEN :nine AND :ten",
        "n BETWEEN s AND :ten", "s IN (:ten, :hell)", "lacking IN (lacked)",
        "attribute_exists(lacking)", "attribute_exists(s[0])", "attribute_type(s, :typeN)",
        "begins_with(n, :hell)", "begins_with(lacking, :hell)", "contains(n, :one)",
        "contains(s, :one)", "contains(ss, :one)", "contains(m, :leaf)", "size(n) = :one",
        "size(lacking) = :one", "size(s) = :text", "NOT s = :hello",
        "(s = :hell OR s = :hello) AND n = :nine", "s = :hello AND NOT n = :ten",
    ])
    func `these do not hold`(text: String) throws {
        #expect(try !Self.condition(text).holds(for: Item(Self.item)))
    }

    @Test func `OR after AND takes both sides whole`() throws {
        // True as (no AND yes) OR yes, false as no AND (yes OR yes).
        let condition = try Self.condition("s = :hell AND n = :ten OR n = :ten")
        #expect(try condition.holds(for: Item(Self.item)))
    }

    @Test func `numbers compare by all of their 38 digits`() throws {
        let digits = "12345678901234567890123456789012345678"
        var aliases = ExpressionAliases(values: [
            ":v": .number(try DynamoNumber(digits)),
            ":w": .number(try DynamoNumber(String(digits.dropLast()) + "9")),
        ])
        let item: Item = [Array("a".utf8): .number(try DynamoNumber(digits + ".0"))]
        #expect(try Condition(parsing: "a = :v", aliases: &aliases).holds(for: item))
        #expect(try Condition(parsing: "a < :w", aliases: &aliases).holds(for: item))
    }

    @Test func `the size of a string is in UTF-16 code units, its order by UTF-8`() throws {
        var aliases = ExpressionAliases(values: [
            ":n": .number(DynamoNumber(2)), ":bmp": .string("\u{FFFD}"),
        ])
        let item: Item = [Array("a".utf8): .string("\u{1F600}")]
        #expect(try Condition(parsing: "size(a) = :n", aliases: &aliases).holds(for: item))
        #expect(try Condition(parsing: "a > :bmp", aliases: &aliases).holds(for: item))
    }

    @Test func `only the attributes that a condition looks at are decoded`() throws {
        let bytes = Array(
            #"{"a":{"S":"x"},"b\u0031":{"N":"1"}, "broken":{"X":1}}"#.utf8)
        let names: Set = [Array("b1".utf8), Array("a".utf8), Array("none".utf8)]
        let item = try bytes.withUnsafeBytes { try Item($0, only: names) }
        #expect(
            item == [Array("a".utf8): .string("x"), Array("b1".utf8): .number(DynamoNumber(1))])
        let paths = try Self.condition("m.#d[1] = n OR size(s) IN (:one, l[0])", names: ["#d": "d"])
            .paths.map(\.description)
        #expect(paths == ["[m, d, [1]]", "[n]", "[s]", "[l, [0]]"])
    }

    @Test func `whole numbers become exact ones`() throws {
        for number in [0, 7, 10, 1200, -305, Int.max, Int.min] {
            #expect(DynamoNumber(number) == (try DynamoNumber(String(number))))
        }
    }
}
