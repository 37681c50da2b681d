import Pacing
import System

/// The service's date: that of the machine, and what it was advanced by. It never goes back.
///
/// Recovery, exports and the times that descriptions tell go by it. Signatures, the `Date` of
/// replies and S3 go by the machine's own: clients are not to think that their clocks are wrong.
final class ServiceClock: Sendable {
    private let time: any TimeSource
    /// Microseconds: since 1970 when it was last looked at, and ahead of the machine.
    private let state = Locked((last: 0, ahead: 0))

    init(_ time: any TimeSource) { self.time = time }

    /// Since 1970.
    var microseconds: Int {
        let machine = Int(clamping: time.secondsSinceEpoch * 1e6)
        return state.withLock { state in
            state.last = max(state.last, machine + state.ahead)
            return state.last
        }
    }

    var secondsSinceEpoch: Double { Double(microseconds) / 1e6 }

    /// A duration below zero changes nothing. It comes to be ahead by a thousand years at most.
    func advance(by duration: Duration) {
        let more = max(0, Int(duration.inNanoseconds / 1_000))
        state.withLock { state in
            state.ahead = min(Self.aheadMax, state.ahead.addingClamped(more))
        }
    }

    /// Microseconds.
    private static let aheadMax = 365_250 * 86_400 * 1_000_000
}
