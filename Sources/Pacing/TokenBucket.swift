/// Meters units per second when a request's cost is known only from its reply.
///
/// A request is *taken* at an estimate when it is sent, and *settled* with what the reply says was
/// consumed. An estimate is released when the balance covers it; one larger than the burst when the
/// bucket is full, leaving a debt that is repaid before anything else is released, so nothing waits
/// forever.
///
/// Invariant: the estimates released in any window of `t` seconds total at most
/// `max(burst, largest estimate) + rate × t`. Consumption exceeds that only by the error of the
/// estimates in flight, which settling turns into debt.
///
/// A value with no clock, lock or thread.
package struct TokenBucket: Sendable {
    /// Units per second.
    package private(set) var rate: Double
    /// Most units that are saved up.
    package private(set) var burst: Double
    private var balance: Double
    private var refilled: Instant

    /// Seconds of the rate that may be saved up.
    package static let burstSeconds = 0.1

    /// A bucket that saves up ``burstSeconds`` and starts empty, so that the first second of a run
    /// is metered like every other.
    package init(rate: Double, at now: Instant) {
        self.init(rate: rate, burst: rate * Self.burstSeconds, balance: 0, at: now)
    }

    package init(rate: Double, burst: Double, balance: Double, at now: Instant) {
        precondition(rate > 0, "rate must be positive, not \(rate)")
        precondition(burst > 0, "burst must be positive, not \(burst)")
        self.rate = rate
        self.burst = burst
        self.balance = min(balance, burst)
        refilled = now
    }

    /// When a request of this estimate may be taken, if nothing else is before: `now` or later.
    package func readyAt(_ estimate: Double, now: Instant) -> Instant {
        precondition(estimate >= 0, "estimate must not be negative, not \(estimate)")
        let missing = min(estimate, burst) - balance(at: now)
        guard missing > burst * 1e-9 else { return now }
        return now + .nanoseconds(Int64((missing / rate * 1e9).rounded(.up)))
    }

    /// Charges a request that is being sent.
    package mutating func take(_ estimate: Double, at now: Instant) {
        precondition(estimate >= 0, "estimate must not be negative, not \(estimate)")
        refill(at: now)
        balance -= estimate
    }

    /// Replaces an estimate that was taken with the units that the reply reports: 0 for a request
    /// that was rejected, the estimate itself for one whose outcome is unknown.
    package mutating func settle(estimate: Double, consumed: Double, at now: Instant) {
        precondition(consumed >= 0, "consumed must not be negative, not \(consumed)")
        refill(at: now)
        balance = min(burst, balance + estimate - consumed)
    }

    /// Goes on at another rate. What has been saved up beyond the new burst is lost; debt stays.
    package mutating func setRate(_ rate: Double, at now: Instant) {
        precondition(rate > 0, "rate must be positive, not \(rate)")
        refill(at: now)
        self.rate = rate
        burst = rate * Self.burstSeconds
        balance = min(balance, burst)
    }

    private func balance(at now: Instant) -> Double {
        precondition(now >= refilled, "time must not run backwards")
        return min(burst, balance + rate * (now - refilled).inSeconds)
    }

    private mutating func refill(at now: Instant) {
        balance = balance(at: now)
        refilled = now
    }
}
