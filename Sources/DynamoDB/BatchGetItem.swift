import AWS
import DynamoModel
import JSON
import System

/// Writes the bodies of one table's BatchGetItem requests, which read consistently. (API reference,
/// BatchGetItem.)
package struct BatchGetRequest: Sendable {
    private let prefix: [UInt8]

    package init(table: String) {
        var name: [UInt8] = []
        JSON.write(table, to: &name)
        prefix =
            Array("{\"ReturnConsumedCapacity\":\"TOTAL\",\"RequestItems\":{".utf8) + name
            + Array(":{\"ConsistentRead\":true,\"Keys\":[".utf8)
    }

    /// - Parameter keys: the JSON of each, `{"id":{"S":"..."}}`; no two the same.
    package func write(_ keys: some Sequence<[UInt8]>, to body: ByteBuffer) {
        body.removeAll()
        body.append(prefix)
        for (index, key) in keys.enumerated() {
            if index > 0 { body.append(",") }
            body.append(key)
        }
        body.append("]}}}")
    }
}

extension ReadOperation {
    /// Read in place, by `BatchGetCutter`.
    package static let batchGetItem = ReadOperation(
        "BatchGetItem", items: true,
        reply: ReplyShape([
            .required("Responses", .map(.list(.item))),
            .required("UnprocessedKeys", .map(.object([.required("Keys", .list(.item))]))),
            .informing("ConsumedCapacity", .list(.consumed(ServiceRanges.readUnits))),
        ]))
}
