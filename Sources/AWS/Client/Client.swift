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
    package let origin: String
    /// See ``CredentialProvider/identity``.
    package let identity: String
    let configuration: Configuration
    package let time: any TimeSource
    let state: Locked<ClientState>
    /// Where control-plane replies are read.
    let callQueue = DispatchQueue(label: "aws.calls")
    private let engine: HTTPEngine
    private let provider: any CredentialProvider
    private let bypassesProxy: Bool
    private let onFailure: FailureObserver?
    let onWait: WaitObserver?
    /// One bit for each operation that has had a valid reply; ``anyAnswer`` for a reply of all.
    private let answered = Atomic<UInt64>(0)
    /// Seconds that the server's clock is ahead of ours.
    private let clockOffset = Atomic<Int>(0)
    /// See ``faultsPass()``.
    private let passing = Atomic<Bool>(false)

    private static let anyAnswer: UInt64 = 1 << 63

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
        self.provider = provider
        origin = provider.origin
        identity = provider.identity
        self.bypassesProxy = bypassesProxy
        self.engine = engine
        self.configuration = configuration
        self.time = time
        self.onFailure = onFailure
        self.onWait = onWait
        let credentials = try await provider.credentials()
        address = try accountHosts.address(of: endpoint, account: credentials.accountID)
        let now = UTCTime(secondsSinceEpoch: time.secondsSinceEpoch)
        state = Locked(ClientState(credentials: credentials, at: now, seed: seed))
    }

    /// Whether the endpoint has given a valid reply, be it a refusal. From then on faults are taken
    /// for passing ones.
    package var hasAnswered: Bool { answered.load(ordering: .relaxed) != 0 }

    /// Whether any operation has been answered as asked.
    private var hasSucceeded: Bool {
        answered.load(ordering: .relaxed) & ~Self.anyAnswer != 0
    }

    /// Whether faults of `operation` may be waited out: it has been answered as asked, or work has
    /// begun and the endpoint has answered something.
    func mayWaitOut(_ operation: Operation) -> Bool {
        let mask = answered.load(ordering: .relaxed)
        if passing.load(ordering: .relaxed) { return mask != 0 }
        return mask & 1 << UInt64(operation.number) != 0
    }

    /// Work begins: everything has been looked at, and from now on a fault of an operation that was
    /// never asked for before is taken for a passing one, too.
    package func faultsPass() { passing.store(true, ordering: .relaxed) }

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
                let sent = SentWith(generation: generation, clockOffset: offset, at: start)
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
            url: address.url + "/", replies: operation.replies, direct: bypassesProxy)
    }

    private func subject(_ operation: Operation) -> SigningTemplate.Subject {
        .init(
            host: address.host, region: endpoint.region, service: endpoint.service,
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
        var at: Instant
    }

    /// Some refusals the same request would not get, signed anew: when our clock is put right, by
    /// the reply's date; when it was signed long before it arrived, as by a process that was
    /// stopped in between; and when its credentials have been replaced since.
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
        if error.isAboutClock, error.remedy != .retry,
            state.withLock({ $0.maySignAnew(whatWasSignedAt: sent.at, now: time.now) })
        {
            error.remedy = .retry
        }
        if error.isAboutCredentials {
            // A key that was good here may have been replaced where it comes from.
            if hasSucceeded { error.remedy = .renewCredentials }
            if state.withLock({ $0.generation }) != sent.generation { error.remedy = .retry }
        }
        return error
    }

    /// Replaces the credentials that `error` calls expired; requests that follow are signed with
    /// the new ones. Does nothing when they have been replaced since; several calls at a time fetch
    /// once.
    ///
    /// Somebody else may renew them, as a script that signs on does: where their source can have
    /// others, it is asked again and again until ``Configuration/giveUpAfter``, once the endpoint
    /// has answered well. Throws when there are none by then.
    package func renewCredentials(after error: AWSError) async throws(ConfigurationError) {
        let renewal = state.withLock { state -> Task<Result<Void, ConfigurationError>, Never>? in
            guard state.generation == error.credentialsGeneration else { return nil }
            if state.renewal == nil { state.renewal = Task { await renewCredentials() } }
            return state.renewal
        }
        try await renewal?.value.get()
    }

    private func renewCredentials() async -> Result<Void, ConfigurationError> {
        let deadline = time.now + configuration.giveUpAfter
        var hasTold = false
        while true {
            let failure = await fetchOthers()
            let mayWait = provider.mayChange && hasSucceeded && time.now < deadline
            guard failure != nil, mayWait else {
                state.withLock { $0.renewal = nil }
                return failure.map { .failure($0) } ?? .success(())
            }
            if !hasTold {
                let seconds = Int(clamping: configuration.giveUpAfter.inSeconds)
                onWait?(
                    "the credentials from \(origin) have expired: waiting for others, up to"
                        + " \(seconds) s; renew them there")
                hasTold = true
            }
            await wait(configuration.betweenRenewals)
        }
    }

    /// Asks their source for other credentials than those in use.
    /// - Returns: why there are none.
    private func fetchOthers() async -> ConfigurationError? {
        provider.forget(state.withLock { $0.credentials })
        let fresh: Credentials
        do {
            fresh = try await provider.credentials()
        } catch {
            return error
        }
        let now = UTCTime(secondsSinceEpoch: time.secondsSinceEpoch)
        if state.withLock({ $0.replaceCredentials(with: fresh, at: now) }) { return nil }
        return ConfigurationError(
            .credentials, "the credentials from \(origin) have expired",
            hint: "Renew them there, and run the command again.")
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
    var isFromService: Bool {
        status != nil && localCode == nil && !code.hasPrefix("HTTP ")
    }

    /// The service does not take the credentials, which others may be.
    fileprivate var isAboutCredentials: Bool {
        remedy == .renewCredentials
            || ["UnrecognizedClientException", "InvalidClientTokenId"].contains(code)
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
