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

    /// - Parameters:
    ///   - count: how many items; at least one.
    ///   - bytesMax: room for the whole body.
    ///   - item: the JSON of an item, by its position.
    package func write(
        count: Int, bytesMax: Int, to body: ByteBuffer, item: (Int) -> UnsafeRawBufferPointer
    ) {
        precondition(count > 0, "a batch has items")
        body.removeAll()
        body.append(room: bytesMax) { room in
            var cursor = room.baseAddress!
            let end = cursor + room.count
            func put(_ bytes: UnsafeRawPointer, _ count: Int) {
                precondition(end - cursor >= count, "the batch is longer than \(bytesMax) bytes")
                cursor.copyMemory(from: bytes, byteCount: count)
                cursor += count
            }
            func put(_ text: StaticString) { put(text.utf8Start, text.utf8CodeUnitCount) }
            prefix.withUnsafeBytes { put($0.baseAddress!, $0.count) }
            for index in 0..<count {
                put(index == 0 ? "{\"PutRequest\":{\"Item\":" : ",{\"PutRequest\":{\"Item\":")
                let bytes = item(index)
                put(bytes.baseAddress!, bytes.count)
                put("}}")
            }
            put("]}}")
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
