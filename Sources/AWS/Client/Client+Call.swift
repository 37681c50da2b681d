import Dispatch
import JSON
import Pacing
import System

extension Client {
    /// Longest reply of a control-plane operation.
    package static let callReplyBytesMax = 16 << 20

    /// An operation that an endpoint may lack answers with a bare 500 each time, and one whose
    /// reply makes no sense with that reply: so often is it asked before that is believed.
    static let lackingAttemptsMax = 4

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
        let start = time.now
        let waiting = tellOfWait(operation)
        defer { waiting.cancel() }
        var attempt = 0
        while true {
            let deadline = start + timeLimit(operation, nil, patience)
            let result = await attemptCall(
                operation, bytes, repeatable: repeatable, replyBytesMax: replyBytesMax,
                within: attemptLimit(deadline - time.now, patience), read)
            guard case .failure(let error) = result else { return try result.get() }
            let delay = try await delayBeforeRepeating(
                error, attempt: attempt, repeatable: repeatable)
            // The first answer, be it a refusal, may just have moved the deadline.
            guard time.now + delay < start + timeLimit(operation, error, patience) else {
                throw error
            }
            await wait(delay)
            attempt += 1
        }
    }

    /// - Parameter error: what the last attempt came to. A refusal in the service's own words is an
    ///   answer: it may be waited out.
    private func timeLimit(
        _ operation: Operation, _ error: AWSError?, _ patience: Duration?
    ) -> Duration {
        let limit = patience ?? configuration.giveUpAfter
        let isAnswer = error?.isFromService == true
        return isAnswer || mayWaitOut(operation)
            ? limit : min(limit, configuration.firstReplyWithin)
    }

    /// How long one attempt may take: what has answered something else is mostly at work on this.
    /// - Parameter left: for the call, failures apart.
    private func attemptLimit(_ left: Duration, _ patience: Duration?) -> Duration {
        hasAnswered ? max(left, patience ?? configuration.giveUpAfter) : left
    }

    /// Nobody waits in silence: says, in time, what for, unless it is cancelled before.
    private func tellOfWait(_ operation: Operation) -> DispatchWorkItem {
        let item = DispatchWorkItem { [onWait, endpoint] in
            onWait?("waiting for \(endpoint.url) to answer \(operation.name)")
        }
        if onWait != nil {
            callQueue.asyncAfter(
                deadline: .now() + .nanoseconds(Int(Self.silenceMax.inNanoseconds)), execute: item)
        }
        return item
    }

    private static let silenceMax = Duration.seconds(4)

    /// How long to wait before the next attempt; throws `error` when there should be none.
    private func delayBeforeRepeating(
        _ error: AWSError, attempt: Int, repeatable: Bool
    ) async throws(AWSError) -> Duration {
        if error.isOutcomeUnknown && !repeatable { throw error }
        let isLasting = error.lacksOperation || error.localCode == .absurdReply
        if isLasting && attempt + 1 >= Self.lackingAttemptsMax { throw error }
        switch error.remedy {
        case .giveUp, .split: throw error
        case .retry: return jitter(configuration.backoff, attempt)
        case .slowDown: return jitter(configuration.throttleBackoff, attempt)
        case .renewCredentials:
            do {
                try await renewCredentials(after: error)
            } catch let reason {
                throw refused(reason)
            }
            return jitter(configuration.backoff, attempt)
        }
        func refused(_ reason: ConfigurationError) -> AWSError {
            var refused = error
            refused.remedy = .giveUp
            refused.hint = reason.description
            return refused
        }
    }

    private func jitter(_ backoff: Backoff, _ attempt: Int) -> Duration {
        state.withLock { backoff.delay(attempt: attempt, using: &$0.generator) }
    }

    private func attemptCall<Value: Sendable>(
        _ operation: Operation, _ body: ByteBuffer, repeatable: Bool, replyBytesMax: Int,
        within limit: Duration, _ read: @escaping @Sendable (Reply) -> Result<Value, AWSError>
    ) async -> Result<Value, AWSError> {
        await withCheckedContinuation { continuation in
            send(
                operation, body: body, reply: ByteBuffer(),
                replyBytesMax: replyBytesMax, on: callQueue, repeatable: repeatable,
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
                operation: operation, .replyTooLong, "\(reply.fullLength) bytes", status: 200,
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

    func wait(_ delay: Duration) async {
        let nanoseconds = Int(clamping: delay.inNanoseconds)
        await withCheckedContinuation { continuation in
            callQueue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) {
                continuation.resume()
            }
        }
    }
}
