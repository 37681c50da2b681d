import DynamoModel
import JSON
import Testing

@Suite struct PutReplyCutterTests {
    private func cut(_ text: String) throws -> ConsumedUnits? {
        let padded = Array(text.utf8) + [UInt8](repeating: 0, count: PageCutter.padding)
        return try padded.withUnsafeBytes {
            try PutReplyCutter.cut(UnsafeRawBufferPointer(rebasing: $0[..<text.utf8.count]))
        }
    }

    @Test func `units of the table and of each index are read`() throws {
        let units = try cut(
            """
            {"ConsumedCapacity":{"TableName":"t","CapacityUnits":5,"Table":{"CapacityUnits":2},\
            "GlobalSecondaryIndexes":{"by-day":{"CapacityUnits":3}}}}
            """)
        #expect(units == ConsumedUnits(total: 5, globalIndexes: [(name: "by-day", units: 3)]))
        #expect(try cut("{\"ConsumedCapacity\":null}") == nil)
    }

    @Test(arguments: [
        "", "{}", "{\"message\":\"ok\"}", "{\"ConsumedCapacity\":{\"CapacityUnits\":1}",
        "{\"ConsumedCapacity\":{\"CapacityUnits\":1}}x", "[]",
    ])
    func `what may be no reply to a put is none`(text: String) {
        #expect(throws: JSONError.self) { try cut(text) }
    }
}
