import Pacing

/// Meters read units of the source, and spares it when it throttles.
///
/// A throttled read sets the pace to half of what was read over the last second, at most once a
/// second; the pace then grows by 5 % a second, up to where it started when the start was a limit.
/// A cut that leaves the share of throttled reads as it was is undone (see `AdaptivePace`).
package struct ReadPacing: Sendable {
    private var bucket: TokenBucket?
    private var pace: AdaptivePace
    private var consumed: RateWindow
    /// What all flows may read together: it bounds how much one request may cost.
    private var shared: Double?

    /// A page of one item of up to 4 KB, eventually consistent, a second.
    private static let paceMin = 0.5

    package init(_ limit: ReadLimit, at now: Instant) {
        pace = AdaptivePace(.source, ceiling: limit.unitsPerSecond, at: now)
        consumed = RateWindow(at: now)
        shared = limit.shared
        follow(at: now)
    }

    package mutating func setLimit(_ limit: ReadLimit, at now: Instant) {
        shared = limit.shared
        guard limit.unitsPerSecond != pace.ceiling else { return }
        pace.setCeiling(limit.unitsPerSecond, at: now)
        follow(at: now)
    }

    private mutating func follow(at now: Instant) {
        guard let rate = pace.pace.map({ max($0, Self.paceMin) }) else {
            bucket = nil
            return
        }
        if bucket == nil {
            bucket = TokenBucket(rate: rate, at: now)
        } else if bucket?.rate != rate {
            bucket?.setRate(rate, at: now)
        }
    }

    /// Units a second that reading is held to; nil when nothing holds it.
    package var rate: Double? { bucket?.rate }

    /// Whether throttling by the source is what holds it.
    var isThrottled: Bool { pace.isThrottled }

    /// Stored bytes of a page whose units come within a minute: what is throttled to almost nothing
    /// would else be asked a few times an hour, and seem dead.
    func pageBytesMax(_ shape: PageShape) -> Double {
        let rate = min(bucket?.rate ?? .infinity, shared ?? .infinity)
        return rate * Self.pageSeconds * Double(shape.unitBytes) / shape.unit
    }

    private static let pageSeconds = 60.0

    package func readyAt(_ units: Double, now: Instant) -> Instant {
        bucket?.readyAt(units, now: now) ?? now
    }

    package mutating func take(_ units: Double, at now: Instant) -> TokenBucket.Reservation? {
        bucket?.take(units, at: now)
    }

    /// A page came back, or a read that consumed nothing; nil: it is not known.
    package mutating func settle(
        _ charge: TokenBucket.Reservation?, units: Double?, at now: Instant
    ) {
        if let charge {
            bucket?.settle(charge, consumed: units ?? charge.estimate, at: now)
        }
        consumed.add(units ?? charge?.estimate ?? 0, at: now)
    }

    /// Takes in how a read fared.
    mutating func observed(isThrottled: Bool, units: Double, at now: Instant) {
        let verdict = pace.observed(
            items: 1, refused: isThrottled ? 1 : 0, units: units, roundTrip: .zero, at: now)
        if verdict != nil { follow(at: now) }
    }

    /// Lets the pace grow; call it a few times a second.
    mutating func timePassed(at now: Instant) {
        pace.timePassed(at: now)
        follow(at: now)
    }

    package mutating func consumedPerSecond(at now: Instant) -> Double {
        consumed.perSecond(at: now)
    }
}
