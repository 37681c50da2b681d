import System

/// Meters units per second when a request's cost is known only from its reply.
///
/// A request is *taken* at an estimate when it is sent, and *settled* with what the reply says was
/// consumed. An estimate is released when the balance covers it; one larger than the burst when the
/// bucket is full, leaving a debt that is repaid before anything else is released, so nothing waits
/// forever.
///
/// Invariant: what requests sent in any window of `t` seconds consume totals at most
/// `max(burst, largest estimate) + rate × t`, except for the error of estimates that were too low,
/// which settling turns into debt. What a request did not use is therefore given back only as far
/// as it could have been saved up since: many that come back at once unused, after the target was
/// silent for a while, leave no more than one burst.
///
/// A value with no clock, lock or thread.
package struct TokenBucket: Sendable {
    /// What was taken for a request in flight.
    package struct Reservation: Equatable, Sendable {
        package let estimate: Double
        fileprivate let number: Int64
    }

    private struct Flight {
        let number: Int64
        /// The highest balance since it was taken.
        var peak: Double
    }

    /// Units per second.
    package private(set) var rate: Double
    /// Most units that are saved up.
    package private(set) var burst: Double
    private var balance: Double
    private var refilled: Instant
    /// Requests in flight, in the order in which they were sent.
    private var flights: [Flight] = []
    /// Numbers go on from the instant that a bucket was made, so that none knows another's.
    private var nextNumber: Int64

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
        nextNumber = now.nanoseconds
    }

    /// When a request of this estimate may be taken, if nothing else is before: `now` or later.
    package func readyAt(_ estimate: Double, now: Instant) -> Instant {
        precondition(estimate >= 0, "estimate must not be negative, not \(estimate)")
        let missing = min(estimate, burst) - balance(at: now)
        guard missing > burst * 1e-9 else { return now }
        return now + .nanoseconds(Int64(clamping: (missing / rate * 1e9).rounded(.up)))
    }

    /// Charges a request that is being sent. Each reservation is settled once.
    package mutating func take(_ estimate: Double, at now: Instant) -> Reservation {
        precondition(estimate >= 0, "estimate must not be negative, not \(estimate)")
        refill(at: now)
        balance -= estimate
        nextNumber += 1
        flights.append(Flight(number: nextNumber, peak: balance))
        return Reservation(estimate: estimate, number: nextNumber)
    }

    /// Replaces an estimate that was taken with the units that the reply reports: 0 for a request
    /// that was rejected, the estimate itself for one whose outcome is unknown. A reservation of
    /// another bucket changes nothing.
    package mutating func settle(_ reservation: Reservation, consumed: Double, at now: Instant) {
        precondition(consumed >= 0, "consumed must not be negative, not \(consumed)")
        guard let index = flights.firstIndex(where: { $0.number == reservation.number }) else {
            return
        }
        refill(at: now)
        let peak = flights.remove(at: index).peak
        let unused = reservation.estimate - consumed
        guard unused != 0 else { return }
        // As if the true cost had been known from the start: the balance would have been higher
        // since then, but never above the burst.
        let gain = min(unused, max(0, burst - peak))
        balance += gain
        for later in index..<flights.count { flights[later].peak += gain }
        for earlier in 0..<index { flights[earlier].peak = max(flights[earlier].peak, peak + gain) }
    }

    /// Continues at another rate. What has been saved up beyond the new burst is lost; debt stays.
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
        // Those sent later have seen less: from the first that has seen as much, all have.
        for index in flights.indices.reversed() {
            guard flights[index].peak < balance else { break }
            flights[index].peak = balance
        }
    }
}
