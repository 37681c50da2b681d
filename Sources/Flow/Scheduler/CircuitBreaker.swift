import Pacing
import System

/// Whether a side does anything at all. A few failures among answers are met by repeating the
/// requests that failed; failures in a row also hold back new requests, so that a side which is
/// down, or has no capacity left for now, is asked now and then and not by every request there is.
struct CircuitBreaker: Sendable {
    private(set) var failuresInRow = 0
    /// The last failure was a refusal for lack of capacity.
    private(set) var isRefusing = false
    private(set) var pausedUntil: Instant?
    /// When it answered last, or was asked after a lull.
    private var heardOf = Instant.zero

    private static let silence = Duration.seconds(5)

    /// More failures in a row than this are no coincidence.
    private static let failuresTolerated = 24

    var isDown: Bool { failuresInRow > Self.failuresTolerated }

    /// A request was sent while no other was under way.
    mutating func asked(at now: Instant) {
        if failuresInRow == 0 { heardOf = now }
    }

    /// Nothing has come back for so long that its user should know.
    func isSilent(at now: Instant, underWay: Int) -> Bool {
        (underWay > 0 || failuresInRow > 0) && now - heardOf > Self.silence
    }

    mutating func answered(at now: Instant) {
        heardOf = now
        failuresInRow = 0
        pausedUntil = nil
    }

    mutating func failed(
        _ backoff: Backoff, isRefusal: Bool = false, using generator: inout SeededGenerator,
        at now: Instant
    ) {
        isRefusing = isRefusal
        failuresInRow += 1
        guard isDown else { return }
        let attempt = failuresInRow - Self.failuresTolerated
        pausedUntil = now + backoff.delay(attempt: attempt, using: &generator)
    }

    func isPaused(at now: Instant) -> Bool { pausedUntil.map { $0 > now } ?? false }
}
