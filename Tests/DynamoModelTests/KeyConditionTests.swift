import Testing

@testable import DynamoModel

/// Which conditions are key conditions, and what they become.
@Suite struct KeyConditionTests {
    private static let values: [String: AttributeValue] = [
        ":p": .string("p"), ":one": .number(DynamoNumber(1)), ":two": .number(DynamoNumber(2)),
        ":s": .string("s"),
    ]

    private static func conditions(_ text: String) throws -> [KeyCondition] {
        var aliases = ExpressionAliases(names: ["#p": "p", "#s": "s"], values: values)
        return try Condition(parsing: text, aliases: &aliases).keyConditions()
    }

    private static func condition(_ name: String, _ test: KeyCondition.Test) -> KeyCondition {
        KeyCondition(attribute: Array(name.utf8), test: test)
    }

    private static let partition = condition("p", .comparison(.equal, .string("p")))

    @Test(
        arguments: [
            ("p = :p", nil), ("(#p = :p)", nil), (":p = p", nil),
            ("p = :p AND s = :one", .comparison(.equal, .number(DynamoNumber(1)))),
            ("p = :p and #s < :one", .comparison(.less, .number(DynamoNumber(1)))),
            ("(p = :p) AND (s <= :one)", .comparison(.lessOrEqual, .number(DynamoNumber(1)))),
            ("(p = :p AND (:one < s))", .comparison(.greater, .number(DynamoNumber(1)))),
            ("p = :p AND :one >= s", .comparison(.lessOrEqual, .number(DynamoNumber(1)))),
            (
                "p = :p AND s BETWEEN :one AND :two",
                .between(.number(DynamoNumber(1)), .number(DynamoNumber(2)))
            ),
            ("p = :p AND begins_with(s, :s)", .beginsWith(.string("s"))),
        ] as [(String, KeyCondition.Test?)])
    func `key conditions are tests joined by AND`(text: String, sort: KeyCondition.Test?) throws {
        let wanted = [Self.partition] + (sort.map { [Self.condition("s", $0)] } ?? [])
        #expect(try Self.conditions(text) == wanted)
    }

    @Test func `the order of the conditions does not matter`() throws {
        let conditions = try Self.conditions("begins_with(s, :s) AND p = :p")
        #expect(conditions == [Self.condition("s", .beginsWith(.string("s"))), Self.partition])
    }

    @Test(arguments: [
        ("p = :p OR s = :one", "Invalid operator used in KeyConditionExpression: OR"),
        ("NOT p = :p", "Invalid operator used in KeyConditionExpression: NOT"),
        ("p <> :p", "Invalid operator used in KeyConditionExpression: <>"),
        ("p IN (:p, :s)", "Invalid operator used in KeyConditionExpression: IN"),
        ("attribute_exists(p)", "Invalid operator used in KeyConditionExpression: @"),
        ("attribute_not_exists(p)", "Invalid operator used in KeyConditionExpression: @"),
        ("contains(p, :p)", "Invalid operator used in KeyConditionExpression: @"),
        ("attribute_type(p, :p)", "Invalid attribute type name found; type: p, "),
        ("size(p) = :one", "KeyConditionExpressions cannot contain nested operations"),
        ("p = :p AND s > size(p)", "KeyConditionExpressions cannot contain nested operations"),
        ("p.a = :p", "KeyConditionExpressions cannot have conditions on nested attributes"),
        (
            "p = :p AND s[0] BETWEEN :one AND :two",
            "KeyConditionExpressions cannot have conditions on nested attributes"
        ),
        (
            "p = s",
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one "
                + "condition"
        ),
        (
            "begins_with(:p, p)",
            "Invalid condition in KeyConditionExpression: begins_with operator must have the key "
                + "attribute as its first operand"
        ),
        (
            ":one BETWEEN p AND :two",
            "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key "
                + "attribute as its first operand"
        ),
        (":p = :s", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        (
            "p = :p AND s > :one AND s < :two",
            "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one "
                + "condition per key"
        ),
    ])
    func `other conditions are refused`(text: String, words: String) {
        let name = text.split(separator: "(")[0]
        do {
            let conditions = try Self.conditions(text)
            Issue.record("taken for \(conditions)")
        } catch {
            let isFunction = words.hasSuffix("@")
            let whole = isFunction ? words.dropLast() + name : words[...]
            #expect("\(error)".hasPrefix(whole), "\(error)")
        }
    }
}
