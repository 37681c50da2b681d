import Pacing
import System

/// How long faults are waited out without any progress. Time in which nothing failed, as when the
/// process was suspended, is no lack of progress.
package struct Patience: Sendable {
    package let giveUpAfter: Duration
    private var last: CopyFailure?
    private var since = Instant.zero
    /// When the replies began that were whole and made no sense, and nothing else has failed since.
    private var absurdSince: Instant?

    /// An operation that was never answered is waited for like an endpoint that never was, and so
    /// is one whose answers make no sense: asked again, a server says mostly the same.
    private static let shortPatience = Duration.seconds(4)

    package init(giveUpAfter: Duration) {
        self.giveUpAfter = giveUpAfter
    }

    package mutating func progressed() {
        last = nil
        absurdSince = nil
    }

    package mutating func failed(_ failure: CopyFailure, at now: Instant) {
        if last == nil { since = now }
        last = failure
        absurdSince = failure.isAbsurd ? absurdSince ?? now : nil
    }

    /// What to end with, once it has lasted too long.
    package func failure(at now: Instant) -> CopyFailure? {
        guard var failure = last else { return nil }
        let isShort = failure.lacksOperation || absurdSince != nil
        let waited = min(isShort ? Self.shortPatience : giveUpAfter, giveUpAfter)
        guard now - (absurdSince ?? since) >= waited else { return nil }
        failure.message =
            "no progress for \(Int(clamping: waited.inSeconds)) s; the last failure was: "
            + failure.message
        let advice =
            failure.isAbsurd
            ? "what answers there is no DynamoDB, or has a fault" : "--give-up-after waits longer"
        failure.hint = failure.hint ?? advice
        return failure
    }
}
