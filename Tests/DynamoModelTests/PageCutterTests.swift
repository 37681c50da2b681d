import DynamoModel
import JSON
import Pacing
import System
import Testing

/// Cuts bytes that are followed by nothing but the padding they need, so that a read beyond it is
/// one beyond the allocation.
func cut(_ bytes: [UInt8], _ schema: KeySchema = .test) throws -> CutPage {
    try withPadding(bytes) { try PageCutter(schema: schema).cut($0) }
}

func withPadding<Result>(
    _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Result
) rethrows -> Result {
    let padded = bytes + [UInt8](repeating: 0, count: PageCutter.padding)
    return try padded.withUnsafeBytes {
        try body(UnsafeRawBufferPointer(rebasing: $0[..<bytes.count]))
    }
}

extension KeySchema {
    static let test = KeySchema(
        partition: KeyAttribute(name: "pk", type: .string),
        sort: KeyAttribute(name: "sk", type: .number))
}

@Suite struct PageCutterTests {
    /// Goal: every slice is exactly its item, its size is the service's, its key is found.
    /// Method: random items of every type, spelt with random order, white space and escapes; each
    /// slice is decoded and compared with the item that it was made of.
    @Test func `slices, sizes and keys are those of the items, however they are spelt`() throws {
        for seed in UInt64(1)...300 {
            var random = RandomItems(seed: seed)
            let items = (0..<Int(seed % 12)).map { random.item(index: $0) }
            let bytes = random.page(items, lastKey: seed % 2 == 0)
            let page = try cut(bytes)
            #expect(page.items.count == items.count, "seed \(seed)")
            #expect(page.readUnits == 12.5)
            #expect((page.lastKey != nil) == (seed % 2 == 0 && !items.isEmpty))
            for (slice, item) in zip(page.items, items) {
                let json = try JSON(parsing: Array(bytes[slice.range]))
                #expect(try Item(json) == item, "seed \(seed)")
                #expect(Int(slice.size) == ItemSize.of(item), "seed \(seed): \(json.text)")
                for (name, offset) in [("pk", slice.partitionKey), ("sk", slice.sortKey)] {
                    let value = try bytes.withUnsafeBytes {
                        try AttributeValue(keyAt: offset, in: $0)
                    }
                    #expect(value == item[Array(name.utf8)])
                }
            }
            #expect(page.storedBytes == items.reduce(0) { $0 + ItemSize.of($1) })
        }
    }

    @Test func `a cursor cut out of an item is its key`() throws {
        var random = RandomItems(seed: 5)
        let item = random.item(index: 41)
        let bytes = random.page([item], lastKey: false)
        let slice = try cut(bytes).items[0]
        let cursor = try bytes.withUnsafeBytes {
            try slice.key(in: $0, schema: .test)
        }
        let key = try Item(JSON(parsing: cursor))
        #expect(key == item.filter { ["pk", "sk"].map { Array($0.utf8) }.contains($0.key) })
    }

    @Test(arguments: [
        "", "{}", "[]", "null", "{\"Items\":[]}", "{\"Count\":0}", "{\"Count\":1,\"Items\":[]}",
        "{\"Items\":[],\"Count\":0", "{\"Items\":[],\"Count\":0}}", "{\"Items\":[],\"Count\":0} x",
        "{\"Items\":[],\"Items\":[],\"Count\":0}", "{\"Items\":null,\"Count\":0}",
        "<html>sorry</html>", "{\"Items\":[,],\"Count\":0}", "{\"Items\":{},\"Count\":0}",
        "{\"Items\":[{}],\"Count\":1}", "{\"Items\":[{\"pk\":{\"S\":\"a\"}}],\"Count\":1}",
        "{\"Items\":[{\"pk\":{\"N\":\"1\"},\"sk\":{\"N\":\"1\"}}],\"Count\":1}",
        "{\"Items\":[{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"x\"}}],\"Count\":1}",
        #"{"Items":[{"pk":{"S":"a"},"sk":{"N":"1"},"b":{"B":"abc"}}],"Count":1}"#,
        #"{"Items":[{"pk":{"S":"a"},"sk":{"N":"1"},"z":{"Q":"abc"}}],"Count":1}"#,
        #"{"Items":[{"pk":{"S":"a"},"sk":{"N":"1"},"z":{"S":"a","N":"1"}}],"Count":1}"#,
    ])
    func `what is no page is an error`(text: String) {
        #expect(throws: JSONError.self) { try cut(Array(text.utf8)) }
    }

