import System

/// How long to wait before attempt `n + 1`: exponential with full jitter.
///
/// The delay is uniform in 0...ceiling, ceiling = min(base × 2^n, cap). Full jitter spreads clients
/// that were refused together better than any fixed schedule (AWS Architecture Blog, "Exponential
/// Backoff And Jitter").
///
/// | attempt | ceiling with the defaults |
/// |---|---|
/// | 0 | 25 ms |
/// | 4 | 400 ms |
/// | 10 and more | 20 s |
package struct Backoff: Sendable {
    package var base: Duration
    package var cap: Duration

    package init(base: Duration = .milliseconds(25), cap: Duration = .seconds(20)) {
        precondition(base > .zero && cap >= base, "base \(base) must be in 0<...cap \(cap)")
        self.base = base
        self.cap = cap
    }

    /// The longest wait after `attempt` failures before this one (0 for the first).
    package func ceiling(attempt: Int) -> Duration {
        precondition(attempt >= 0, "attempt must not be negative, not \(attempt)")
        // 2^20 times any base is beyond any cap worth having, and can't overflow.
        return min(cap, base * Int64(1 << min(attempt, 20)))
    }

    /// A wait in 0...ceiling, drawn anew with each call. The generator is of one kind, for other
    /// modules would call a generic one through its witnesses.
    package func delay(attempt: Int, using generator: inout SeededGenerator) -> Duration {
        let ceiling = ceiling(attempt: attempt).inNanoseconds
        return .nanoseconds(Int64.random(in: 0...ceiling, using: &generator))
    }
}
