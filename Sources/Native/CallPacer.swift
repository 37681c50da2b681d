import Flow
import Pacing
import System

/// Spaces a job's calls to operations of which an account has few a second: exports and imports
/// answer `ThrottlingException` from about ten a second on, refused calls counted.
package final class CallPacer: Sendable {
    private let spacing: Duration
    private let time: any TimeSource
    private let next: Locked<Instant>

    package init(spacing: Duration = .milliseconds(400), time: any TimeSource) {
        self.spacing = spacing
        self.time = time
        next = Locked(time.now)
    }

    /// Waits for the caller's turn.
    package func turn() async {
        let now = time.now
        let turn = next.withLock { next in
            let turn = max(next, now)
            next = turn + spacing
            return turn
        }
        if turn > now { await Pause.lasting(turn - now) }
    }
}
