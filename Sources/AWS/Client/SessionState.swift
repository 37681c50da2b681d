import Pacing
import System

/// What the requests of a ``Session`` share and change, behind its lock.
struct SessionState {
    private(set) var credentials: Credentials
    /// The fetch of new ones that is under way.
    var renewal: Task<Result<Void, ConfigurationError>, Never>?
    var generator: SeededGenerator

    init(credentials: Credentials, seed: UInt64) {
        self.credentials = credentials
        generator = SeededGenerator(seed: seed)
    }

    /// False when they are those in use already.
    mutating func replaceCredentials(with fresh: Credentials) -> Bool {
        guard fresh != credentials else { return false }
        credentials = fresh
        return true
    }

    /// When the source of `credentials` is first asked for newer ones, in seconds since 1970.
    static func firstLook(at credentials: Credentials, _ now: UTCTime) -> Int {
        credentials.expiration.map { RenewalSchedule(expiration: $0, fetchedAt: now).ahead } ?? .max
    }

    /// Refusals in a row for the time of the signature, as rounds: requests that were signed
    /// before one of them was answered belong to the same.
    private var clockRefusals = (rounds: 0, last: Instant.zero)
    private static let clockRoundsMax = 5
    /// A round that comes so much later has nothing to do with those before.
    private static let clockRoundsApart = Duration.seconds(60)

    /// Whether a request that was refused for the time of its signature may be signed anew: often
    /// enough for one that was held up, and not without end where clocks disagree for good.
    mutating func maySignAnew(whatWasSignedAt signed: Instant, now: Instant) -> Bool {
        if now - clockRefusals.last > Self.clockRoundsApart { clockRefusals.rounds = 0 }
        if clockRefusals.rounds == 0 || signed >= clockRefusals.last {
            clockRefusals = (clockRefusals.rounds + 1, now)
        }
        return clockRefusals.rounds <= Self.clockRoundsMax
    }
}
