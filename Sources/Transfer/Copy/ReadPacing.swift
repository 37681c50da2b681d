import Pacing

/// Meters read units of the source, and spares it when it throttles.
///
/// A throttled Scan sets the pace to half of what was read over the last second, at most once a
/// second and never below one smallest page a second. The pace then grows by 5 % a second, up to
/// where it started when the start was a limit.
struct ReadPacing: Sendable {
    private var bucket: TokenBucket?
    private var consumed: RateWindow
    private var limit: Double?
    private var lastCut: Instant?
    private var grown: Instant

    private static let growthPerSecond = 1.05
    /// A page of one item of up to 4 KB, eventually consistent.
    private static let paceMin = 0.5

    init(_ limit: ReadLimit, at now: Instant) {
        self.limit = limit.unitsPerSecond
        bucket = limit.unitsPerSecond.map { TokenBucket(rate: $0, at: now) }
        consumed = RateWindow(at: now)
        grown = now
    }

    mutating func setLimit(_ limit: ReadLimit, at now: Instant) {
        guard limit.unitsPerSecond != self.limit else { return }
        self.limit = limit.unitsPerSecond
        lastCut = nil
        setRate(limit.unitsPerSecond, at: now)
    }

    private mutating func setRate(_ rate: Double?, at now: Instant) {
        if let rate, bucket != nil {
            bucket?.setRate(rate, at: now)
        } else {
            bucket = rate.map { TokenBucket(rate: $0, at: now) }
        }
    }

    /// Units a second that reading is held to; nil when nothing holds it.
    var rate: Double? { bucket?.rate }

    /// Whether throttling by the source is what holds it.
    var isThrottled: Bool { lastCut != nil && bucket != nil }

    /// Read units that one page may cost, so that it is a hundredth of a 10 s window at most.
    var pageUnitsMax: Double { bucket?.burst ?? .infinity }

    func readyAt(_ units: Double, now: Instant) -> Instant {
        bucket?.readyAt(units, now: now) ?? now
    }

    mutating func take(_ units: Double, at now: Instant) {
        bucket?.take(units, at: now)
    }

    mutating func settle(estimate: Double, units: Double, at now: Instant) {
        bucket?.settle(estimate: estimate, consumed: units, at: now)
        consumed.add(units, at: now)
    }

    /// A Scan was throttled.
    /// - Returns: the new pace in units a second; nil when it was cut less than a second ago.
    mutating func throttled(at now: Instant) -> Double? {
        if let lastCut, now - lastCut < .seconds(1) { return nil }
        lastCut = now
        grown = now
        let rate = max(consumed.perSecond(at: now) / 2, Self.paceMin)
        setRate(rate, at: now)
        return rate
    }

    /// Lets the pace grow; call it a few times a second.
    mutating func timePassed(at now: Instant) {
        defer { grown = now }
        guard lastCut != nil, let rate = bucket?.rate else { return }
        let next = rate * (1 + (Self.growthPerSecond - 1) * (now - grown).inSeconds)
        if let limit, next >= limit {
            lastCut = nil
            setRate(limit, at: now)
        } else {
            setRate(next, at: now)
        }
    }

    mutating func consumedPerSecond(at now: Instant) -> Double {
        consumed.perSecond(at: now)
    }
}
