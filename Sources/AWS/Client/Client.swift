import Dispatch
import Pacing
import Synchronization
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
        /// wrong address should be told to the user at once.
        package var firstReplyWithin: Duration = .milliseconds(4_500)
        package var backoff = Backoff()
        /// For throttled requests.
        package var throttleBackoff = Backoff(base: .milliseconds(250))

        package init() {}
    }

    /// Is told of each request that failed, on the completion's queue.
    package typealias FailureObserver = @Sendable (AWSError, Duration) -> Void

    package let endpoint: Endpoint
    package let origin: String
    let configuration: Configuration
    package let time: any TimeSource
    let state: Locked<ClientState>
    /// Where control-plane replies are read.
    let callQueue = DispatchQueue(label: "aws.calls")
    private let engine: HTTPEngine
    private let provider: any CredentialProvider
    private let bypassesProxy: Bool
    private let onFailure: FailureObserver?
    /// One bit for each operation that has had a valid reply; ``anyAnswer`` for a reply of all.
    private let answered = Atomic<UInt64>(0)
    /// Seconds that the server's clock is ahead of ours.
    private let clockOffset = Atomic<Int>(0)

    private static let anyAnswer: UInt64 = 1 << 63

    /// Fetches the first credentials; throws when there are none. Nothing is sent yet.
    /// - Parameter bypassesProxy: requests go around any proxy.
    package init(
        _ endpoint: Endpoint, _ provider: any CredentialProvider, bypassesProxy: Bool,
        engine: HTTPEngine, configuration: Configuration = Configuration(),
        time: any TimeSource = MonotonicTime(), seed: UInt64, onFailure: FailureObserver? = nil
    ) async throws(ConfigurationError) {
        self.endpoint = endpoint
        self.provider = provider
        origin = provider.origin
        self.bypassesProxy = bypassesProxy
        self.engine = engine
        self.configuration = configuration
        self.time = time
        self.onFailure = onFailure
        let credentials = try await provider.credentials()
        let now = UTCTime(secondsSinceEpoch: time.secondsSinceEpoch)
        state = Locked(ClientState(credentials: credentials, at: now, seed: seed))
    }

    /// Whether the endpoint has given a valid reply, be it a refusal. From then on faults are taken
    /// for passing ones.
    package var hasAnswered: Bool { answered.load(ordering: .relaxed) != 0 }

    /// The access key in use.
    package var accessKeyID: String { state.withLock { $0.credentials.accessKeyID } }

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
        let offset = clockOffset.load(ordering: .relaxed)
        let now = UTCTime(secondsSinceEpoch: Int(clamping: time.secondsSinceEpoch) + offset)
        let start = time.now
        let (kept, template, generation, isDue) = state.withLock { state in
            (
                state.takeExchange(for: operation),
                state.template(for: operation, on: now.day, subject: subject),
                state.generation, state.takesLook(at: now)
            )
        }
        if isDue { lookForCredentials() }
        let exchange = kept ?? makeExchange(operation)
        exchange.sign(body, with: template, at: now)
        exchange.easy.setTimeout(min(limit, engine.configuration.totalTimeout))
        exchange.easy.setFreshConnection(!repeatable)
        exchange.prepare(body: body, reply: reply, replyBytesMax: replyBytesMax, queue: queue) {
            [self] exchange in
            let latency = time.now - start
            var result = judge(exchange, operation, latency: latency)
            if case .failure(let error) = result {
                let sent = SentWith(generation: generation, clockOffset: offset)
                let corrected = correct(error, exchange, sent)
                onFailure?(corrected, latency)
                result = .failure(corrected)
            }
            exchange.finish()
            state.withLock { $0.keep(exchange, for: operation) }
            completion(result)
        }
        engine.submit(exchange)
    }

    private func makeExchange(_ operation: Operation) -> HTTPExchange {
        engine.makeExchange(
            url: endpoint.url + "/", replies: operation.replies, direct: bypassesProxy)
    }

    private func subject(_ operation: Operation) -> SigningTemplate.Subject {
        .init(
            host: endpoint.host, region: endpoint.region, service: endpoint.service,
            target: operation.target,
            acceptEncoding: configuration.acceptsGzip ? "gzip" : "identity")
    }

    // MARK: judging replies

    private func judge(
        _ exchange: HTTPExchange, _ operation: Operation, latency: Duration
    ) -> Result<Reply, AWSError> {
        let mask = answered.load(ordering: .relaxed)
        let judgement = ReplyJudge(
            operation: operation, hasAnswered: mask != 0,
            operationHasAnswered: mask & 1 << UInt64(operation.number) != 0)
        let result = judgement.judge(exchange, latency: latency)
        switch result {
        case .success: note(1 << UInt64(operation.number) | Self.anyAnswer, mask)
        // A code of the service's own, whichever it is, comes from something that speaks DynamoDB.
        case .failure(let error) where error.isFromService: note(Self.anyAnswer, mask)
        case .failure: break
        }
        return result
    }

    private func note(_ bits: UInt64, _ known: UInt64) {
        if known & bits != bits { answered.bitwiseOr(bits, ordering: .relaxed) }
    }

    /// What a request was signed with, which other requests may have changed since.
    private struct SentWith {
        var generation: Int
        var clockOffset: Int
    }

    /// Two refusals are no fault of the request when what it was signed with has been, or now is,
    /// put right: our clock, by the reply's date, and expired credentials that are renewed already.
    private func correct(
        _ error: AWSError, _ exchange: HTTPExchange, _ sent: SentWith
    ) -> AWSError {
        var error = error
        error.credentialsGeneration = sent.generation
        let isAboutLast = exchange.sendings == 1 && error.localCode != .connectionFailed
        if exchange.sendings > 0, !isAboutLast { error.isOutcomeUnknown = true }
        if error.isAboutClock, let serverTime = exchange.serverTime {
            let offset = serverTime.secondsSinceEpoch - Int(clamping: time.secondsSinceEpoch)
            // AWS allows five minutes; less than half of one is not what it complained about.
            if abs(offset - sent.clockOffset) >= 30 {
                clockOffset.store(offset, ordering: .relaxed)
                error.remedy = .retry
            }
        }
        if error.remedy == .renewCredentials,
            state.withLock({ $0.generation }) != sent.generation
        {
            error.remedy = .retry
        }
        return error
    }

    /// Replaces the credentials that `error` calls expired; requests that follow are signed with
    /// the new ones. Does nothing when they have been replaced since; several calls at a time fetch
    /// once. Throws when their source has none, or still the same: then nothing can be done here.
    package func renewCredentials(after error: AWSError) async throws(ConfigurationError) {
        let renewal = state.withLock { state -> Task<Result<Void, ConfigurationError>, Never>? in
            guard state.generation == error.credentialsGeneration else { return nil }
            if state.renewal == nil { state.renewal = Task { await renewCredentials() } }
            return state.renewal
        }
        try await renewal?.value.get()
    }

    private func renewCredentials() async -> Result<Void, ConfigurationError> {
        provider.forget(state.withLock { $0.credentials })
        let fresh: Credentials
        do {
            fresh = try await provider.credentials()
        } catch {
            state.withLock { $0.renewal = nil }
            return .failure(error)
        }
        let now = UTCTime(secondsSinceEpoch: time.secondsSinceEpoch)
        let isNew = state.withLock { state in
            state.renewal = nil
            return state.replaceCredentials(with: fresh, at: now)
        }
        if isNew { return .success(()) }
        return .failure(
            ConfigurationError(
                .credentials, "the credentials from \(origin) have expired",
                hint: "Renew them there, and run the command again."))
    }

    /// Asks for the credentials that are good now, before those in use end. Nobody waits: a source
    /// that has no newer ones is asked again soon (``ClientState/takesLook(at:)``), and what it
    /// throws will be known when the service refuses the old ones.
    private func lookForCredentials() {
        Task {
            guard let fresh = try? await provider.credentials() else { return }
            let now = UTCTime(secondsSinceEpoch: time.secondsSinceEpoch)
            state.withLock { _ = $0.replaceCredentials(with: fresh, at: now) }
        }
    }
}

extension AWSError {
    fileprivate var isFromService: Bool {
        status != nil && localCode == nil && !code.hasPrefix("HTTP ")
    }

    /// The service's clock and ours disagree (texts as observed; there is no code for it).
    fileprivate var isAboutClock: Bool {
        switch code {
        case "RequestTimeTooSkewed", "RequestExpired": true
        case "InvalidSignatureException", "SignatureDoesNotMatch":
            message.contains("Signature expired") || message.contains("not yet current")
        default: false
        }
    }
}
