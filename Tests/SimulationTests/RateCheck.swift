import Pacing
import System

/// Holds what one bucket of the target consumes against what its limit promises: requests sent in
/// any window of `t` seconds consume at most `max(burst, last estimate) + rate × t`, and what
/// estimates of requests in flight may be too low by. Where the rate was changed in the window, the
/// burst is that of its start, to which an estimate may add what it exceeds the new burst by. A
/// target that throttles has its rate cut below the limit, to whatever it accepted: there the new
/// burst may be next to nothing, and one estimate comes on top of the old one.
///
/// Kept as a level that drains at the rate and rises by each request's units at the instant it is
/// sent: it exceeds that sum for some window that ends now exactly when some window breaks the
/// promise, so no window is looked at by itself.
struct RateCheck {
    /// The rate may be cut below the limit.
    let isAdaptive: Bool
    private var rate: Double?
    private var level = 0.0
    private var drained = Instant.zero
    /// The largest since the level was last at zero: no window that matters began before.
    private var burst = 0.0

    /// Units that rounding to whole nanoseconds may come to.
    private static let rounding = 0.01

    init(isAdaptive: Bool) { self.isAdaptive = isAdaptive }

    mutating func setRate(_ rate: Double?, at now: Instant) {
        drain(at: now)
        // A new bucket knows nothing of what was sent before it.
        if self.rate == nil || rate == nil { level = 0 }
        self.rate = rate
        burst = max(level > 0 ? burst : 0, (rate ?? 0) * TokenBucket.burstSeconds)
    }

    /// Takes in a request that is sent now.
    /// - Parameters:
    ///   - estimateMax: units that it was charged at most when it was sent.
    ///   - uncertain: units by which requests in flight, this one included, may have been charged
    ///     too little.
    /// - Returns: what is wrong; nil when the promise is kept.
    mutating func sent(
        _ units: Double, estimateMax: Double, uncertain: Double, at now: Instant
    ) -> String? {
        guard let rate else { return nil }
        drain(at: now)
        let burstNow = rate * TokenBucket.burstSeconds
        if level == 0 { burst = burstNow }
        level += units
        let beyondBurst = isAdaptive ? estimateMax : max(0, estimateMax - burstNow)
        let allowed = burst + beyondBurst + uncertain + Self.rounding
        guard level > allowed else { return nil }
        return "\(level) units are ahead of a limit of \(rate) a second, which allows \(allowed)"
    }

    private mutating func drain(at now: Instant) {
        level = max(0, level - (rate ?? 0) * (now - drained).inSeconds)
        drained = now
    }
}
