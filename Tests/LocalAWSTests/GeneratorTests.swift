import DynamoModel
import JSON
import Testing

@testable import LocalAWS

@Suite struct GeneratorTests {
    @Test func `a fill reads as it is written`() throws {
        #expect(
            try Fill(parsing: "acme.orders=380218")
                == Fill(name: "acme.orders", items: 380_218, shape: .transactions))
        #expect(
            try Fill(parsing: "big=5:400KB") == Fill(name: "big", items: 5, shape: .kilobytes400))
        for bad in ["acme", "ab=1", "acme=", "acme=-1", "acme=x", "acme=1:9KB", "a b c=1"] {
            #expect(throws: Fill.SyntaxError.self) { try Fill(parsing: bad) }
        }
    }

    @Test(arguments: [
        (Fill.Shape.bytes100, 100), (.kilobyte1, 1024), (.kilobytes4, 4096),
        (.kilobytes400, 409_600),
    ])
    func `sized items have exactly their size`(shape: Fill.Shape, size: Int) throws {
        for index in [0, 1, 999_999] {
            let item = try Item(JSON(parsing: ItemGenerator.item(shape, seed: 1, index: index)))
            #expect(ItemSize.of(item) == size)
        }
    }

    @Test func `the same seed gives the same items, another seed others`() {
        for shape in Fill.Shape.allCases where shape != .kilobytes400 {
            let one = ItemGenerator.item(shape, seed: 1, index: 77)
            #expect(one == ItemGenerator.item(shape, seed: 1, index: 77))
            #expect(one != ItemGenerator.item(shape, seed: 1, index: 78))
        }
        #expect(
            ItemGenerator.item(.transactions, seed: 1, index: 5)
                != ItemGenerator.item(.transactions, seed: 2, index: 5))
    }

    /// What a careless copy would spoil must occur, or the tests built on the generator test
    /// little.
    @Test func `transactions cover every type, about 400 bytes each and 700 of JSON`() throws {
        let count = 4000
        var (stored, wire) = (0, 0)
        var types: Set<String> = []
        var text = ""
        for index in 0..<count {
            let bytes = ItemGenerator.item(.transactions, seed: 1, index: index)
            let json = try JSON(parsing: bytes)
            stored += ItemSize.of(try Item(json))
            wire += bytes.count
            collectTypes(json, into: &types)
            if index < 400 { text += String(decoding: bytes, as: UTF8.self) }
        }
        #expect((380...410).contains(stored / count), "mean stored size \(stored / count)")
        #expect((680...760).contains(wire / count), "mean JSON size \(wire / count)")
        #expect(types == ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"])
        for mark in [
            "12345678901234567890123456789012345678", "\\\"", "\\\\", "\\u0000", "\\u001b", "\\b",
            "\u{20BB7}", "\u{1F363}", "\u{627}\u{644}", "{\"S\":\"\"}", "{\"B\":\"\"}",
            "{\"L\":[]}", "{\"M\":{}}", "9" + String(repeating: "0", count: 125),
        ] {
            #expect(text.contains(mark), "\(mark.debugDescription) never occurs")
        }
    }

    private func collectTypes(_ item: JSON, into types: inout Set<String>) {
        for member in item.members ?? [] {
            guard let value = member.value.members?.first else { continue }
            types.insert(value.name)
            if value.name == "M" { collectTypes(value.value, into: &types) }
            for element in value.value.array ?? [] where value.name == "L" {
                collectTypes(["element": element], into: &types)
            }
        }
    }

    @Test(arguments: Fill.Shape.allCases)
    func `what is generated is stored as it is and its keys differ`(shape: Fill.Shape) throws {
        let count = shape == .kilobytes400 || shape == .dense ? 20 : 3000
        let server = try LocalServer(
            .with { $0.fills = [Fill(name: "made", items: count, shape: shape)] })
        #expect(server.count(of: "made") == count)
        let stored = Set(server.items(of: "made"))
        let made = Set((0..<count).map { ItemGenerator.item(shape, seed: 1, index: $0) })
        #expect(stored == made)
    }

    @Test func `dense and lettered items swell as much as they say`() throws {
        for (shape, least) in [(Fill.Shape.dense, 8.5), (.letters, 11.0)] {
            let bytes = ItemGenerator.item(shape, seed: 1, index: 3)
            let stored = ItemSize.of(try Item(JSON(parsing: bytes)))
            #expect(Double(bytes.count) / Double(stored) > least)
        }
    }
}
