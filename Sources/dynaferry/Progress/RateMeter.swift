import Flow
import Pacing
import Status

/// How fast a running total grows, over a window that ends now.
package struct RateMeter: Sendable {
    /// More than this in a window would be no more exact.
    private static let samplesMax = 600
    /// Less than this between first and last sample says nothing yet.
    private static let spanMin = Duration.milliseconds(500)

    package let window: Duration
    private var samples: [(at: Duration, total: Double)] = []

    package init(window: Duration) {
        precondition(window > Self.spanMin, "a window of \(window) is too short to measure in")
        self.window = window
    }

    /// Takes the total at a time since the start, and returns what it has grown by a second; nil
    /// while too little time has passed to say.
    package mutating func rate(total: Double, at now: Duration) -> Double? {
        samples.append((now, total))
        // One sample from before the window stays, so that the window is covered.
        while samples.count > 2, samples[1].at <= now - window || samples.count > Self.samplesMax {
            samples.removeFirst()
        }
        let span = now - samples[0].at
        guard span >= Self.spanMin else { return nil }
        return max(0, total - samples[0].total) / (span / .seconds(1))
    }
}

/// How fast a copy goes, and how long it may take.
package struct ProgressRates: Equatable, Sendable {
    package var items: Double?  // a second, as all but the last
    package var bytes: Double?
    package var readUnits: Double?
    package var targetReadUnits: Double?
    package var writeUnits: Double?
    /// nil while there is too little to go by.
    package var remaining: Duration?
    /// Of a copy's verification: items a second, and how long it may take.
    package var verified: Double?
    package var verificationRemaining: Duration?

    package init() {}
}

/// Turns the snapshots of one run, in order, into rates.
package struct ProgressMeter: Sendable {
    private var items = RateMeter(window: .seconds(5))
    private var bytes = RateMeter(window: .seconds(5))
    private var readUnits = RateMeter(window: .seconds(5))
    private var targetReadUnits = RateMeter(window: .seconds(5))
    private var writeUnits = RateMeter(window: .seconds(5))
    // Long, so that one hiccup does not make the end seem hours away.
    private var fraction = RateMeter(window: .seconds(30))

    private var verification = VerificationMeter()

    package init() {}

    package mutating func rates(_ snapshot: ProgressSnapshot) -> ProgressRates {
        let (now, counters) = (snapshot.status.elapsed, snapshot.progress.counters)
        var rates = ProgressRates()
        rates.items = items.rate(total: Double(snapshot.items), at: now)
        rates.bytes = bytes.rate(total: Double(snapshot.bytes), at: now)
        rates.readUnits = readUnits.rate(total: counters.readUnits, at: now)
        rates.targetReadUnits = targetReadUnits.rate(total: counters.readUnitsElsewhere, at: now)
        rates.writeUnits = writeUnits.rate(total: counters.writeUnits, at: now)
        let done = snapshot.progress.fraction
        let growth = fraction.rate(total: done, at: now)
        // Before that, start-up is most of what was measured.
        let isTelling = snapshot.isUsual && now >= .seconds(3) && snapshot.percent >= 1
        if isTelling, let growth, growth > 0 {
            rates.remaining = Self.remaining(done, growth: growth)
        }
        verification.measure(snapshot.verifying, at: now, into: &rates)
        return rates
    }

    /// How long it takes until all is done, from a fraction that grows by so much a second.
    fileprivate static func remaining(_ fraction: Double, growth: Double) -> Duration {
        // A year is as good as never, and fits a Duration.
        .seconds(min(max(0, 1 - fraction) / growth, 366 * 86_400))
    }
}

/// Measures the verifications of a copy's tables, one after the other.
private struct VerificationMeter: Sendable {
    private var items = RateMeter(window: .seconds(5))
    private var fraction = RateMeter(window: .seconds(30))
    private var last: Int?

    mutating func measure(
        _ target: FlowProgress?, at now: Duration, into rates: inout ProgressRates
    ) {
        // Where it falls back another table's has begun.
        let read = target?.counters.itemsRead
        if let last, read ?? -1 < last { self = Self() }
        last = read
        guard let target, let read else { return }
        rates.verified = items.rate(total: Double(read), at: now)
        guard let growth = fraction.rate(total: target.fraction, at: now), growth > 0,
            target.fraction >= 0.01
        else { return }
        rates.verificationRemaining = ProgressMeter.remaining(target.fraction, growth: growth)
    }
}
