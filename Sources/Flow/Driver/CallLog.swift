import Pacing
import Synchronization
import System

/// Calls of a source or a sink that are under way. One that is never answered keeps its memory, and
/// waiting for it would not end: the flow gives up.
struct CallLog {
    /// One call. Any thread may answer it.
    final class Call: Sendable {
        fileprivate let place: Int
        private let isAnswered = Atomic(false)

        fileprivate init(_ place: Int) { self.place = place }

        /// False for a second answer, which is ignored.
        func isFirstAnswer() -> Bool {
            !isAnswered.exchange(true, ordering: .relaxed)
        }
    }

    /// When each began; nil where none is.
    private var began: [Instant?] = []
    private var free: [Int] = []
    private var lookAt = Instant.zero

    private let answerWithin: Duration
    private static let requestMax = Duration.seconds(30 * 60)
    private static let lookEvery = Duration.seconds(5)

    /// - Parameter giveUpAfter: how long credentials may be waited for, as faults are. Longer than
    ///   that, and than any request is let run, nothing takes.
    init(giveUpAfter: Duration) {
        answerWithin = giveUpAfter + Self.requestMax
    }

    mutating func begin(at now: Instant) -> Call {
        if let place = free.popLast() {
            began[place] = now
            return Call(place)
        }
        began.append(now)
        return Call(began.count - 1)
    }

    mutating func end(_ call: Call) {
        began[call.place] = nil
        free.append(call.place)
    }

    /// What to end with when a call has not been answered for too long.
    mutating func failure(at now: Instant) -> FlowFailure? {
        guard now >= lookAt else { return nil }
        lookAt = now + Self.lookEvery
        let oldest = began.lazy.compactMap(\.self).min() ?? now
        guard now - oldest > answerWithin else { return nil }
        let minutes = Int(clamping: answerWithin.inSeconds / 60)
        return FlowFailure(
            .giveUp, code: "NoAnswer",
            message: "a request was not answered in \(minutes.counted("minute"))",
            hint: "the same command goes on; if it happens again, it is a bug in dynaferry")
    }
}
