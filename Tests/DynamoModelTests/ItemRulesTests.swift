import JSON
import System
import Testing

@testable import DynamoModel

/// Goal: each place of an item becomes what the rule says that names it most closely, what no rule
/// names is refused, and what is hidden is found wherever else it stands.
@Suite struct ItemRulesTests {
    private static let key = SecretKey(Array("an example of a key".utf8))

    private static func rule(_ path: String, _ action: ItemRules.Action) throws -> ItemRules.Rule {
        ItemRules.Rule(try PathPattern(path), action)
    }

    private static func item(_ json: String) throws -> Item {
        try Item(try JSON(parsing: Array(json.utf8)))
    }

    /// An item of plain texts.
    private static func item(texts: [String: String]) -> Item {
        Item(
            uniqueKeysWithValues: texts.map { name, text in
                (Array(name.utf8), .string(Array(text.utf8)))
            })
    }

    private static func rules(
        keep: [String] = [], remove: [String] = [], hash: [String] = [], mask: [String: Int] = [:],
        set: [String: String] = [:], _ otherwise: ItemRules.Otherwise = .refuse
    ) throws -> ItemRules {
        var rules = try keep.map { try rule($0, .keep) }
        rules += try remove.map { try rule($0, .remove) }
        rules += try hash.map { try rule($0, .hash(key, length: 12)) }
        rules += try mask.map { try rule($0.key, .mask($0.value)) }
        rules += try set.map { path, text in
            try rule(path, .set(text, try ValueExpression(text, ValueContext(now: 5, key: key))))
        }
        return ItemRules(rules, otherwise: otherwise)
    }

    private static func code(_ text: String) throws -> String {
        String(decoding: try key.code(of: .string(Array(text.utf8)), length: 12), as: UTF8.self)
    }

