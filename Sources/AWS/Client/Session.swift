import Dispatch
import Pacing
import Synchronization
import System

/// What the requests of one client have in common, whatever they ask for: credentials and their
/// renewal, the server's clock, and what has been answered so far.
///
/// ``Client`` sends by it to services that speak JSON, ``RESTClient`` to those that speak plain
/// HTTP. How faults are waited out stands in ``repeating(_:repeatable:patience:_:)``, how
/// credentials are renewed in ``renewCredentials(after:)``.
///
/// All methods may be called from any thread.
final class Session: Sendable {
    /// What a request is signed with, which other requests may change before it is answered.
    struct Stamp {
        /// By the server's clock, as far as it is known.
        var now: UTCTime
        /// Of the credentials.
        var generation: Int
        var clockOffset: Int
        var at: Instant
    }

    /// Where requests go, for people.
    let place: String
    let configuration: Client.Configuration
    let time: any TimeSource
    let provider: any CredentialProvider
    let state: Locked<SessionState>
    let onWait: Client.WaitObserver?
    private let onFailure: Client.FailureObserver?
    /// Where control-plane replies are read.
    let callQueue = DispatchQueue(label: "aws.calls")
    /// One bit for each operation that has had a valid reply; ``anyAnswer`` for a reply of all.
    private let answered = Atomic<UInt64>(0)
    /// Seconds that the server's clock is ahead of ours.
    private let clockOffset = Atomic<Int>(0)
    /// See ``faultsPass()``.
    private let passing = Atomic<Bool>(false)
    /// Counts the credentials there have been, and when their source is to be asked for newer ones,
    /// in seconds since 1970: beside the lock, since each request reads them.
    let generation = Atomic<Int>(0)
    let nextLook: Atomic<Int>

    private static let anyAnswer: UInt64 = 1 << 63

    /// Fetches the first credentials; throws when there are none. Nothing is sent yet.
    init(
        _ place: String, _ provider: any CredentialProvider, _ configuration: Client.Configuration,
        time: any TimeSource, seed: UInt64, onWait: Client.WaitObserver?,
        onFailure: Client.FailureObserver?
    ) async throws(ConfigurationError) {
        self.place = place
        self.provider = provider
        self.configuration = configuration
        self.time = time
        self.onWait = onWait
        self.onFailure = onFailure
        let credentials = try await provider.credentials()
        let now = UTCTime(secondsSinceEpoch: time.secondsSinceEpoch)
        nextLook = Atomic(SessionState.firstLook(at: credentials, now))
        state = Locked(SessionState(credentials: credentials, seed: seed))
    }

    // MARK: what has been answered

    /// Whether the endpoint has given a valid reply, be it a refusal. From then on faults are taken
    /// for passing ones.
    var hasAnswered: Bool { answered.load(ordering: .relaxed) != 0 }

    /// Whether any operation has been answered as asked.
    var hasSucceeded: Bool {
        answered.load(ordering: .relaxed) & ~Self.anyAnswer != 0
    }

    /// Whether anything was answered, and whether this operation was.
    func past(of operation: Operation) -> (hasAnswered: Bool, operationHasAnswered: Bool) {
        let mask = answered.load(ordering: .relaxed)
        return (mask != 0, mask & 1 << UInt64(operation.number) != 0)
    }

    /// Whether faults of `operation` may be waited out: it has been answered as asked, or work has
    /// begun and the endpoint has answered something.
    func mayWaitOut(_ operation: Operation) -> Bool {
        let past = past(of: operation)
        return passing.load(ordering: .relaxed) ? past.hasAnswered : past.operationHasAnswered
    }

    /// See ``Client/faultsPass()``.
    func faultsPass() { passing.store(true, ordering: .relaxed) }

    /// Notes what a result says about the endpoint. A code of the service's own, whichever it is,
    /// comes from something that speaks its protocol.
    func note<Value>(_ result: Result<Value, AWSError>, of operation: Operation) {
        switch result {
        case .success: note(1 << UInt64(operation.number) | Self.anyAnswer)
        case .failure(let error) where error.isFromService: note(Self.anyAnswer)
        case .failure: break
        }
    }

    private func note(_ bits: UInt64) {
        if answered.load(ordering: .relaxed) & bits != bits {
            answered.bitwiseOr(bits, ordering: .relaxed)
        }
    }

    // MARK: signing

    /// For a request that is about to be signed. Looks for newer credentials when it is time.
    func stamp() -> Stamp {
        let offset = clockOffset.load(ordering: .relaxed)
        let now = UTCTime(secondsSinceEpoch: Int(clamping: time.secondsSinceEpoch) + offset)
        if now.secondsSinceEpoch >= nextLook.load(ordering: .relaxed) {
            lookForCredentials(at: now)
        }
        return Stamp(
            now: now, generation: generation.load(ordering: .relaxed), clockOffset: offset,
            at: time.now)
    }

    /// The credentials in use, and which of the session's they are.
    var credentials: (value: Credentials, generation: Int) {
        state.withLock { ($0.credentials, generation.load(ordering: .relaxed)) }
    }

    /// Some refusals the same request would not get, signed anew: when our clock is put right, by
    /// the reply's date; when it was signed long before it arrived, as by a process that was
    /// stopped in between; and when its credentials have been replaced since.
    ///
    /// Tells the observer of failures.
    func corrected(
        _ error: AWSError, _ exchange: HTTPExchange, _ stamp: Stamp, latency: Duration
    ) -> AWSError {
        var error = error
        error.credentialsGeneration = stamp.generation
        let isAboutLast = exchange.sendings == 1 && error.localCode != .connectionFailed
        if exchange.sendings > 0, !isAboutLast { error.isOutcomeUnknown = true }
        if error.isAboutClock, mayPass(exchange.serverTime, stamp) { error.remedy = .retry }
        if error.isAboutCredentials {
            // A key that was good here may have been replaced where it comes from.
            if hasSucceeded { error.remedy = .renewCredentials }
            if generation.load(ordering: .relaxed) != stamp.generation { error.remedy = .retry }
        }
        onFailure?(error, latency)
        return error
    }

    /// Whether a request that was refused for the time of its signature may do better now.
    private func mayPass(_ serverTime: UTCTime?, _ stamp: Stamp) -> Bool {
        if let serverTime {
            let offset = serverTime.secondsSinceEpoch - Int(clamping: time.secondsSinceEpoch)
            // AWS allows five minutes; less than half of one is not what it complained about.
            if abs(offset - stamp.clockOffset) >= 30 {
                clockOffset.store(offset, ordering: .relaxed)
                return true
            }
        }
        return state.withLock { $0.maySignAnew(whatWasSignedAt: stamp.at, now: time.now) }
    }
}

extension AWSError {
    var isFromService: Bool {
        status != nil && localCode == nil && !code.hasPrefix("HTTP ")
    }

    /// The service does not take the credentials, which others may be.
    fileprivate var isAboutCredentials: Bool {
        remedy == .renewCredentials
            || [
                "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId",
                "InvalidToken",
            ].contains(code)
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
