import Dispatch
import Pacing
import System

/// Sends signed requests of any method to the hosts of one service that speaks plain HTTP, as S3
/// does, and judges the replies.
///
/// ``send(_:into:bytesMax:on:within:completion:)`` makes one attempt.
/// ``call(_:patience:_:)`` repeats attempts as the error's remedy says.
///
/// All methods may be called from any thread.
package final class RESTClient: Sendable {
    private let session: Session
    private let engine: HTTPEngine
    private let bypassesProxy: Bool
    /// Places for requests. The last one used goes out first: its memory is warm.
    private let idle = Locked<[HTTPExchange]>([])

    /// How slow a connection may be that is not given up: of what it carries, so much a second.
    private static let bytesPerSecondMin = 262_144

    /// Fetches the first credentials; throws when there are none. Nothing is sent yet.
    /// - Parameter place: where requests go, for people.
    /// - Parameter bypassesProxy: requests go around any proxy.
    package init(
        _ place: String, _ provider: any CredentialProvider, bypassesProxy: Bool,
        engine: HTTPEngine, configuration: Client.Configuration = Client.Configuration(),
        time: any TimeSource = MonotonicTime(), seed: UInt64,
        onWait: Client.WaitObserver? = nil, onFailure: Client.FailureObserver? = nil
    ) async throws(ConfigurationError) {
        self.engine = engine
        self.bypassesProxy = bypassesProxy
        session = try await Session(
            place, provider, configuration, time: time, seed: seed, onWait: onWait,
            onFailure: onFailure)
    }

    /// See ``CredentialProvider/identity``.
    package var identity: String { session.provider.identity }

    /// The access key in use.
    package var accessKeyID: String { session.credentials.value.accessKeyID }

    /// See ``Client/hasAnswered``.
    package var hasAnswered: Bool { session.hasAnswered }

    /// See ``Client/faultsPass()``.
    package func faultsPass() { session.faultsPass() }

    /// Where completions of calls run that have no queue of their own.
    package var callQueue: DispatchQueue { session.callQueue }

    /// See ``Client/renewCredentials(after:)``.
    package func renewCredentials(after error: AWSError) async throws(ConfigurationError) {
        try await session.renewCredentials(after: error)
    }

    /// Makes one attempt.
    ///
    /// It signs on the caller's thread, with the credentials and the corrected clock of this
    /// moment. The request's body and `reply` belong to it until `completion` is called, once, on
    /// `queue`. A reply longer than `bytesMax` is read to its end but not kept, and fails with
    /// `ReplyTooLong` where it was wanted. A redirection is not followed.
    ///
    /// - Parameter limit: how long it may take, besides what so many bytes may; by default as long
    ///   as the engine gives it. Until the endpoint has answered once it takes no longer than
    ///   ``Client/Configuration/firstReplyWithin``, whatever it carries: ask something small first.
    package func send(
        _ request: RESTRequest, into reply: ByteBuffer, bytesMax: Int, on queue: DispatchQueue,
        within limit: Duration? = nil,
        completion: @escaping @Sendable (Result<RESTReply, AWSError>) -> Void
    ) {
        var stamp = session.stamp()
        let (credentials, generation) = session.credentials
        stamp.generation = generation
        let signed = request.signed(with: credentials, at: stamp.now)
        let body = request.body ?? ByteBuffer()
        let exchange = idle.withLock { $0.popLast() } ?? engine.makeExchange()
        exchange.prepare(body: body, reply: reply, replyBytesMax: bytesMax, queue: queue) {
            [self, stamp] exchange in
            let result = judge(exchange, request, stamp)
            exchange.finish()
            idle.withLock { $0.append(exchange) }
            completion(result)
        }
        exchange.easy.setTimeout(timeout(limit, bytes: max(body.count, bytesMax)))
        exchange.setRequest(
            signed, route: engine.route(to: request.address.endpoint.url, direct: bypassesProxy))
        engine.submit(exchange)
    }

    private func timeout(_ limit: Duration?, bytes: Int) -> Duration {
        let most = engine.configuration.totalTimeout
        guard session.hasAnswered else {
            return min(limit ?? session.configuration.firstReplyWithin, most)
        }
        return min(limit ?? most, most) + .seconds(bytes / Self.bytesPerSecondMin)
    }

    private func judge(
        _ exchange: HTTPExchange, _ request: RESTRequest, _ stamp: Session.Stamp
    ) -> Result<RESTReply, AWSError> {
        let latency = session.time.now - stamp.at
        let judge = RESTJudge(request: request, past: session.past(of: request.operation))
        let result = judge.judge(exchange, latency: latency)
        session.note(result, of: request.operation)
        return result.mapError { session.corrected($0, exchange, stamp, latency: latency) }
    }

    /// Repeats `attempt` as the errors' remedies say: see
    /// ``Client/call(_:_:repeatable:patience:)``. Every request can be repeated: to put or delete
    /// an object twice comes to the same.
    /// - Parameter attempt: makes one attempt, which must end within the given time.
    package func call<Value: Sendable>(
        _ operation: Operation, patience: Duration? = nil,
        _ attempt: (Duration) async -> Result<Value, AWSError>
    ) async throws(AWSError) -> Value {
        try await session.repeating(operation, repeatable: true, patience: patience, attempt)
    }
}
