import Dispatch
import Pacing
import System

/// Sends signed requests to one DynamoDB endpoint and judges the replies.
///
/// ``send(_:body:reply:replyBytesMax:on:repeatable:completion:)`` makes one attempt and is for the
/// hot path: transfer handles, connections, signing texts and buffers are kept, and nothing is
/// allocated for a request but its completion. ``call(_:_:repeatable:patience:)`` is for the
/// control plane: JSON in and out, repeated as the error's remedy says.
///
/// All methods may be called from any thread.
package final class Client: Sendable {
    package struct Configuration: Sendable {
        /// Asks for compressed replies.
        package var acceptsGzip = false
        /// How long a call is repeated once the endpoint has answered.
        package var giveUpAfter: Duration = .seconds(15 * 60)
        /// Until the endpoint has answered once, no request takes longer, repetitions included. A
        /// wrong address should be reported at once.
        package var firstReplyWithin: Duration = .milliseconds(4_500)
        package var backoff = Backoff()
        /// Before a source that had no new credentials is asked again.
        package var betweenRenewals = Duration.seconds(2)
        /// For throttled requests.
        package var throttleBackoff = Backoff(base: .milliseconds(250))

        package init() {}
    }

    /// Called for each request that failed, on the completion's queue.
    package typealias FailureObserver = @Sendable (AWSError, Duration) -> Void

    /// Called with a line for the user when a reply has taken some seconds.
    package typealias WaitObserver = @Sendable (String) -> Void

    package let endpoint: Endpoint
    /// Where its requests go: ``endpoint``, or the account's own host.
    private let address: Endpoint
    let session: Session
    let state = Locked(ClientState())
    private let engine: HTTPEngine
    private let bypassesProxy: Bool

    /// Fetches the first credentials; throws when there are none. Nothing is sent yet.
    /// - Parameter bypassesProxy: requests go around any proxy.
    package init(
        _ endpoint: Endpoint, _ provider: any CredentialProvider, bypassesProxy: Bool,
        accountHosts: AccountHosts = .disabled, engine: HTTPEngine,
        configuration: Configuration = Configuration(),
        time: any TimeSource = MonotonicTime(), seed: UInt64, onWait: WaitObserver? = nil,
        onFailure: FailureObserver? = nil
    ) async throws(ConfigurationError) {
        self.endpoint = endpoint
        self.bypassesProxy = bypassesProxy
        self.engine = engine
        session = try await Session(
            endpoint.url, provider, configuration, time: time, seed: seed, onWait: onWait,
            onFailure: onFailure)
        address = try accountHosts.address(
            of: endpoint, account: session.credentials.value.accountID)
    }

    /// For people, where its credentials come from.
    package var origin: String { session.provider.origin }
    /// See ``CredentialProvider/identity``.
    package var identity: String { session.provider.identity }
    package var time: any TimeSource { session.time }
    var configuration: Configuration { session.configuration }

    /// Whether the endpoint has given a valid reply, be it a refusal. From then on faults are taken
    /// for passing ones.
    package var hasAnswered: Bool { session.hasAnswered }

    /// Work begins: everything has been looked at, and from now on a fault of an operation that was
    /// never asked for before is taken for a passing one, too.
    package func faultsPass() { session.faultsPass() }

    /// The access key in use.
    package var accessKeyID: String { session.credentials.value.accessKeyID }

    /// Replaces the credentials that `error` calls expired; requests that follow are signed with
    /// the new ones. Does nothing when they have been replaced since; several calls at a time fetch
    /// once.
    ///
    /// Somebody else may renew them, as a script that signs on does: where their source can have
    /// others, it is asked again and again until ``Configuration/giveUpAfter``, once the endpoint
    /// has answered well. Throws when there are none by then.
    package func renewCredentials(after error: AWSError) async throws(ConfigurationError) {
        try await session.renewCredentials(after: error)
    }

    /// Makes one attempt at `operation`.
    ///
    /// It signs on the caller's thread, with the credentials and the corrected clock of this
    /// moment. `body` and `reply` belong to the request until `completion` is called, once, on
    /// `queue`, where the reply is also checked and inflated. A reply longer than `replyBytesMax`
    /// is read to its end but not kept.
    ///
    /// A request that is not `repeatable` gets a connection of its own, since libcurl repeats one
    /// by itself when a kept connection turns out to be closed.
    package func send(
        _ operation: Operation, body: ByteBuffer, reply: ByteBuffer, replyBytesMax: Int,
        on queue: DispatchQueue, repeatable: Bool = true,
        completion: @escaping @Sendable (Result<Reply, AWSError>) -> Void
    ) {
        let limit = hasAnswered ? engine.configuration.totalTimeout : configuration.firstReplyWithin
        send(
            operation, body: body, reply: reply, replyBytesMax: replyBytesMax, on: queue,
            repeatable: repeatable, within: limit, completion: completion)
    }

    func send(
        _ operation: Operation, body: ByteBuffer, reply: ByteBuffer, replyBytesMax: Int,
        on queue: DispatchQueue, repeatable: Bool, within limit: Duration,
        completion: @escaping @Sendable (Result<Reply, AWSError>) -> Void
    ) {
        var stamp = session.stamp()
        let (kept, known) = state.withLock { state in
            (
                state.takeExchange(for: operation),
                state.template(for: operation, on: stamp.now.day, generation: stamp.generation)
            )
        }
        let template = known ?? makeTemplate(operation, &stamp)
        let exchange = kept ?? makeExchange(operation)
        exchange.sign(body, with: template, at: stamp.now)
        exchange.easy.setTimeout(min(limit, engine.configuration.totalTimeout))
        exchange.easy.setFreshConnection(!repeatable)
        exchange.prepare(
            body: body, reply: reply, replyBytesMax: replyBytesMax, queue: queue
        ) { [self, stamp] exchange in
            let result = judge(exchange, operation, stamp)
            exchange.finish()
            state.withLock { $0.keep(exchange, for: operation) }
            completion(result)
        }
        engine.submit(exchange)
    }

    private func makeExchange(_ operation: Operation) -> HTTPExchange {
        engine.makeExchange(
            url: address.url + "/", replies: operation.replies, direct: bypassesProxy)
    }

    /// With the credentials of this moment, which `stamp` is to name.
    private func makeTemplate(
        _ operation: Operation, _ stamp: inout Session.Stamp
    ) -> SigningTemplate {
        let (credentials, generation) = session.credentials
        stamp.generation = generation
        let subject = SigningTemplate.Subject(
            host: address.host, region: endpoint.region, service: endpoint.service,
            target: operation.target,
            acceptEncoding: configuration.acceptsGzip ? "gzip" : "identity")
        let template = SigningTemplate(subject, credentials: credentials, day: stamp.now.day)
        state.withLock { $0.keep(template, for: operation, generation: generation) }
        return template
    }

    private func judge(
        _ exchange: HTTPExchange, _ operation: Operation, _ stamp: Session.Stamp
    ) -> Result<Reply, AWSError> {
        let latency = time.now - stamp.at
        let past = session.past(of: operation)
        let judgement = ReplyJudge(
            operation: operation, hasAnswered: past.hasAnswered,
            operationHasAnswered: past.operationHasAnswered)
        let result = judgement.judge(exchange, latency: latency)
        session.note(result, of: operation)
        return result.mapError { session.corrected($0, exchange, stamp, latency: latency) }
    }
}
