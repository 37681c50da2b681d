import JSON
import System

extension Client {
    /// Longest reply of a control-plane operation.
    package static let callReplyBytesMax = 16 << 20

    /// Performs a control-plane operation, repeating it as the errors' remedies say.
    ///
    /// Until the endpoint has answered once, and before work begins (``faultsPass()``) until it has
    /// answered this operation, faults end it within ``Configuration/firstReplyWithin``. Otherwise
    /// it ends within `patience`, by default ``Configuration/giveUpAfter``. One that is not
    /// `repeatable` (CreateTable, UpdateTable, DeleteTable) is not sent again once its outcome is
    /// unknown: the caller has to look. Throws the last error.
    ///
    /// The reply is what the operation's ``ReplyShape`` says. One that lacks what it must have, as
    /// a proxy may answer for itself, or has an absurd value in it, is asked for again a few times.
    package func call(
        _ operation: Operation, _ body: JSON, repeatable: Bool, patience: Duration? = nil
    ) async throws(AWSError) -> JSON {
        let bytes = ByteBuffer()
        bytes.append(body.bytes)
        return try await call(
            operation, bytes, repeatable: repeatable, patience: patience,
            replyBytesMax: Self.callReplyBytesMax
        ) { [self] in read($0, of: operation) }
    }

    /// The same, with a reply of at most `replyBytesMax` that is read by `read`; a longer one fails
    /// with `ReplyTooLong`.
    /// - Throws: ``AWSError`` once it is not worth repeating any more, or `patience` has passed.
    package func call<Value: Sendable>(
        _ operation: Operation, _ bytes: ByteBuffer, repeatable: Bool, patience: Duration? = nil,
        replyBytesMax: Int, _ read: @escaping @Sendable (Reply) -> Result<Value, AWSError>
    ) async throws(AWSError) -> Value {
        try await session.repeating(operation, repeatable: repeatable, patience: patience) {
            await attemptCall(
                operation, bytes, repeatable: repeatable, replyBytesMax: replyBytesMax, within: $0,
                read)
        }
    }

    private func attemptCall<Value: Sendable>(
        _ operation: Operation, _ body: ByteBuffer, repeatable: Bool, replyBytesMax: Int,
        within limit: Duration, _ read: @escaping @Sendable (Reply) -> Result<Value, AWSError>
    ) async -> Result<Value, AWSError> {
        await withCheckedContinuation { continuation in
            send(
                operation, body: body, reply: ByteBuffer(),
                replyBytesMax: replyBytesMax, on: session.callQueue, repeatable: repeatable,
                within: limit
            ) { [self] result in
                continuation.resume(
                    returning: result.flatMap { whole($0, of: operation) }.flatMap(read))
            }
        }
    }

    /// What is read of a reply, by the operation's ``ReplyShape``. Fails with `ReplyTooLong`,
    /// `MalformedReply` or `AbsurdReply`, which names the field.
    package func read(_ reply: Reply, of operation: Operation) -> Result<JSON, AWSError> {
        whole(reply, of: operation).flatMap { parse($0, operation) }.flatMap { json in
            do throws(ReplyDefect) {
                return .success(
                    try operation.reply.checked(json, isCustom: endpoint.isCustom))
            } catch {
                return .failure(AWSError(operation: operation, error))
            }
        }
    }

    private func whole(_ reply: Reply, of operation: Operation) -> Result<Reply, AWSError> {
        if reply.isComplete { return .success(reply) }
        return .failure(
            AWSError(
                operation: operation, .replyTooLong, "\(reply.fullLength.counted("byte"))",
                status: 200,
                requestID: reply.requestID, hasAnswered: true))
    }

    private func parse(_ reply: Reply, _ operation: Operation) -> Result<JSON, AWSError> {
        if reply.body.count == 0 { return .success([:]) }
        do {
            return .success(try JSON(parsing: reply.body.bytes))
        } catch {
            return .failure(
                AWSError(
                    operation: operation, .malformedReply, error.description, status: 200,
                    requestID: reply.requestID, hasAnswered: true))
        }
    }
}
