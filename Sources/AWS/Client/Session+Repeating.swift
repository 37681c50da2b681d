import Dispatch
import Pacing
import System

extension Session {
    /// An operation that an endpoint may lack answers with a bare 500 each time, and one whose
    /// reply makes no sense with that reply: so often is it asked before that is believed.
    static let lackingAttemptsMax = 4

    /// Makes attempts at an operation as the errors' remedies say; see
    /// ``Client/call(_:_:repeatable:patience:)``.
    /// - Parameter attempt: makes one attempt, which must end within the given time.
    func repeating<Value: Sendable>(
        _ operation: Operation, repeatable: Bool, patience: Duration?,
        _ attempt: (Duration) async -> Result<Value, AWSError>
    ) async throws(AWSError) -> Value {
        let start = time.now
        let waiting = tellOfWait(operation)
        defer { waiting.cancel() }
        var attempts = 0
        while true {
            let deadline = start + timeLimit(operation, nil, patience)
            let result = await attempt(attemptLimit(deadline - time.now, patience))
            guard case .failure(let error) = result else { return try result.get() }
            let delay = try await delayBeforeRepeating(
                error, attempt: attempts, repeatable: repeatable)
            // The first answer, be it a refusal, may just have moved the deadline.
            guard time.now + delay < start + timeLimit(operation, error, patience) else {
                throw error
            }
            await wait(delay)
            attempts += 1
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

    /// Says after a while what is waited for, unless it is cancelled before.
    private func tellOfWait(_ operation: Operation) -> DispatchWorkItem {
        let item = DispatchWorkItem { [onWait, place] in
            onWait?("waiting for \(place) to answer \(operation.name)")
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
        if error.mayLast && attempt + 1 >= Self.lackingAttemptsMax { throw error }
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

    func wait(_ delay: Duration) async {
        let nanoseconds = Int(clamping: delay.inNanoseconds)
        await withCheckedContinuation { continuation in
            callQueue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) {
                continuation.resume()
            }
        }
    }
}

extension AWSError {
    /// It may come again for ever, although each time it could pass: the server lacks something, or
    /// computes another checksum.
    fileprivate var mayLast: Bool {
        lacksOperation || localCode == .absurdReply || localCode == .checksumMismatch
            || [
                "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch",
            ].contains(code)
    }
}
