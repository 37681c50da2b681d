import AWS
import JSON

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
