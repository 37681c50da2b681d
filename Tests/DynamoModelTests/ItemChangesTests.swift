import JSON
import Pacing
import System
import Testing

@testable import DynamoModel

/// Goal: what is set and removed is what was written, all else stays byte by byte, and what can't
/// be read says where.
@Suite struct ItemChangesTests {
    private static let keys = KeySchema(
        partition: KeyAttribute(name: "pk", type: .string),
        sort: KeyAttribute(name: "sk", type: .number))

    private func rewritten(
        _ item: String, set: String? = nil, remove: String? = nil, keys: KeySchema = keys
    ) throws -> (text: String, slice: ItemSlice, buffer: ByteBuffer) {
        let changes = try ItemChanges(set: set, remove: remove, ValueContext(now: 5))
        let (slice, buffer) = try Self.page(of: item)
        let new =
            try ItemRewriter(changes, keys: keys, from: Self.keys).rewrite(slice, in: buffer)
            ?? slice
        let text = String(decoding: buffer.bytes[new.range], as: UTF8.self)
        return (text, new, buffer)
    }

    private static func page(of item: String) throws -> (slice: ItemSlice, buffer: ByteBuffer) {
        let buffer = ByteBuffer()
        buffer.append(Array(#"{"Count":1,"Items":[\#(item)]}"#.utf8))
        return (try PageCutter(schema: keys).cut(buffer.bytes).items[0], buffer)
    }

    private static let item =
        #"{"pk":{"S":"a"}, "odd":{"N":"1.50"} ,"sk":{"N":"7"},"x\u0041":{"S":"\/"},"#
        + #""m":{"M":{"l":{"L":[{"M":{"cvv":{"S":"1"},"n":{"N":"1"}}},{"M":{"cvv":{"S":"2"}}}]}}}}"#

    @Test func `attributes that are not named keep their spelling`() throws {
        let (text, slice, buffer) = try rewritten(Self.item, set: "new = sk + 1", remove: "m")
        #expect(
            text
                == #"{"pk":{"S":"a"}, "odd":{"N":"1.50"} ,"sk":{"N":"7"},"x\u0041":{"S":"\/"},"#
                + #""new":{"N":"8"}}"#)
        #expect(
            slice.size == 2 + 1 + 3 + 3 + 2 + 2 + 2 + 1 + 3 + 2, "names and values, as stored")
        #expect(
            buffer.bytes[Int(slice.partitionKey)...].starts(with: Array(#"{"S":"a"}"#.utf8)))
    }

    @Test func `right sides see the item as it was read`() throws {
        let (text, _, _) = try rewritten(
            #"{"pk":{"S":"a"},"sk":{"N":"7"},"a":{"N":"0"},"c":{"N":"5"}}"#,
            set: "a = 1, b = a, d = c", remove: "c")
        #expect(
            text
                == #"{"pk":{"S":"a"},"sk":{"N":"7"},"a":{"N":"1"},"b":{"N":"0"},"d":{"N":"5"}}"#)
    }

    private static let cases: [(set: String?, remove: String?, item: String, after: String)] = [
        (nil, "m.l[*].cvv", item, #"{"m":{"M":{"l":{"L":[{"M":{"n":{"N":"1"}}},{"M":{}}]}}}}"#),
        (nil, "m.l[*]", item, #"{"m":{"M":{"l":{"L":[]}}}}"#),
        (nil, "m.*", item, #"{"m":{"M":{}}}"#),
        (nil, "m.l[0], xA, m.l[1]", item, #"{"m":{"M":{"l":{"L":[]}}}}"#),
        (
            nil, "m.l[1].cvv, nothing.x[3], pk2", item,
            #"{"m":{"M":{"l":{"L":[{"M":{"cvv":{"S":"1"},"n":{"N":"1"}}},{"M":{}}]}}}}"#
        ),
        (
            "m.l[9] = 'x'", "m.l[0]", item,
            #"{"m":{"M":{"l":{"L":[{"M":{"cvv":{"S":"2"}}},{"S":"x"}]}}}}"#
        ),
        ("m.new = {'a': [1]}", "m.l", item, #"{"m":{"M":{"new":{"M":{"a":{"L":[{"N":"1"}]}}}}}}"#),
        ("m = m.l[0].n", nil, item, #"{"m":{"N":"1"}}"#),
        ("m = nothing", nil, item, "{}"),
        ("m.l = nothing", nil, item, #"{"m":{"M":{}}}"#),
        ("m.nothing.deep = nothing", nil, item, #"{"m":{"M":{"l":0}}}"#),
    ]

    @Test func `places in maps and lists are changed as they are written`() throws {
        for (set, remove, item, after) in Self.cases {
            let (text, _, _) = try rewritten(item, set: set, remove: remove)
            let name = Array("m".utf8)
            let new = try Item(JSON(parsing: Array(text.utf8)))[name]
            guard !after.contains(#""l":0"#) else {
                #expect(try new == Item(JSON(parsing: Array(item.utf8)))[name])
                continue
            }
            let expected = try Item(JSON(parsing: Array(after.utf8)))[name]
            #expect(new == expected, "\(set ?? "") \(remove ?? "")")
        }
    }

    @Test func `removing elements goes by their numbers before the removal`() throws {
        let list = #"{"pk":{"S":"a"},"sk":{"N":"7"},"l":{"L":[{"N":"0"},{"N":"1"},{"N":"2"}]}}"#
        let (text, _, _) = try rewritten(list, remove: "l[0], pk2, l[2], a")
        #expect(text.contains(#""l":{"L":[{"N":"1"}]}"#), "\(text)")
    }

    @Test func `what is not there is removed by the number that it had, too`() throws {
        let list = #"{"pk":{"S":"a"},"sk":{"N":"7"},"l":{"L":[{"S":"a"},{"S":"b"},{"S":"c"}]}}"#
        for (set, remove, left) in [
            ("l[0] = gone, l[1] = 'x'", nil, ["x", "c"]), ("l[0] = gone, l[1] = gone", nil, ["c"]),
            ("l[0] = gone, l[2] = gone", nil, ["b"]), ("l[0] = gone", "l[1]", ["c"]),
        ] as [(String, String?, [String])] {
            let (text, _, _) = try rewritten(list, set: set, remove: remove)
            let found = try JSON(parsing: Array(text.utf8))["l"]?["L"]?.array
            #expect(found?.map { $0["S"]?.string } == left, "\(set)")
        }
    }

    /// It is added up from what is changed where that can be, without another walk.
    @Test func `where an item lies, and its size, are what a cutter finds`() throws {
        let values = [
            #"{"S":"text"}"#, #"{"S":"\u00e9\n\ud83d\ude00"}"#, #"{"S":""}"#, #"{"N":"-1.50e3"}"#,
            #"{"N":"0"}"#, #"{"B":"AAEC"}"#, #"{"BOOL":true}"#, #"{"NULL":true}"#,
            #"{"SS":["a","bc"]}"#, #"{"NS":["1","20"]}"#, #"{"L":[{"S":"x"},{"N":"1"}]}"#,
            #"{"M":{"k":{"S":"v"}}}"#, #"{ "S" : "spaced" }"#,
        ]
        let sets = [
            nil, "pk = pk || 'x'", "sk = sk + 1", "new = 'é'", "a = b", "b = a, a = b", "c = 1 / 3",
            "a = [1, {'x': 2}]", "d.e = 1", "a = b64'AAEC', b = true", "c = null", "gone = absent",
            "pk = 'p', sk = 7", "a = << 'x', 'y' >>",
        ]
        let removes = [nil, "a", "b, c", "c.k", "d[0]", "c, nothing"]
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<3_000 {
            var members = [#""pk":{"S":"k\u0041"}"#, #""sk":{"N":"7.0"}"#]
            for name in ["a", "b", "c", "d", "x\\u0041"] where Bool.random(using: &generator) {
                members.append("\"\(name)\": \(values.randomElement(using: &generator)!)")
            }
            members.shuffle(using: &generator)
            let set = sets.randomElement(using: &generator)!
            let remove = removes.randomElement(using: &generator)!
            guard (try? ItemChanges(set: set, remove: remove)) != nil else { continue }
            guard
                let (text, slice, buffer) = try? rewritten(
                    "{\(members.joined(separator: " , "))}", set: set, remove: remove)
            else { continue }
            let (cut, page) = try Self.page(of: text)
            #expect(slice.size == cut.size && slice.length == cut.length, "\(text)")
            #expect(
                try slice.key(in: buffer.bytes, schema: Self.keys)
                    == cut.key(in: page.bytes, schema: Self.keys), "\(text)")
        }
    }

    private static let refusals = [
        ("pk = 1", "the key attribute pk is a number (N), where the table has S"),
        ("pk = ''", "the key attribute pk is empty"),
        ("pk = nothing", "the key attribute pk is missing"),
        ("x.y = 1", "x.y: the map or list around it does not exist"),
        ("odd = odd || 'x'", "odd: || takes texts, binaries or lists, not a number (N)"),
    ]

    @Test func `an item that can't become what it is to become says why`() throws {
        for (set, words) in Self.refusals {
            let error = #expect(throws: RewriteFailure.self) {
                try rewritten(Self.item, set: set)
            }
            #expect(error == .refused(ItemRefusal(words)))
        }
        let other = KeySchema(partition: KeyAttribute(name: "email", type: .string))
        let error = #expect(throws: RewriteFailure.self) { try rewritten(Self.item, keys: other) }
        #expect(error == .refused(ItemRefusal("the key attribute email is missing")))
    }

    @Test func `an item gets another key without a change`() throws {
        let other = KeySchema(partition: KeyAttribute(name: "odd", type: .number))
        let (text, slice, buffer) = try rewritten(Self.item, keys: other)
        #expect(text == Self.item)
        #expect(
            buffer.bytes[Int(slice.partitionKey)...].starts(with: Array(#"{"N":"1.50"}"#.utf8)))
    }

    /// A value that works now and not at another time fails with the item, never before.
    @Test func `what can be read does not depend on the time`() throws {
        for text in ["a = 1 / (now() - 5)", "a = substring('abc', now() - 4)", "a = 1 / now()"] {
            for now in [0, 4, 5, 6] {
                #expect(throws: Never.self, "\(text)") {
                    try ItemChanges(set: text, remove: nil, ValueContext(now: now))
                }
            }
        }
    }

    /// Whatever a user types is read to its end or refused; nothing else happens.
    @Test func `any text is changes or is refused`() {
        let words = [
            "a", "b", "=", "=", ",", "(", ")", "[", "]", "[*]", ".", ".*", "||", "+", "-", "*", "/",
            "1", "2.5e3", "'x'", "'", "\"q\"", "b64'AA=='", "{", "}", ":", "<<", ">>", "null",
            "true",
            "lower(", "hash(", "if(", "coalesce(", "now()", "mask(", "size(", "AND", "NOT", "IN",
            "attribute_exists(", "\u{301}", "#a", ":b", "substring(a, 1)",
        ]
        var generator = SeededGenerator(seed: 11)
        let context = ValueContext(now: 1, key: SecretKey(Array(repeating: 7, count: 16)))
        var read = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...9, using: &generator)
            let text = (0..<count).map { _ in words.randomElement(using: &generator)! }
                .joined(separator: " ")
            if (try? ItemChanges(set: "a = \(text)", remove: nil, context)) != nil { read += 1 }
            _ = try? ItemChanges(set: text, remove: text, context)
            _ = try? Condition(withLiterals: text, context)
        }
        #expect(read > 100)
    }

    private static let wrong: [(set: String?, remove: String?, offset: Int?, words: String)] = [
        ("a = lowr(b)", nil, 4, "there is no function lowr; did you mean lower?"),
        ("a = lower(b, c)", nil, 4, "lower takes 1 operand, and was given 2"),
        ("a = substring(b)", nil, 4, "substring takes 2 to 3 operands, and was given 1"),
        ("a = now(", nil, 8, "it ends too early"),
        ("a == b", nil, 3, "= can't stand here"),
        ("a = b, a.c = d", nil, 7, "a.c overlaps a, which is changed already"),
        ("a = 'x", nil, 4, "this quote is never closed"),
        ("a = b c", nil, 6, "c can't stand here"),
        ("a = 1 / 0", nil, 4, "it divides by zero"),
        ("a = split(b, '')", nil, 4, "split can't look for an empty text"),
        ("a = mask(b, -1)", nil, 4, "mask takes a whole number from 0 on"),
        ("a = bucket(b, 0)", nil, 4, "bucket takes a width that is greater than 0"),
        ("a = b + 'x'", nil, 4, "+ takes numbers, not a text (S)"),
        ("a = 5 || b", nil, 4, "|| takes texts, binaries or lists, not a number (N)"),
        ("a = lower(1)", nil, 4, "lower takes a text (S), not a number (N)"),
        ("a = hash(b)", nil, 4, "hash needs a secret key: name its file with --secret-file"),
        ("a = attribute_exists(b)", nil, 4, "attribute_exists is a condition, and no value"),
        ("a = if(b, c, d)", nil, 8, ", can't stand here"),
        ("a = if(b AND c = 1, c, d)", nil, 9, "a comparison is missing"),
        ("a = if(b = c, d)", nil, 4, "if takes 3 operands, and was given 2"),
        ("a[*] = 1", nil, 2, "* can't stand here"),
        ("a + 1", nil, 2, "+ can't stand here"),
        ("a = ", nil, 4, "it ends too early"),
        ("", nil, nil, "The expression can not be empty;"),
        ("a = 123456789012345678901234567890123456789", nil, 4, "has more than 38 digits"),
        (nil, "a, b[", 5, "it ends too early"),
        (nil, "a, a[*].b", 3, "a[*].b overlaps a, which is changed already"),
        (nil, "a[*], a[0].b", 6, "a[0].b overlaps a[*], which is changed already"),
        ("a.b = 1", "a", 0, "a overlaps a.b, which is changed already"),
        (nil, "'a'", 0, "'a' can't stand here"),
        (nil, "a b", 2, "b can't stand here"),
    ]

    @Test func `what can't be read is told with its place`() throws {
        for (set, remove, offset, words) in Self.wrong {
            let refusal = #expect(throws: ItemChanges.Refusal.self, "\(set ?? remove ?? "")") {
                try ItemChanges(set: set, remove: remove)
            }
            let error = refusal?.error
            #expect(error?.offset == offset, "\(set ?? remove ?? ""): \(error as Any)")
            #expect(error?.description.contains(words) == true, "\(error as Any)")
            #expect(refusal?.text == (remove == nil ? .set : .remove))
        }
    }
}
