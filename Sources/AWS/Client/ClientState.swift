import Pacing
import System

/// What the requests of a ``Client`` share and change, behind its lock.
struct ClientState {
    private(set) var credentials: Credentials
    /// Counts the credentials there have been.
    private(set) var generation = 0
    /// The fetch of new ones that is under way.
    var renewal: Task<Result<Void, ConfigurationError>, Never>?
    var generator: SeededGenerator
    /// By operation; nil until first used, and after day or credentials have changed.
    private var templates: [SigningTemplate?]
    /// Idle, by operation. The last one used goes out first: its memory is warm.
    private var exchanges: [[HTTPExchange]]

    /// When their source is to be asked for newer ones, in seconds since 1970.
    private var nextLook: Int
    private static let secondsBetweenLooks = 10

    init(credentials: Credentials, at now: UTCTime, seed: UInt64) {
        self.credentials = credentials
        nextLook = Self.firstLook(at: credentials, now)
        generator = SeededGenerator(seed: seed)
        templates = Array(repeating: nil, count: Operation.countMax)
        exchanges = Array(repeating: [], count: Operation.countMax)
    }

    /// False when they are those in use already.
    mutating func replaceCredentials(with fresh: Credentials, at now: UTCTime) -> Bool {
        guard fresh != credentials else { return false }
        credentials = fresh
        nextLook = Self.firstLook(at: fresh, now)
        generation += 1
        for index in templates.indices { templates[index] = nil }
        return true
    }

    /// Whether it is time to ask for newer credentials: then the caller does, and others don't for
    /// a while.
    mutating func takesLook(at now: UTCTime) -> Bool {
        guard now.secondsSinceEpoch >= nextLook else { return false }
        nextLook = now.secondsSinceEpoch + Self.secondsBetweenLooks
        return true
    }

    private static func firstLook(at credentials: Credentials, _ now: UTCTime) -> Int {
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

    mutating func takeExchange(for operation: Operation) -> HTTPExchange? {
        exchanges[operation.number].popLast()
    }

    mutating func keep(_ exchange: HTTPExchange, for operation: Operation) {
        exchanges[operation.number].append(exchange)
    }

    mutating func template(
        for operation: Operation, on day: Int, subject: (Operation) -> SigningTemplate.Subject
    ) -> SigningTemplate {
        if let template = templates[operation.number], template.day == day { return template }
        let template = SigningTemplate(subject(operation), credentials: credentials, day: day)
        templates[operation.number] = template
        return template
    }
}
