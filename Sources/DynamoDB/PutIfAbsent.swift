import AWS
import Dispatch
import JSON
import System

/// Writes the bodies of one table's PutItem requests that never replace an item: the condition is
/// that there is none of the same key. (API reference, PutItem; guide, "Condition expressions".)
package struct PutIfAbsentRequest: Sendable {
    private let prefix: [UInt8]

    /// - Parameter partitionKey: its name; an item has the attribute whatever its sort key is, and
    ///   the condition is asked of the item of the very key that is put.
    package init(table: String, partitionKey: String) {
        let body = Self.request(table: table, partitionKey: partitionKey)
        prefix = body.bytes.dropLast() + Array(",\"Item\":".utf8)
    }

    fileprivate static func request(table: String, partitionKey: String) -> JSON {
        [
            "TableName": .string(table), "ReturnConsumedCapacity": "INDEXES",
            "ConditionExpression": "attribute_not_exists(#key)",
            "ExpressionAttributeNames": ["#key": .string(partitionKey)],
        ]
    }

    /// - Parameter item: its JSON.
    package func write(_ item: UnsafeRawBufferPointer, to body: ByteBuffer) {
        body.removeAll()
        body.append(room: prefix.count + item.count + 1) { room in
            room.copyBytes(from: prefix)
            UnsafeMutableRawBufferPointer(rebasing: room[prefix.count...]).copyMemory(from: item)
            room[prefix.count + item.count] = UInt8(ascii: "}")
            return prefix.count + item.count + 1
        }
    }
}

extension TargetTable {
    /// One attempt; see ``Client/send(_:body:reply:replyBytesMax:on:repeatable:completion:)``.
    ///
    /// It goes over kept connections, on which libcurl may repeat it: what is refused then has an
    /// unknown outcome (``AWSError/isOutcomeUnknown``).
    package func putIfAbsent(
        body: ByteBuffer, reply: ByteBuffer, replyBytesMax: Int, on queue: DispatchQueue,
        completion: @escaping @Sendable (Result<Reply, AWSError>) -> Void
    ) {
        client.send(
            .putItem, body: body, reply: reply, replyBytesMax: replyBytesMax, on: queue,
            completion: completion)
    }

    /// Puts one item unless there is one of its key; a repetition of its own may find that there
    /// is. Throws ``AWSError/isConditionFailure`` then.
    package func putIfAbsent(_ item: JSON, partitionKey: String) async throws(AWSError) {
        var body = PutIfAbsentRequest.request(table: name, partitionKey: partitionKey)
        body["Item"] = item
        _ = try await client.call(.putItem, body, repeatable: true)
    }
}
