import Pacing

/// How long faults are waited out without any progress. Time in which nothing failed, as when the
/// process was suspended, is no lack of progress.
package struct Patience: Sendable {
    package let giveUpAfter: Duration
    private var last: CopyFailure?
    private var since = Instant.zero

    /// An operation that was never answered is waited for like an endpoint that never was.
    private static let lackingPatience = Duration.seconds(4)

    package init(giveUpAfter: Duration) {
        self.giveUpAfter = giveUpAfter
    }

    package mutating func progressed() { last = nil }

    package mutating func failed(_ failure: CopyFailure, at now: Instant) {
        if last == nil { since = now }
        last = failure
    }

    /// What to end with, once it has lasted too long.
    package func failure(at now: Instant) -> CopyFailure? {
        guard var failure = last else { return nil }
        let waited = min(failure.lacksOperation ? Self.lackingPatience : giveUpAfter, giveUpAfter)
        guard now - since >= waited else { return nil }
        failure.message =
            "no progress for \(Int(waited.inSeconds)) s; the last failure was: " + failure.message
        failure.hint = failure.hint ?? "--give-up-after waits longer"
        return failure
    }
}
