import AWS
import Dispatch
import JSON

/// Writes the bodies of one table's BatchWriteItem requests: items are put between constant parts
/// as the bytes that they came in.
package struct BatchWriteRequest: Sendable {
    private let prefix: [UInt8]

    package init(table: String) {
        var name: [UInt8] = []
        JSON.write(table, to: &name)
        prefix =
            Array("{\"ReturnConsumedCapacity\":\"INDEXES\",\"RequestItems\":{".utf8) + name
            + Array(":[".utf8)
    }

    /// - Parameter items: the JSON of each item; at least one.
    package func write(_ items: [UnsafeRawBufferPointer], to body: ByteBuffer) {
        precondition(!items.isEmpty, "a batch has items")
        body.removeAll()
        body.reserve(
            items.reduce(prefix.count + 8) { $0 + $1.count + Self.itemEnvelope })
        body.append(prefix)
        for (index, item) in items.enumerated() {
            body.append(index == 0 ? "{\"PutRequest\":{\"Item\":" : ",{\"PutRequest\":{\"Item\":")
            body.append(item)
            body.append("}}")
        }
        body.append("]}}")
    }

    /// Bytes around each item.
    package static let itemEnvelope = 26
}

extension TargetTable {
    /// One attempt; see ``Client/send(_:body:reply:replyBytesMax:on:repeatable:completion:)``.
    /// Unconditional puts may be repeated: the same item is put again.
    package func batchWrite(
        body: ByteBuffer, reply: ByteBuffer, replyBytesMax: Int, on queue: DispatchQueue,
        completion: @escaping @Sendable (Result<Reply, AWSError>) -> Void
    ) {
        client.send(
            .batchWriteItem, body: body, reply: reply, replyBytesMax: replyBytesMax, on: queue,
            completion: completion)
    }
}
