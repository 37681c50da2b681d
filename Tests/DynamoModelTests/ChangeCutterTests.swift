import JSON
import System
import Testing

@testable import DynamoModel

/// Goal: a line of an incremental export is cut into what DynamoDB wrote of the item, and what is
/// none is refused with its reason.
@Suite struct ChangeCutterTests {
    private static let schema = KeySchema(
        partition: KeyAttribute(name: "pk", type: .string),
        sort: KeyAttribute(name: "n", type: .number))

    private static func cut(_ line: String) -> Result<CutChange, JSONError> {
        let buffer = ByteBuffer()
        buffer.append(Array(line.utf8))
        return LineCutter(schema: schema).cutChanges([0..<buffer.count], of: buffer.bytes)[0]
    }

    private static func text(_ slice: ItemSlice?, of line: String) -> String? {
        slice.map { String(decoding: Array(line.utf8)[$0.range], as: UTF8.self) }
    }

    private static let time = #""Metadata":{"WriteTimestampMicros":{"N":"1768387654353205"}}"#
    private static let keys = #"{"pk":{"S":"a"},"n":{"N":"1"}}"#
    private static let old = #"{"n":{"N":"1"},"pk":{"S":"a"},"v":{"S":"old"}}"#
    private static let new = #"{"n":{"N":"1.0"},"pk":{"S":"\u0061"},"v":{"S":"newer"}}"#

    @Test func `an update has its new image, its key and what was before`() throws {
        let line =
            "{\(Self.time),\"Keys\":\(Self.keys),\"OldImage\":\(Self.old),\"NewImage\":\(Self.new)}"
        let change = try Self.cut(line).get()
        #expect(!change.isDelete)
        #expect(Self.text(change.item, of: line) == Self.new)
        #expect(Self.text(change.key, of: line) == Self.keys)
        #expect(Self.text(change.old, of: line) == Self.old)
    }

    @Test func `a line without a new image deletes its key`() throws {
        let line = "{\(Self.time),\"Keys\":\(Self.keys),\"OldImage\":\(Self.old)}"
        let change = try Self.cut(line).get()
        #expect(change.isDelete)
        #expect(Self.text(change.item, of: line) == Self.keys)
        #expect(change.old?.size == 10)
    }

    @Test(arguments: [
        "{\"NewImage\":\(new),\"Keys\":\(keys),\(time)}",
        "{\"Keys\":\(keys),\"Metadata\":{\"WriteTimestampMicros\":17},\"NewImage\":\(new)}",
        "{\"Metadata\":{\"WriteTimestampMicros\":\"17\"},\"NewImage\":\(new)}",
        "{ \"Metadata\" : { \"WriteTimestampMicros\" : { \"N\" : \"17\" } }, \"NewImage\":\(new) }",
    ])
    func `members come in any order, and the time in any spelling`(line: String) throws {
        let change = try Self.cut(line).get()
        #expect(!change.isDelete && Self.text(change.item, of: line) == Self.new)
    }

    @Test(arguments: [
        ("{\(time)}", "neither Keys nor NewImage"),
        ("{\(time),\"OldImage\":\(old)}", "neither Keys nor NewImage"),
        ("{\"Item\":\(new)}", "no change has"),
        ("{\"Keys\":\(keys),\"NewImage\":{\"pk\":{\"S\":\"b\"},\"n\":{\"N\":\"1\"}}}", "different"),
        ("{\"Keys\":\(keys),\"NewImage\":{\"pk\":{\"S\":\"a\"},\"n\":{\"N\":\"2\"}}}", "different"),
        ("{\"Keys\":\(old)}", "more than"),
        ("{\"Keys\":{\"pk\":{\"S\":\"a\"}}}", "key"),
        ("{\"Keys\":{\"pk\":{\"S\":\"a\"},\"n\":{\"S\":\"1\"}}}", "type"),
        ("{\"Keys\":\(keys),\"Keys\":\(keys)}", "twice"),
        ("{\"Metadata\":{\"WriteTimestampMicros\":{\"S\":\"1\"}},\"Keys\":\(keys)}", "no number"),
        ("{\"Metadata\":{\"WriteTimestampMicros\":\"x\"},\"Keys\":\(keys)}", "whole number"),
        ("{\"Keys\":\(keys),\"NewImage\":{\"pk\":{\"S\":\"\"},\"n\":{\"N\":\"1\"}}}", "different"),
        ("{\"Keys\":\(keys)", "expected"),
        ("{\"Keys\":\(keys)} more", "unexpected"),
    ])
    func `what is no change is refused`(line: String, reason: String) {
        guard case .failure(let error) = Self.cut(line) else {
            Issue.record("it was taken: \(line)")
            return
        }
        #expect(error.reason.contains(reason), "\(error.reason)")
    }
}
