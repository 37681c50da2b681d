import DynamoModel
import ItemBytes
import Testing

@testable import Engine

@Suite struct UnprocessedMatcherTests {
    private static let schema = KeySchema(
        partition: KeyAttribute(name: "p", type: .string),
        sort: KeyAttribute(name: "s", type: .number))

    /// Positions that entries, spelt as given, are found at in a batch of items, spelt as given.
    private func positions(batch: [String], entries: [String]) throws -> [Int]? {
        let page = #"{"Count":\#(batch.count),"Items":[\#(batch.joined(separator: ","))]}"#
        let puts = entries.map { #"{"PutRequest":{"Item":\#($0)}}"# }
        let reply = #"{"UnprocessedItems":{"t":[\#(puts.joined(separator: ","))]}}"#
        let padding = [UInt8](repeating: 0, count: PageCutter.padding)
        return try (Array(page.utf8) + padding).withUnsafeBytes { page in
            try (Array(reply.utf8) + padding).withUnsafeBytes { reply in
                let pageBytes = UnsafeRawBufferPointer(rebasing: page.dropLast(padding.count))
                let replyBytes = UnsafeRawBufferPointer(rebasing: reply.dropLast(padding.count))
                let items = try PageCutter(schema: Self.schema).cut(pageBytes).items
                let left = try BatchReplyCutter(schema: Self.schema).cut(replyBytes).unprocessed
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