    private static let person = #"""
        {"id":{"S":"u1"},"mail":{"S":"ann@example.com"},"n":{"N":"7"},
        "name":{"S":"Ann Miller"},"ssn":{"S":"078-05-1120"},
        "address":{"M":{"country":{"S":"DE"},"street":{"S":"Elm Street 4"}}},
        "cards":{"L":[{"M":{"cvv":{"S":"9071"},"last":{"S":"4242"}}},{"M":{"last":{"S":"1881"}}}]}}
        """#

    @Test func `each place becomes what its rule says`() throws {
        let rules = try Self.rules(
            keep: ["id", "address.country", "cards[*].last"],
            remove: ["ssn", "address", "cards[*].cvv"], hash: ["mail"], mask: ["name": 3],
            set: ["n": "n + now()"])
        let new = try rules.applied(to: Self.item(Self.person), keys: [])
        let expected = try Self.item(
            """
            {"id":{"S":"u1"},"mail":{"S":"\(Self.code("ann@example.com"))"},"n":{"N":"12"},
            "name":{"S":"*******ler"},"address":{"M":{"country":{"S":"DE"}}},
            "cards":{"L":[{"M":{"last":{"S":"4242"}}},{"M":{"last":{"S":"1881"}}}]}}
            """)
        #expect(new == expected)
    }

    @Test func `what no rule names refuses the item, and is told without what it holds`() throws {
        let cases: [(keep: [String], place: String)] = [
            (["id", "mail", "n", "name", "ssn", "address"], "cards"),
            (["id", "mail", "n", "name", "ssn", "address", "cards[*].last"], "cards[*].cvv"),
            (["id", "mail", "n", "name", "ssn", "address.country", "cards"], "address.street"),
            (["id", "mail", "n", "name", "ssn", "address.*.x", "cards"], "address.*"),
            (["id", "mail", "name.first", "n", "ssn", "address", "cards"], "name"),
        ]
        for (keep, place) in cases {
            let rules = try Self.rules(keep: keep)
            #expect(throws: ValueFailure("no rule says what becomes of \(place)")) {
                try rules.applied(to: Self.item(Self.person), keys: [])
            }
        }
    }

    @Test func `otherwise it is removed or kept, what has nothing left with it`() throws {
        let kept = try Self.rules(remove: ["ssn", "cards[0]"], .keep)
            .applied(to: Self.item(Self.person), keys: [])
        #expect(kept.count == 6 && kept[Array("ssn".utf8)] == nil)
        let removed = try Self.rules(keep: ["id", "address.zip", "cards[*].last"], .remove)
            .applied(to: Self.item(Self.person), keys: [])
        let expected = try Self.item(
            #"""
            {"id":{"S":"u1"},
            "cards":{"L":[{"M":{"last":{"S":"4242"}}},{"M":{"last":{"S":"1881"}}}]}}
            """#)
        #expect(removed == expected)
    }

    @Test func `the longest path counts, and of these the one that names more`() throws {
        let rules = try Self.rules(
            keep: ["m.*", "m.a.b"], remove: ["m", "m.a", "l[0]"], hash: ["m.x"], mask: ["l[*]": 2])
        let new = try rules.applied(
            to: Self.item(
                #"""
                {"m":{"M":{"a":{"M":{"b":{"S":"kept"},"c":{"S":"gone"}}},"x":{"S":"hash"},
                "y":{"S":"yes"}}},"l":{"L":[{"S":"first"},{"S":"second"}]}}
                """#), keys: [])
        let expected = try Self.item(
            """
            {"m":{"M":{"a":{"M":{"b":{"S":"kept"}}},"x":{"S":"\(Self.code("hash"))"},
            "y":{"S":"yes"}}},"l":{"L":[{"S":"****nd"}]}}
            """)
        #expect(new == expected)
    }

    private static let finds: [(hidden: String, kept: String, isFound: Bool)] = [
        ("ann@example.com", "user#ann@example.com", true),
        ("Ann@Example.com", "user#ann@EXAMPLE.COM#7", true), ("Jürgen", "an JÜRGEN", true),
        ("ann", "annual", false), ("anna", "hannah", true), ("1120", "078051120", false),
        ("1120", "at 1120, or later", true), ("491701234567", "+004917012345678", true),
        ("ann@example.com", "ann@example.org", false),
    ]

    @Test(arguments: finds)
    func `a hidden value is found in what is kept`(
        hidden: String, kept: String, isFound: Bool
    ) throws {
        let rules = try Self.rules(keep: ["pk", "tags"], remove: ["mail"])
        let item = Self.item(texts: ["mail": hidden, "pk": kept])
        #expect(
            (try? rules.applied(to: item, keys: []))
                == (isFound ? nil : item.filter { $0.key != Array("mail".utf8) }))
        var nested = item
        nested[Array("pk".utf8)] = nil
        nested[Array("tags".utf8)] = .list([
            .map([Array("x".utf8): .stringSet([Array(kept.utf8)])])
        ])
        #expect(((try? rules.applied(to: nested, keys: [])) == nil) == isFound)
    }

    @Test func `it is found in keys first, in names of members, in what is set, and in numbers`()
        throws
    {
        let mail = "ann@example.com"
        let first = try Self.rules(keep: ["a", "pk"], hash: ["mail"])
        #expect(throws: ValueFailure("pk holds the value of mail")) {
            try first.applied(
                to: Self.item(texts: ["a": mail, "pk": mail, "mail": mail]),
                keys: [Array("pk".utf8)])
        }
        let set = try Self.rules(hash: ["mail"], set: ["pk": "'user ' || mail"])
        #expect(throws: ValueFailure("pk holds the value of mail")) {
            try set.applied(to: Self.item(texts: ["pk": "x", "mail": mail]), keys: [])
        }
        let names = try Self.rules(keep: ["contacts.*.kind"], remove: ["mail"])
        #expect(throws: ValueFailure("contacts holds the value of mail")) {
            try names.applied(
                to: Self.item(
                    #"""
                    {"mail":{"S":"ann@example.com"},
                    "contacts":{"M":{"ann@example.com":{"M":{"kind":{"S":"x"}}}}}}
                    """#), keys: [])
        }
        let numbers = try Self.rules(keep: ["pk"], remove: ["phone"])
        #expect(throws: ValueFailure("pk holds the value of phone")) {
            try numbers.applied(
                to: Self.item(#"{"phone":{"N":"4917012345.0"},"pk":{"S":"tel:4917012345"}}"#),
                keys: [])
        }
    }

    @Test func `names that a path leads to by a star are hidden with what they name`() throws {
        let rules = try Self.rules(keep: ["pk"], remove: ["contacts.*"])
        let item = #"{"contacts":{"M":{"ann@example.com":{"S":"x"}}},"pk":{"S":"PK"}}"#
        let found = item.replacing("PK", with: "to ann@example.com")
        #expect(throws: ValueFailure("pk holds the value of contacts.*")) {
            try rules.applied(to: Self.item(found), keys: [])
        }
        let new = try rules.applied(to: Self.item(item.replacing("PK", with: "to bob")), keys: [])
        #expect(new[Array("contacts".utf8)] == .map([:]))
    }

    @Test func `it is found in names, in what a mask leaves, and in bytes that are no text`()
        throws
    {
        let mail = "Ann@Example.com"
        let contacts =
            #"{"mail":{"S":"Ann@Example.com"},"contacts":{"M":{"ann@example.com":{"S":"x"}}}}"#
        let deeper = try Self.rules(keep: ["contacts"], remove: ["contacts.inner"], hash: ["mail"])
        #expect(throws: ValueFailure("contacts holds the value of mail")) {
            try deeper.applied(to: Self.item(contacts), keys: [])
        }
        let top = try Self.rules(hash: ["mail"], .keep)
        #expect(throws: ValueFailure("the name of an attribute holds the value of mail")) {
            try top.applied(
                to: Self.item(texts: ["mail": mail, "to ann@example.com": "x"]), keys: [])
        }
        let mask = try Self.rules(remove: ["ssn"], mask: ["note": 1_000])
        #expect(throws: ValueFailure("note holds the value of ssn")) {
            try mask.applied(
                to: Self.item(texts: ["ssn": "078-05-1120", "note": "a note with 078-05-1120"]),
                keys: [])
        }
        let set = try Self.rules(keep: ["pk"], set: ["mail": "hash(mail)"])
        #expect(throws: ValueFailure("pk holds the value of mail")) {
            try set.applied(to: Self.item(texts: ["mail": mail, "pk": "to \(mail)"]), keys: [])
        }
        var binary = Self.item(texts: ["mail": mail])
        binary[Array("pk".utf8)] = .binary([0xFF] + Array(mail.utf8))
        #expect(throws: ValueFailure("pk holds the value of mail")) {
            try Self.rules(keep: ["pk"], remove: ["mail"]).applied(to: binary, keys: [])
        }
    }

    @Test func `of many hidden values each is found`() throws {
        let rules = try Self.rules(keep: ["pk"], remove: ["list[*]"])
        let many = (0..<200).map { AttributeValue.string(Array("value-\($0)-hidden".utf8)) }
        for number in [0, 7, 199] {
            var item = Self.item(texts: ["pk": "is VALUE-\(number)-hidden here"])
            item[Array("list".utf8)] = .list(many)
            #expect(throws: ValueFailure("pk holds the value of list[*]")) {
                try rules.applied(to: item, keys: [])
            }
            item[Array("pk".utf8)] = .string(Array("value-\(number)".utf8))
            #expect(try rules.applied(to: item, keys: []).count == 2)
        }
    }

    @Test func `names that are data are told nowhere`() throws {
        let rules = try Self.rules(keep: ["m.kind", "pk"], remove: ["gone"])
        let item = try Self.item(
            #"""
            {"pk":{"S":"a"},"m":{"M":{"ann@example.com":{"S":"x"}}},
            "gone":{"M":{"bo@b.com":{"S":"y"}}}}
            """#
        )
        #expect(throws: ValueFailure("no rule says what becomes of m.*")) {
            try rules.applied(to: item, keys: [])
        }
        #expect(
            rules.places(of: item).map { "\($0.path)" }.sorted() == ["gone", "m.*", "pk"])
    }

    @Test func `what may repeat may do so wherever it is removed`() throws {
        let address = ItemRules.Rule(try PathPattern("address"), .remove, isSearched: false)
        let rules = ItemRules(
            [address, try Self.rule("address.country", .keep), try Self.rule("pk", .keep)],
            otherwise: .refuse)
        let item = try Self.item(
            #"{"address":{"M":{"city":{"S":"Berlin"},"country":{"S":"DE"}}},"pk":{"S":"berlin"}}"#)
        #expect(try rules.applied(to: item, keys: []).count == 2)
    }

    @Test func `what may repeat is not searched for`() throws {
        let city = ItemRules.Rule(try PathPattern("city"), .remove, isSearched: false)
        let rules = ItemRules([city, try Self.rule("pk", .keep)], otherwise: .refuse)
        let item = Self.item(texts: ["city": "Berlin", "pk": "shop#berlin"])
        #expect(try rules.applied(to: item, keys: []).count == 1)
    }

    @Test func `what can't be hashed or masked refuses the item, NULL stays`() throws {
        let hash = try Self.rules(hash: ["a"])
        #expect(
            throws: ValueFailure(
                "a: hash takes a text, a number, a binary or a boolean, not a list (L)")
        ) {
            try hash.applied(to: Self.item(#"{"a":{"L":[]}}"#), keys: [])
        }
        let mask = try Self.rules(mask: ["a": 2])
        #expect(throws: ValueFailure("a: mask takes a text or a number, not a list (L)")) {
            try mask.applied(to: Self.item(#"{"a":{"L":[]}}"#), keys: [])
        }
        let null = try Self.item(#"{"a":{"NULL":true}}"#)
        #expect(try hash.applied(to: null, keys: []) == null)
        #expect(try mask.applied(to: null, keys: []) == null)
    }

    @Test func `places are told with what is to be done, and without data`() throws {
        let rules = try Self.rules(
            keep: ["address", "cards[*].last"], hash: ["mail"], mask: ["contacts.*.mail": 1])
        let places = rules.places(
            of: try Self.item(
                #"""
                {"address":{"M":{"city":{"S":"x"},"tags":{"L":[{"S":"a"},{"S":"b"}]}}},
                "cards":{"L":[{"M":{"cvv":{"S":"1"},"last":{"S":"2"}}}]},"mail":{"S":"m"},
                "contacts":{"M":{"ann":{"M":{"mail":{"S":"x"}}}}},"other":{"M":{}}}
                """#))
        #expect(
            places.map { "\($0.path) \($0.action?.word ?? "refused")" } == [
                "address.city keep", "address.tags[*] keep", "address.tags[*] keep",
                "cards[*].cvv refused", "cards[*].last keep", "contacts.*.mail mask", "mail hash",
                "other refused",
            ])
    }

    @Test func `they tell themselves from others`() throws {
        let one = try Self.rules(keep: ["a"], mask: ["b": 1], set: ["c": "now()"])
        let others = [
            try Self.rules(keep: ["a"], mask: ["b": 2], set: ["c": "now()"]),
            try Self.rules(keep: ["a"], mask: ["b": 1], set: ["c": "1"]),
            try Self.rules(keep: ["a"], mask: ["b": 1], set: ["c": "now()"], .keep),
            try Self.rules(remove: ["a"], mask: ["b": 1], set: ["c": "now()"]),
        ]
        #expect(Set((others + [one]).map(\.fingerprint)).count == 5)
        let later = try one.bound(to: ValueContext(now: 9, key: Self.key))
        #expect(later.fingerprint == one.fingerprint)
        let item = Self.item(texts: ["c": "x"])
        #expect(
            try later.applied(to: item, keys: []) == [Array("c".utf8): .number(DynamoNumber(9))])
    }
}
