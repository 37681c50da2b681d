import Dispatch
import Flow
import Pacing
import System

/// Where requests of one table's side wait, in the order that they came, until the units of their
/// limits are there: the side's own, and that over all tables. Any thread may call its methods.
package final class UnitGate<Units: Sendable, Charge: Sendable>: @unchecked Sendable {
    // @unchecked: every `var` is touched only on `queue`.

    /// What a request that is the next one waits for.
    package enum Hold {
        case nothing
        /// So many units of the limit over all tables.
        case share(Double)
        case time(Duration)
    }

    private struct Waiting {
        let units: Units
        let mayStop: Bool
        let pass: CheckedContinuation<Charge?, Never>
    }

    private let share: SharedPart
    private let hold: @Sendable (Units) -> Hold
    private let charge: @Sendable (Units, SharedBucket.Grant?) -> Charge
    private let queue = DispatchQueue(label: "verify.units")
    private var waiting: [Waiting] = []
    private var isClaiming = false
    private var isTimed = false
    private var isPaused = false
    private var isStopping = false

    /// Limits may change meanwhile: nobody waits longer than this without a look at them.
    private static var lookEvery: Duration { .milliseconds(200) }

    /// - Parameters:
    ///   - hold: what holds a request back now.
    ///   - charge: takes the units of one that passes; a grant of the shared limit is its, too.
    package init(
        _ share: SharedPart, hold: @escaping @Sendable (Units) -> Hold,
        charge: @escaping @Sendable (Units, SharedBucket.Grant?) -> Charge
    ) {
        self.share = share
        self.hold = hold
        self.charge = charge
    }

    /// Returns what has been charged, once a request of so many units may be sent.
    /// - Returns: nil when it is to stop, if it may.
    package func pass(_ units: Units, mayStop: Bool) async -> Charge? {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                if isStopping, mayStop { return continuation.resume(returning: nil) }
                waiting.append(Waiting(units: units, mayStop: mayStop, pass: continuation))
                pump()
            }
        }
    }

    /// Lets nobody pass, or goes on.
    package func setPaused(_ paused: Bool) {
        queue.async { [self] in
            isPaused = paused
            pump()
        }
    }

    /// Sends away those that may stop, now and from now on.
    package func stop() {
        queue.async { [self] in
            isStopping = true
            for one in waiting where one.mayStop { one.pass.resume(returning: nil) }
            waiting.removeAll(where: \.mayStop)
            pump()
        }
    }

    private var isHeld: Bool { isPaused && !isStopping }

    private func pump() {
        while let next = waiting.first, !isClaiming, !isTimed, !isHeld {
            switch hold(next.units) {
            case .nothing: letPass(nil)
            case .share(let units): claim(units)
            case .time(let duration): look(after: min(duration, Self.lookEvery))
            }
        }
    }

    private func letPass(_ grant: SharedBucket.Grant?) {
        let next = waiting.removeFirst()
        next.pass.resume(returning: charge(next.units, grant))
    }

    private func claim(_ units: Double) {
        isClaiming = true
        share.limit.claim(units, for: share.number) { [self] grant in
            queue.async { [self] in
                isClaiming = false
                if waiting.isEmpty || isHeld {
                    share.settle(grant, consumed: 0)
                } else {
                    letPass(grant)
                }
                pump()
            }
        }
    }

    private func look(after delay: Duration) {
        isTimed = true
        queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay.inNanoseconds))) { [self] in
            isTimed = false
            pump()
        }
    }
}
