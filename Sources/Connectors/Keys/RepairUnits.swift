import AWS
import DynamoDB
import DynamoModel
import Flow
import Pacing
import System

/// Write units of a repair: what each write takes of the target's limits, and of that over all
/// tables. Any thread may call its methods.
package final class RepairUnits: Sendable {
    /// What a repair is held to.
    package struct Limits: Equatable, Sendable {
        package var write = WriteLimits()
        /// Items that are repaired at a time.
        package var itemsAtOnce = 64

        package init() {}
    }

    /// What a write is expected to cost, and has been charged.
    package struct Charge: Sendable {
        fileprivate let units: Int
        fileprivate let reserved: WritePacing.Charge
        fileprivate let shared: SharedBucket.Grant?
    }

    /// What writes have come to.
    package struct Consumed {
        package var writes = 0
        package var units = 0.0
        package var throttles = 0
        /// Of the last second, and the limit that is closest to it.
        package var unitsPerSecond = 0.0
        package var limit: Double?
    }

    private let share: SharedPart
    private let gate: UnitGate<Int, Charge>
    private let time: any TimeSource
    private let state: Locked<State>

    private struct State {
        var limits: Limits
        var pacing: WritePacing
        var consumed = Consumed()
    }

    /// - Parameter share: is taken of while `limits` have a part that is shared.
    package init(_ limits: Limits, share: SharedPart, time: any TimeSource) {
        self.share = share
        self.time = time
        let state = Locked(
            State(limits: limits, pacing: WritePacing(limits.write, at: time.now)))
        self.state = state
        gate = UnitGate(share) { units in
            state.withLock { state in
                let now = time.now
                state.pacing.timePassed(at: now)
                let estimate = state.pacing.estimate(units: units)
                let wait = state.pacing.readyAt(estimate, now: now) - now
                if wait > .zero { return .time(wait) }
                let isShared = state.limits.write.shared != nil
                return isShared ? .share(estimate.reduce(0, +)) : .nothing
            }
        } charge: { units, grant in
            state.withLock { state in
                let estimate = state.pacing.estimate(units: units)
                return Charge(
                    units: units, reserved: state.pacing.take(estimate, at: time.now),
                    shared: grant)
            }
        }
    }

    package func setLimits(_ limits: Limits) {
        state.withLock { state in
            state.limits = limits
            state.pacing.setLimits(limits.write, at: time.now)
        }
    }

    package var itemsAtOnce: Int { state.withLock { $0.limits.itemsAtOnce } }

    package var consumed: Consumed {
        state.withLock { state in
            var consumed = state.consumed
            (consumed.unitsPerSecond, consumed.limit) = state.pacing.consumedPerSecond(at: time.now)
            return consumed
        }
    }

    // MARK: Before a write

    /// Returns when so many units are there; nil when it is to stop, if it may.
    package func take(_ units: Int, mayStop: Bool) async -> Charge? {
        await gate.pass(units, mayStop: mayStop)
    }

    /// For another attempt: what has been begun is ended.
    package func takeAgain(_ charge: Charge) async -> Charge {
        await gate.pass(charge.units, mayStop: false)!
    }

    package func setPaused(_ paused: Bool) { gate.setPaused(paused) }

    /// Lets nothing more begin.
    package func stop() { gate.stop() }

    package func sent() { state.withLock { $0.consumed.writes += 1 } }

    // MARK: After it

    /// Of a charge that nothing was sent for.
    package func give(back charge: Charge) {
        share.settle(charge.shared, consumed: 0)
        state.withLock {
            $0.pacing.settleFailed(charge.reserved, isOutcomeUnknown: false, at: time.now)
        }
    }

    /// - Parameter consumed: nil when the reply does not say.
    package func settle(_ charge: Charge, _ consumed: ConsumedUnits?, since sent: Instant) {
        let units = state.withLock { state in
            let now = time.now
            let units = state.pacing.settle(
                charge.reserved, units: charge.units,
                reported: consumed?.byMeter(state.limits.write.indexes.map(\.name)),
                at: now)
            state.consumed.units += units
            _ = state.pacing.observed(
                items: 1, refused: 0, units: units, roundTrip: now - sent, at: now)
            return units
        }
        share.settle(charge.shared, consumed: units)
    }

    package func settleFailed(_ charge: Charge, _ failure: FlowFailure, since sent: Instant) {
        share.settle(charge.shared, consumed: failure.isOutcomeUnknown ? nil : 0)
        state.withLock { state in
            let now = time.now
            state.pacing.settleFailed(
                charge.reserved, isOutcomeUnknown: failure.isOutcomeUnknown, at: now)
            guard case .slowDown = failure.remedy else { return }
            state.consumed.throttles += 1
            _ = state.pacing.observed(
                items: 1, refused: 1, units: 0, roundTrip: now - sent, at: now)
        }
    }
}
