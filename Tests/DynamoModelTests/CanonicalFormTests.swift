import DynamoModel
import Foundation
import JSON
import Pacing
import Testing

/// The canonical form of items, against its definition's examples and against decoded values.
struct CanonicalFormTests {
    private static let schema = KeySchema(
        partition: KeyAttribute(name: "pk", type: .string),
        sort: KeyAttribute(name: "sk", type: .number))

    private static func form(
        _ item: [UInt8], _ schema: KeySchema = schema, with form: CanonicalForm? = nil
    ) throws -> [UInt8] {
        let form = form ?? CanonicalForm(schema: schema)
        return try cut(item, schema) { try form.withItem($0, in: $1) { Array($0) } }
    }

    private static func cut<Value>(
        _ item: [UInt8], _ schema: KeySchema,
        _ body: (ItemSlice, UnsafeRawBufferPointer) throws -> Value
    ) throws -> Value {
        let page = Array("{\"Count\":1,\"Items\":[".utf8) + item + Array("]}".utf8)
        let padded = page + [UInt8](repeating: 0, count: PageCutter.padding)
        return try padded.withUnsafeBytes { buffer in
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<page.count])
            return try body(try PageCutter(schema: schema).cut(bytes).items[0], bytes)
        }
    }

    private static func form(_ text: String) throws -> [UInt8] { try form(Array(text.utf8)) }

    @Test("2,000 random items keep their form when they are spelt otherwise, and no two share one")
    func spellings() throws {
        var items = RandomItems(seed: 11)
        let form = CanonicalForm(schema: Self.schema)
        var seen: [[UInt8]: Item] = [:]
        for index in 0..<2_000 {
            let item = items.item(index: index % 500)
            let plain = try Self.form(item.json.bytes, with: form)
            for _ in 0..<2 {
                var spelt: [UInt8] = []
                items.spell(item.json, to: &spelt)
                #expect(try Self.form(spelt, with: form) == plain, "\(item.json.text)")
            }
            #expect(seen.updateValue(item, forKey: plain).map { $0 == item } ?? true)
        }
    }

    @Test("a number's form is its value: 1.50 is 15E-1, -0.00 is 0, the 38th digit counts")
    func numbers() throws {
        func number(_ text: String) throws -> [UInt8] {
            try Self.form("{\"pk\":{\"S\":\"\"},\"sk\":{\"N\":\"0\"},\"n\":{\"N\":\"\(text)\"}}")
        }
        let same = [
            ["1.5", "1.50", "15E-1", "+01.5", "0.15e1"], ["0", "-0.00", "0E5", "000"],
            ["-120", "-12E1", "-1.2e+2"], ["1E125", "10E124", "0.1E126"],
        ]
        for spellings in same {
            let forms = try spellings.map(number)
            #expect(Set(forms).count == 1, "\(spellings)")
        }
        #expect(Set(try same.map { try number($0[0]) }).count == same.count)
        let exact = "1234567890123456789012345678901234567"
        #expect(try number(exact + "8") != number(exact + "9"))
        var items = RandomItems(seed: 12)
        for _ in 0..<500 {
            let one = items.number()
            let other = items.number()
            #expect((try number(one.text) == number(other.text)) == (one == other))
        }
    }

    @Test("sets are sets, lists have an order, maps and items have none")
    func order() throws {
        func item(_ value: String) throws -> [UInt8] {
            try Self.form("{\"pk\":{\"S\":\"\"},\"v\":\(value),\"sk\":{\"N\":\"0\"}}")
        }
        #expect(try item(#"{"SS":["b","a"]}"#) == item(#"{"SS":["a","b"]}"#))
        #expect(try item(#"{"NS":["2","1.0","1"]}"#) == item(#"{"NS":["1","2"]}"#))
        #expect(try item(#"{"BS":["AQ==","AA=="]}"#) == item(#"{"BS":["AA==","AQ=="]}"#))
        #expect(try item(#"{"L":[{"S":"b"},{"S":"a"}]}"#) != item(#"{"L":[{"S":"a"},{"S":"b"}]}"#))
        #expect(
            try item(#"{"M":{"y":{"S":"b"},"x":{"S":"a"}}}"#)
                == item(#"{"M":{"x":{"S":"a"},"y":{"S":"b"}}}"#))
        #expect(try item(#"{"S":"ab"}"#) != item(#"{"B":"YWI="}"#))
        #expect(try item(#"{"SS":["1"]}"#) != item(#"{"NS":["1"]}"#))
    }

    @Test("the form of a key is that of an item that is nothing but its key")
    func keys() throws {
        let item = Array(#"{"z":{"S":"z"},"sk":{"N":"1.0"},"pk":{"S":"a\n"}}"#.utf8)
        let key = Array(#"{"pk":{"S":"a\n"},"sk":{"N":"1"}}"#.utf8)
        let form = CanonicalForm(schema: Self.schema)
        let found = try Self.cut(item, Self.schema) {
            try form.withKey(of: $0, in: $1) { Array($0) }
        }
        #expect(try Self.form(key) == found)
        let swapped = KeySchema(
            partition: KeyAttribute(name: "sk", type: .number),
            sort: KeyAttribute(name: "pk", type: .string))
        let other = CanonicalForm(schema: swapped)
        #expect(
            try Self.cut(item, swapped) { try other.withKey(of: $0, in: $1) { Array($0) } } == found
        )
    }

    @Test(
        "what is no item of the service's is an error: an attribute twice, base64 that is none",
        arguments: [
            #"{"pk":{"S":""},"sk":{"N":"0"},"a":{"S":"1"},"a":{"S":"2"}}"#,
            #"{"pk":{"S":""},"sk":{"N":"0"},"b":{"B":"A*=="}}"#,
            #"{"pk":{"S":""},"sk":{"N":"0"},"b":{"B":"A==="}}"#,
        ])
    func malformed(_ item: String) {
        #expect(throws: JSONError.self) { try Self.form(item) }
    }
}
