import DynamoModel
import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import LocalAWS

@Suite struct ItemEncoderTests {
    private static let layout = TableLayout(
        TableDefinition(name: "t", attributes: [], keys: []),
        schema: KeySchema(
            partition: KeyAttribute(name: "pk", type: .string),
            sort: KeyAttribute(name: "sk", type: .number)))

    struct Encoded {
        let json: [UInt8]
        let size: Int
        let key: [UInt8]
    }

    /// Encodes one item; `before` and `behind` stand around it in the request.
    private static func encode(
        _ text: [UInt8], keepsNumbers: Bool = false
    ) throws(ServiceError) -> Encoded {
        var encoder = ItemEncoder(keepsNumbers: keepsNumbers)
        // A block of its own with nothing behind: the address sanitizer sees any read beyond.
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: text)
        var reader = WireReader(UnsafeRawBufferPointer(bytes))
        let item = try encoder.attributes(&reader, layout: layout)
        try reader.expectEnd()
        let key = try encoder.key(of: item, layout: layout, wording: .detailed)
        return Encoded(
            json: Array(encoder.output.bytes[item.json]), size: item.size,
            key: Array(encoder.keys.bytes[key.bytes]))
    }

    private static func encode(_ text: String) throws(ServiceError) -> Encoded {
        try encode(Array(text.utf8))
    }

    /// An item with a key and one more attribute.
    private static func encode(value: String) throws(ServiceError) -> String {
        let encoded = try encode("{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"1\"},\"v\":\(value)}")
        let text = String(decoding: encoded.json, as: UTF8.self)
        return String(
            text.dropFirst("{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"1\"},\"v\":".count).dropLast())
    }

    /// Goal: whatever the spelling, what is stored is the same item, its size is that of an
    /// independent computation, and storing it again changes nothing.
    @Test func `random items keep their value and have the size of the decoded item`() throws {
        for seed in UInt64(1)...1500 {
            var random = RandomItem(seed: seed)
            let item = random.item()
            let disguised = UnprocessedRewriter.write(item, using: &random.generator)
            for text in [item.bytes, disguised, Array(item.prettyText.utf8)] {
                let encoded = try Self.encode(text)
                let decoded = try Item(JSON(parsing: encoded.json))
                #expect(try decoded == Item(item), "seed \(seed)")
                #expect(encoded.size == ItemSize.of(decoded), "seed \(seed)")
                let again = try Self.encode(encoded.json)
                #expect(again.json == encoded.json, "seed \(seed)")
                #expect(again.key == encoded.key, "seed \(seed)")
                #expect(!encoded.json.contains(0x0A), "seed \(seed)")
            }
        }
    }

    @Test(arguments: [
        ("00042", "42"), ("1.0", "1"), ("1.5E2", "150"), ("-0", "0"), ("+3", "3"),
        (".123", "0.123"), ("1e+5", "100000"), ("0e100", "0"), ("5.", "5"), ("-0.10", "-0.1"),
        ("100", "100"), ("0.5", "0.5"), ("-12.05", "-12.05"), ("0.0", "0"), ("010.010", "10.01"),
        ("1E-3", "0.001"),
        ("12345678901234567890123456789012345678E2", "1234567890123456789012345678901234567800"),
    ])
    func `numbers are stored in the service's spelling, or as sent when asked`(
        given: String, stored: String
    ) throws {
        #expect(try Self.encode(value: "{\"N\":\"\(given)\"}") == "{\"N\":\"\(stored)\"}")
        #expect(try Self.encode(value: "{\"NS\":[\"\(given)\"]}") == "{\"NS\":[\"\(stored)\"]}")
        let item = Array("{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"\(given)\"}}".utf8)
        #expect(try Self.encode(item, keepsNumbers: true).json == item)
    }

    @Test(arguments: [
        (#"{"S":"A\/é😀"}"#, #"{"S":"A/é😀"}"#), (#"{"S":"\u0008\u0001\t"}"#, #"{"S":"\b\u0001\t"}"#),
        (#"{ "S" : "x" }"#, #"{"S":"x"}"#), (#"{"B":"AA\u003d="}"#, #"{"B":"AA=="}"#),
        ("{\"M\" :{\"\\u0061\": {\"L\":[ ] } }}", #"{"M":{"a":{"L":[]}}}"#),
        (#"{"N":"\u0031.0"}"#, #"{"N":"1"}"#), (#"{"S":"\u001F"}"#, #"{"S":"\u001f"}"#),
    ])
    func `text is stored with the fewest escapes`(given: String, stored: String) throws {
        #expect(try Self.encode(value: given) == stored)
    }

    @Test(arguments: [
        (#"{}"#, "must contain exactly one"), (#"{"X":"a"}"#, "must contain exactly one"),
        (#"{"S":null}"#, "must contain exactly one"),
        (#"{"S":"a","N":"1"}"#, "more than one datatypes"), (#"{"NULL":false}"#, "value of true"),
        (#"{"N":"NaN"}"#, "cannot be converted to a numeric value: NaN"),
        (#"{"N":""}"#, "cannot be converted to a numeric value"),
        (#"{"N":"1 "}"#, "numeric value: 1 "), (#"{"N":"1E126"}"#, "Number overflow"),
        (#"{"N":"-1E-131"}"#, "Number underflow"),
        (#"{"N":"123456789012345678901234567890123456789"}"#, "38 significant digits"),
        (#"{"SS":[]}"#, "An string set  may not be empty"),
        (#"{"NS":[]}"#, "An number set  may not be empty"), (#"{"BS":[]}"#, "Binary sets"),
        (#"{"SS":["a","b","\u0061"]}"#, "Input collection [a, b, a] contains duplicates."),
        (#"{"NS":["1","1.0"]}"#, "Input collection contains duplicates"),
        (#"{"BS":["AA==","AQ==","AA=="]}"#, "[AA==, AQ==, AA==]of type BS contains duplicates."),
        (#"{"M":{"a":{"S":""},"\u0061":{"S":""}}}"#, "stands twice"),
    ])
    func `values that the service refuses are refused in its words`(
        value: String, fragment: String
    ) {
        #expect {
            try Self.encode(value: value)
        } throws: { error in
            guard let error = error as? ServiceError else { return false }
            return error.name == "ValidationException" && error.message!.contains(fragment)
        }
    }

    @Test(arguments: [
        #"{"N":1}"#, #"{"S":1}"#, #"{"S":{}}"#, #"{"S":[]}"#, #"{"BOOL":"true"}"#, #"{"BOOL":1}"#,
        #"{"L":{}}"#, #"{"M":[]}"#, #"{"SS":"a"}"#, #"{"SS":[1]}"#, #"{"B":"A"}"#, #"{"B":"A*=="}"#,
        #"{"B":"AB=="}"#, #"{"B":"=AAA"}"#, #""a""#, #"["S","a"]"#, #"{"S":"\x"}"#,
        #"{"S":"\ud800"}"#,
        #"{"S":"a}"#, "{\"S\":\"\u{1}\"}", #"{"S" "a"}"#, #"{"S":"a",}"#, #"{"M":{"a":1}}"#,
        #"{S:"a"}"#,
    ])
    func `JSON of the wrong type or none at all is a SerializationException`(value: String) {
        #expect {
            try Self.encode(value: value)
        } throws: { error in (error as? ServiceError)?.name == "SerializationException" }
    }

    @Test func `lists and maps may nest 32 deep and no deeper`() throws {
        func nested(_ levels: Int) -> String {
            String(repeating: #"{"L":["#, count: levels) + String(repeating: "]}", count: levels)
        }
        #expect(try Self.encode(value: nested(32)) == nested(32))
        #expect(throws: ServiceError.self) { try Self.encode(value: nested(33)) }
        #expect(throws: ServiceError.self) { try Self.encode(value: nested(100_000)) }
    }

    @Test(arguments: [
        (#"{"sk":{"N":"1"}}"#, "Missing the key pk in the item"),
        (#"{"pk":{"N":"1"},"sk":{"N":"1"}}"#, "Type mismatch for key pk expected: S actual: N"),
        (#"{"pk":{"S":""},"sk":{"N":"1"}}"#, "empty string value. Key: pk"),
        (#"{"pk":{"S":"a"},"sk":{"N":"1"},"pk":{"S":"b"}}"#, "Attribute name stands twice: pk"),
    ])
    func `keys that do not fit the table are refused in detail`(item: String, fragment: String) {
        #expect {
            try Self.encode(item)
        } throws: { error in (error as? ServiceError)?.message?.contains(fragment) == true }
    }

    /// Goal: no bytes make the encoder read beyond its input or accept what is no item.
    @Test func `mutated items are refused or are items`() throws {
        for seed in UInt64(1)...4000 {
            var random = RandomItem(seed: seed)
            var bytes = random.item().bytes
            for _ in 0...(random.generator.next() % 3) {
                let place = Int(random.generator.next() % UInt64(bytes.count))
                switch random.generator.next() % 4 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.generator.next())
                case 1: bytes.remove(at: place)
                case 2: bytes.removeSubrange(place...)
                default: bytes.insert(UInt8(truncatingIfNeeded: random.generator.next()), at: place)
                }
                if bytes.isEmpty { bytes = [0x7B] }
            }
            guard let encoded = try? Self.encode(bytes) else { continue }
            let decoded = try Item(JSON(parsing: encoded.json))
            #expect(encoded.size == ItemSize.of(decoded), "seed \(seed)")
            #expect(try decoded == Item(JSON(parsing: bytes)), "seed \(seed)")
        }
    }
}
