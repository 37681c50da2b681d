import AWS
import Dispatch
import DynamoModel
import System

extension TargetTable {
    /// One attempt; see ``Client/send(_:body:reply:replyBytesMax:on:repeatable:completion:)``.
    /// Unconditional puts and deletes may be repeated: the same is put, or deleted, again.
    package func batchWrite(
        body: ByteBuffer, reply: ByteBuffer, replyBytesMax: Int, on queue: DispatchQueue,
        completion: @escaping @Sendable (Result<Reply, AWSError>) -> Void
    ) {
        client.send(
            .batchWriteItem, body: body, reply: reply, replyBytesMax: replyBytesMax, on: queue,
            completion: completion)
    }
}

extension Operation {
    /// Read in place, by `BatchReplyCutter`.
    package static let batchWriteItem = Operation(
        writing: "BatchWriteItem",
        reply: ReplyShape([
            .required(
                "UnprocessedItems",
                .map(
                    .list(
                        .object([
                            .optional("PutRequest", .object([.required("Item", .item)])),
                            .optional("DeleteRequest", .object([.required("Key", .item)])),
                        ])))),
            .informing("ConsumedCapacity", .list(.consumed(ServiceRanges.writeUnits))),
        ]))
}