    @Test func `every truncation of a page is an error`() throws {
        var random = RandomItems(seed: 3)
        let items = (0..<3).map { random.item(index: $0) }
        let bytes = JSON.object([
            .init("Items", .array(items.map(\.json))), .init("Count", 3),
        ]).bytes
        _ = try cut(bytes)
        for length in 0..<bytes.count {
            #expect(throws: JSONError.self) { try cut(Array(bytes[..<length])) }
        }
    }

    /// Goal: of a damaged page the cutter makes what the JSON reader makes of it, or both refuse.
    /// Method: random bytes of good pages are changed, removed or doubled; a quarter of the pages
    /// stays whole. `scripts/fuzz.sh` runs more of them.
    @Test func `damaged pages are refused, or are the items that a JSON reader finds`() throws {
        let rounds = FuzzRounds.count
        var taken = 0
        for round in 0..<rounds where try PageFuzzer(seed: UInt64(round)).run() { taken += 1 }
        // Whoever refused all of them, or none, would agree with anybody.
        #expect(taken > rounds / 5 && taken < rounds * 4 / 5, "\(taken) of \(rounds) were taken")
    }

    @Test(arguments: [
        #"{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"1"},"x":{"S":"2"}}"#,
        #"{"pk":{"S":"a"},"sk":{"N":"1"},"x":{"S":"1"},"\u0078":{"S":"2"}}"#,
        #"{"pk":{"S":"a"},"sk":{"N":"1"},"m":{"M":{"x":{"S":"1"},"y":{"S":"1"},"x":{"S":"2"}}}}"#,
        #"{"pk":{"S":"a"},"pk":{"S":"b"},"sk":{"N":"1"}}"#,
        #"{"pk":{"S":"a"},"sk":{"N":"1"},"attribute of some length":{"S":""},"#
            + #""attribute of some length":{"S":""}}"#,
    ])
    func `an attribute that stands twice, however it is spelt, makes no item`(item: String) {
        #expect { try cut(Array(#"{"Items":[\#(item)],"Count":1}"#.utf8)) } throws: { error in
            "\(error)".hasPrefix("Items: ")
        }
    }

    @Test
    func `of a thousand attributes one that stands twice is found`() throws {
        for doubled in [nil, 3, 70, 999] as [Int?] {
            var names = (0..<1_000).map { "attribute number \($0) of many" }
            if let doubled { names[doubled == 3 ? 900 : 2] = names[doubled] }
            let attributes = names.map { "\"\($0)\":{\"M\":{\"x\":{\"S\":\"\"}}}" }
            let text =
                "{\"Items\":[{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"1\"},"
                + attributes.joined(separator: ",") + "}],\"Count\":1}"
            let page = try? cut(Array(text.utf8))
            #expect((page == nil) == (doubled != nil))
        }
    }

    /// Goal: this once ended the program: a count of a table of more than one page.
    @Test func `a count that is not the last says after which key it goes on`() throws {
        let key = #"{"pk":{"S":"a"},"sk":{"N":"1"}}"#
        let text = "{\"Count\":7,\"ScannedCount\":7,\"LastEvaluatedKey\":\(key)}"
        let padded = Array(text.utf8) + [UInt8](repeating: 0, count: PageCutter.padding)
        let (page, items) = try padded.withUnsafeBytes {
            try PageCutter(schema: .test).cutCount(
                UnsafeRawBufferPointer(rebasing: $0[..<text.utf8.count]))
        }
        #expect(items == 7)
        #expect(page.lastKey.map { String(Array(text)[$0]) } == key)
    }

    @Test(arguments: ["{}", "{ }", "null"])
    func `a last key of nothing is none`(key: String) throws {
        let page = try cut(Array("{\"Items\":[],\"Count\":0,\"LastEvaluatedKey\":\(key)}".utf8))
        #expect(page.lastKey == nil)
    }

    @Test(arguments: ["-1", "1e400", "0.5e9", "\"3\"", "null", "true", "[]", "{}"])
    func `consumed units that make no sense are unknown`(units: String) throws {
        let text =
            "{\"Items\":[],\"Count\":0,\"ConsumedCapacity\":{\"CapacityUnits\":\(units)}}"
        #expect(try cut(Array(text.utf8)).readUnits == nil)
        let batch =
            "{\"UnprocessedItems\":{},\"ConsumedCapacity\":[{\"CapacityUnits\":3,"
            + "\"GlobalSecondaryIndexes\":{\"i\":{\"CapacityUnits\":\(units)}}}]}"
        let reply = try withPadding(Array(batch.utf8)) {
            try BatchReplyCutter(schema: .test).cut($0)
        }
        #expect(reply.consumed == nil)
    }

    @Test(arguments: [
        ("-1", "Count"), ("2", "Count"), ("1e400", "Count"), ("\"1\"", "Count"), ("null", "Count"),
    ])
    func `a count that makes no sense is an error that names it`(count: String, field: String) {
        let item = #"{"pk":{"S":"a"},"sk":{"N":"1"}}"#
        #expect { try cut(Array("{\"Items\":[\(item)],\"Count\":\(count)}".utf8)) } throws: {
            error in
            "\(error)".contains(field)
        }
    }
}

