import DynamoModel
import Testing

/// Goal: exactly those items are taken for expired that the service would delete.
@Suite struct ExpiryRuleTests {
    private static let now = 1_764_000_000

    /// Positions of the items, given as their further attributes, that have expired.
    private func expired(_ items: [String], attribute: String = "ttl") throws -> [Int] {
        let texts = items.enumerated().map { number, rest in
            "{\"id\":{\"S\":\"\(number)\"}\(rest.isEmpty ? "" : ",")\(rest)}"
        }
        let text = "{\"Count\":\(items.count),\"Items\":[\(texts.joined(separator: ","))]}"
        let bytes = Array(text.utf8)
        let padded = bytes + [UInt8](repeating: 0, count: PageCutter.padding)
        return try padded.withUnsafeBytes { all in
            let reply = UnsafeRawBufferPointer(rebasing: all[..<bytes.count])
            let schema = KeySchema(partition: KeyAttribute(name: "id", type: .string))
            let page = try PageCutter(schema: schema).cut(reply)
            return try ExpiryRule(attribute: attribute).expired(page.items, in: reply, at: Self.now)
        }
    }

    @Test(arguments: [
        ("1763999999", true), ("1764000000", false), ("1764000001", false), ("1.5E9", false),
        ("1.7E9", true), ("17e+8", true), ("1763999999.999", true), ("1764000000.001", false),
        ("0", false), ("-1700000000", false), ("1.7E12", false), ("1E125", false),
        // Five years back, to the second.
        ("1606320001", true), ("1606320000", false), ("1606319999", false),
    ])
    func `a time in the past expires an item, but not one that lies five years back`(
        time: String, isExpired: Bool
    ) throws {
        #expect(try expired(["\"ttl\":{\"N\":\"\(time)\"}"]) == (isExpired ? [0] : []), "\(time)")
    }

    @Test func `only a Number of that very name at the top level counts`() throws {
        let past = "{\"N\":\"1763000000\"}"
        let items = [
            "", "\"ttl\":{\"S\":\"1763000000\"}", "\"ttl\":{\"NS\":[\"1763000000\"]}",
            "\"ttl\":{\"M\":{\"N\":\(past)}}", "\"ttl\":{\"L\":[\(past)]}",
            "\"map\":{\"M\":{\"ttl\":\(past)}}", "\"TTL\":\(past)", "\"ttl2\":\(past)",
            "\"text\":{\"S\":\"\\\"ttl\\\":\"}", "\"ttl\":{\"NULL\":true}",
        ]
        #expect(try expired(items) == [])
    }

    @Test func `it is found wherever it stands and however it is spelt`() throws {
        let past = "{\"N\":\"1763000000\"}"
        let items = [
            "\"ttl\":\(past),\"z\":{\"S\":\"x\"}", "\"a\":{\"L\":[{\"M\":{}}]},\"ttl\":\(past)",
            "\"\\u0074tl\" : { \"\\u004e\" : \"1763000000\" }", "\"ttl\":{\"N\":\"2000000000\"}",
            "\"ttl\":\(past)",
        ]
        #expect(try expired(items) == [0, 1, 2, 4])
        #expect(try expired(["\"läuft ab\":\(past)"], attribute: "läuft ab") == [0])
    }
}
