import DynamoModel
import JSON
import Pacing
import System
import Testing

@testable import Connectors

/// Goal: what differs in two items is found where they lie as it is found of decoded ones.
@Suite struct ItemDifferenceTests {
    private let schema = KeySchema(partition: KeyAttribute(name: "id", type: .string))

    /// Both ways: names, and values of both sides.
    private func expectSame(
        _ one: String, _ other: String, _ sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let page = ByteBuffer()
        page.append(Array("{\"Count\":2,\"Items\":[\(one),\(other)]}".utf8))
        let items = try PageCutter(schema: schema).cut(page.bytes).items
        let found = try ItemDifference.attributes(items[0], items[1], in: page.bytes)
        let wanted = ItemDifference.attributes(Array(one.utf8), Array(other.utf8))
        #expect(found.sorted { $0.name < $1.name } == wanted, sourceLocation: sourceLocation)
    }

    @Test func `spelling and order make no difference, values do`() throws {
        let id = #""id":{"S":"k"}"#
        try expectSame("{\(id)}", "{\(id)}")
        try expectSame(#"{\#(id),"a":{"N":"1.0"}}"#, #"{"a":{"N":"1"},\#(id)}"#)
        try expectSame(#"{\#(id),"a":{"N":"1"},"b":{"S":"x"}}"#, #"{\#(id),"b":{"S":"y"}}"#)
        try expectSame(#"{\#(id),"\u0061":{"N":"1"}}"#, #"{\#(id),"a":{"N":"2"}}"#)
        try expectSame(#"{\#(id),"s":{"SS":["p","q"]}}"#, #"{\#(id) , "s" : {"SS":["q","p"]} }"#)
        try expectSame("{\(id)}", #"{"z":{"NULL":true},\#(id),"é":{"S":"\u00e9"}}"#)
    }

    @Test func `of 500 random pairs the same is found in both ways`() throws {
        var generator = SeededGenerator(seed: 8)
        func item() -> String {
            var attributes = [#""id":{"S":"k"}"#]
            for name in "abcdefgh" where Bool.random(using: &generator) {
                let number = Int.random(in: 0...2, using: &generator)
                let value =
                    [#"{"N":"\#(number)"}"#, #"{"N":"\#(number).0"}"#, #"{"S":"\#(number)"}"#]
                    .randomElement(using: &generator) ?? ""
                attributes.append("\"\(name)\":\(value)")
            }
            return "{\(attributes.shuffled(using: &generator).joined(separator: ","))}"
        }
        for _ in 0..<500 { try expectSame(item(), item()) }
    }
}
