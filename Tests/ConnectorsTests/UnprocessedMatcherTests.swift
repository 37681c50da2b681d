import DynamoModel
import Testing

@testable import Connectors
@testable import Flow

@Suite struct UnprocessedMatcherTests {
    private static let schema = KeySchema(
        partition: KeyAttribute(name: "p", type: .string),
        sort: KeyAttribute(name: "s", type: .number))

    /// Positions that entries, spelt as given, are found at in a batch of items, spelt as given.
    private func positions(
        batch: [String], entries: [String], schema: KeySchema = Self.schema
    ) throws -> [Int]? {
        let page = #"{"Count":\#(batch.count),"Items":[\#(batch.joined(separator: ","))]}"#
        let puts = entries.map { #"{"PutRequest":{"Item":\#($0)}}"# }
        let reply = #"{"UnprocessedItems":{"t":[\#(puts.joined(separator: ","))]}}"#
        let padding = [UInt8](repeating: 0, count: PageCutter.padding)
        return try (Array(page.utf8) + padding).withUnsafeBytes { page in
            try (Array(reply.utf8) + padding).withUnsafeBytes { reply in
                let pageBytes = UnsafeRawBufferPointer(rebasing: page.dropLast(padding.count))
                let replyBytes = UnsafeRawBufferPointer(rebasing: reply.dropLast(padding.count))
                let items = try PageCutter(schema: schema).cut(pageBytes).items
                let left = try BatchReplyCutter(schema: schema).cut(replyBytes).unprocessed
                return try UnprocessedMatcher(
                    batch: items.map { .init(slice: $0, bytes: pageBytes) }
                ).positions(of: left.map { .init(slice: $0, bytes: replyBytes) })
            }
        }
    }

    private func item(_ partition: String, _ sort: String) -> String {
        #"{"p":{"S":"\#(partition)"},"s":{"N":"\#(sort)"},"x":{"BOOL":true}}"#
    }

    @Test func `entries are found by value whatever their spelling and order`() throws {
        let batch = [item("a", "1"), item("a", "2"), item("é/\\\"", "2.50"), item("b", "1")]
        let entries = [
            #"{"x":{"BOOL":true},"s":{"N":"25e-1"},"p":{"S":"\u00e9\/\""}}"#,
            #"{ "s": {"N": "1.0"}, "p": {"S": "\u0062"} }"#,
            item("a", "2"),
        ]
        #expect(try positions(batch: batch, entries: entries) == [2, 3, 1])
    }

    @Test(arguments: [
        ("1", "1.0e0"), ("-12.50", "-1250E-2"), ("0", "-0.000"), ("0.001", "1e-3"),
        ("1000000", "1E+6"), ("10.203", "00010203e-3"), (".5", "0.50"), ("1.", "1"),
    ]) func `numbers agree however they are spelt`(_ one: String, _ other: String) throws {
        let (one, other) = (item("a", one), item("a", other))
        #expect(try positions(batch: [item("a", "7"), one], entries: [other]) == [1])
        #expect(try positions(batch: [other, item("a", "7")], entries: [one]) == [0])
    }

    @Test(arguments: [
        ("1", "-1"), ("12", "1.2"), ("12", "120"), ("1203", "1204"), ("1203", "1303"), ("0", "1"),
        ("101", "1.001e2"), ("1e2", "1e-2"), ("12345678901234567890", "12345678901234567891"),
    ]) func `numbers that differ never agree`(_ one: String, _ other: String) throws {
        #expect(try positions(batch: [item("a", one)], entries: [item("a", other)]) == nil)
    }

    @Test func `partition keys that are numbers or binary agree by value too`() throws {
        for (type, spellings) in [
            (ScalarType.number, ["1.5", "15e-1", "2"]),
            (.binary, ["/+8=", #"\/\u002b8\u003d"#, "/+A="]),
        ] {
            let schema = KeySchema(partition: KeyAttribute(name: "p", type: type), sort: nil)
            let items = spellings.map { #"{"p":{"\#(type.rawValue)":"\#($0)"}}"# }
            #expect(
                try positions(batch: [items[2], items[0]], entries: [items[1]], schema: schema)
                    == [1])
            #expect(
                try positions(batch: [items[2]], entries: [items[1]], schema: schema) == nil)
        }
    }

    @Test func `entries of one partition are found in any order`() throws {
        let batch = (1...25).map { item("a", "\($0)") }
        let order = [24, 0, 7, 8, 3, 23]
        #expect(try positions(batch: batch, entries: order.map { batch[$0] }) == order)
    }

    @Test func `a key that only begins like another is not it`() throws {
        let batch = [item("a", "12"), item("a", "1"), item("ab", "1")]
        #expect(try positions(batch: batch, entries: [item("a", "1")]) == [1])
    }

    @Test func `an entry that was not sent makes the whole reply worthless`() throws {
        #expect(try positions(batch: [item("a", "1")], entries: [item("c", "1")]) == nil)
        #expect(
            try positions(batch: [item("a", "1")], entries: [item("a", "1"), item("a", "1.0")])
                == nil)
    }
}
