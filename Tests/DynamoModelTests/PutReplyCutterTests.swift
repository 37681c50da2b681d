import DynamoModel
import JSON
import Testing

@Suite struct PutReplyCutterTests {
    private func cut(_ text: String, mayBeEmpty: Bool = false) throws -> CutPut {
        let padded = Array(text.utf8) + [UInt8](repeating: 0, count: PageCutter.padding)
        return try padded.withUnsafeBytes {
            try PutReplyCutter.cut(
                UnsafeRawBufferPointer(rebasing: $0[..<text.utf8.count]), mayBeEmpty: mayBeEmpty)
        }
    }

    @Test func `units of the table and of each index are read`() throws {
        let units = try cut(
            """
            {"ConsumedCapacity":{"TableName":"t","CapacityUnits":5,"Table":{"CapacityUnits":2},\
            "GlobalSecondaryIndexes":{"by-day":{"CapacityUnits":3}}}}
            """
        ).consumed
        #expect(units == ConsumedUnits(total: 5, globalIndexes: [(name: "by-day", units: 3)]))
        #expect(try cut("{\"ConsumedCapacity\":null}").consumed == nil)
    }

    @Test(arguments: [
        "", "{}", "{\"message\":\"ok\"}", "{\"ConsumedCapacity\":{\"CapacityUnits\":1}",
        "{\"ConsumedCapacity\":{\"CapacityUnits\":1}}x", "[]",
    ])
    func `what may be no reply to a put is none`(text: String) {
        #expect(throws: JSONError.self) { try cut(text) }
    }

    @Test func `a server that does not report what it consumed may say nothing at all`() throws {
        #expect(try cut("{}", mayBeEmpty: true) == CutPut())
        #expect(throws: JSONError.self) { try cut("", mayBeEmpty: true) }
    }

    @Test func `an item that was replaced is found where it lies`() throws {
        let text = #"{"Attributes": {"id":{"S":"a"}} ,"ConsumedCapacity":{"CapacityUnits":1}}"#
        let replaced = try #require(try cut(text).replaced)
        #expect(String(Array(text)[replaced]) == #"{"id":{"S":"a"}}"#)
        for nothing in ["{}", "null"] {
            let reply = "{\"Attributes\":\(nothing),\"ConsumedCapacity\":null}"
            #expect(try cut(reply).replaced == nil)
        }
    }
}