@Suite struct BatchReplyCutterTests {
    private func cut(_ text: String) throws -> CutBatchReply {
        try withPadding(Array(text.utf8)) { try BatchReplyCutter(schema: .test).cut($0) }
    }

    @Test func `consumed units are told apart by table and index`() throws {
        let reply = try cut(
            """
            {"UnprocessedItems": {}, "ConsumedCapacity": [{"TableName": "t", "CapacityUnits": 30.0,
            "Table": {"CapacityUnits": 20.0}, "LocalSecondaryIndexes": {"l": {"CapacityUnits": 3}},
            "GlobalSecondaryIndexes": {"by-\\u0064ate": {"CapacityUnits": 7.0}}}]}
            """)
        #expect(reply.unprocessed.isEmpty)
        #expect(reply.consumed?.total == 30)
        #expect(reply.consumed?.table == 23)
        #expect(reply.consumed?.globalIndexes.map(\.name) == ["by-date"])
    }

    @Test func `unprocessed puts are found by their keys`() throws {
        let text = """
            {"UnprocessedItems":{"t":[{"PutRequest":{"Item":{"sk":{"N":"2"},"pk":{"S":"b"}}}},\
            {"PutRequest":{"Item":{"x":{"BOOL":true},"pk":{"S":"a"},"sk":{"N":"1.0"}}}}]}}
            """
        let reply = try cut(text)
        #expect(reply.unprocessed.count == 2)
        #expect(reply.consumed == nil)
        let sort = try Array(text.utf8).withUnsafeBytes {
            try AttributeValue(keyAt: reply.unprocessed[1].sortKey, in: $0)
        }
        #expect(sort == .number(try DynamoNumber("1")))
    }

    @Test(arguments: [
        #"{"PutRequest":{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}}"#,
        #"{ "PutRequest" : { "Item" : {"pk":{"S":"a"},"sk":{"N":"1"}} } }"#,
        #"{"PutRequest":{"Item":{"pk":{"S":"a"},"sk":{"N":"1"}},"New":{"x":[]}}}"#,
        #"{"P\u0075tRequest":{"New":1,"Item":{"pk":{"S":"a"},"sk":{"N":"1"}}}}"#,
    ]) func `an unprocessed put is found in any spelling`(_ entry: String) throws {
        let text = #"{"UnprocessedItems":{"t":[\#(entry),\#(entry)]}}"#
        let reply = try cut(text)
        #expect(reply.unprocessed.count == 2)
        let bytes = Array(text.utf8)
        for slice in reply.unprocessed {
            let item = String(decoding: bytes[slice.range], as: UTF8.self)
            #expect(item == #"{"pk":{"S":"a"},"sk":{"N":"1"}}"#)
        }
    }

    @Test(arguments: [
        "", "{}", "{\"UnprocessedItems\":null}", "{\"UnprocessedItems\":{}",
        "{\"UnprocessedItems\":{\"t\":[{}]}}",
        "{\"UnprocessedItems\":{\"t\":[{\"PutRequest\":{}}]}}",
        "{\"UnprocessedItems\":{\"t\":[{\"DeleteRequest\":{\"Key\":{}}}]}}", "<html></html>",
        "{\"UnprocessedItems\":{},\"UnprocessedItems\":{}}", "{\"ConsumedCapacity\":[]}",
    ])
    func `what does not say what was written is an error`(text: String) {
        #expect(throws: JSONError.self) { try cut(text) }
    }
}
