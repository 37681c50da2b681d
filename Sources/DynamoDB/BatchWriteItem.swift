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
        let count = items.reduce(prefix.count + 3) { $0 + $1.count + Self.itemEnvelope }
        body.removeAll()
        body.append(room: count) { room in
            var cursor = room.baseAddress!
            func put(_ bytes: UnsafeRawPointer, _ count: Int) {
                cursor.copyMemory(from: bytes, byteCount: count)
                cursor += count
            }
            prefix.withUnsafeBytes { put($0.baseAddress!, $0.count) }
            for (index, item) in items.enumerated() {
                let head: StaticString =
                    index == 0 ? "{\"PutRequest\":{\"Item\":" : ",{\"PutRequest\":{\"Item\":"
                put(head.utf8Start, head.utf8CodeUnitCount)
                put(item.baseAddress!, item.count)
                put("}}", 2)
            }
            put("]}}", 3)
            return cursor - room.baseAddress!
        }
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
