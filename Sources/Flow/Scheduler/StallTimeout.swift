import Pacing
import System

/// How long faults are waited out without any progress. Time in which nothing failed, as when the
/// process was suspended, is no lack of progress.
package struct StallTimeout: Sendable {
    package let giveUpAfter: Duration
    private var last: FlowFailure?
    private var since = Instant.zero
    /// Since when nothing has failed but in ways that are likely to stay.
    private var stayingSince: Instant?

    /// An operation that was never answered is waited for like an endpoint that never was, and so
    /// is one whose answers make no sense: asked again, a server says mostly the same.
    private static let shortPatience = Duration.seconds(4)

    package init(giveUpAfter: Duration) {
        self.giveUpAfter = giveUpAfter
    }

    package mutating func progressed() {
        last = nil
        stayingSince = nil
    }

    package mutating func failed(_ failure: FlowFailure, at now: Instant) {
        if last == nil { since = now }
        last = failure
        stayingSince = failure.isLikelyToStay ? stayingSince ?? now : nil
    }

    /// What to end with, once it has lasted too long.
    package func failure(at now: Instant) -> FlowFailure? {
        guard var failure = last else { return nil }
        let waited = stayingSince == nil ? giveUpAfter : min(Self.shortPatience, giveUpAfter)
        guard now - (stayingSince ?? since) >= waited else { return nil }
        failure.message =
            "no progress for \(Int(clamping: waited.inSeconds)) s; the last failure was: "
            + failure.message
        failure.hint = failure.hint ?? "--give-up-after waits longer"
        return failure
    }
}
