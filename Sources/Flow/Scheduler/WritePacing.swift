import Pacing

/// Meters write units of the target: one bucket for the table and one for each global index, each
/// charged at an estimate when a batch is sent and settled by what the reply reports.
package struct WritePacing: Sendable {
    /// Write units of one batch, by bucket: the table first.
    package typealias Estimate = [Double]
    /// What a batch in flight was charged, by bucket; nil where there was no limit.
    package typealias Charge = [TokenBucket.Reservation?]

    private struct Meter {
        var bucket: TokenBucket?
        /// What an item's own write units come to in this bucket, learnt from replies: local
        /// indexes make it more than 1, a sparse index less.
        var unitsPerUnit = 1.0
        var consumed: RateWindow
    }

    private static let learningRate = 0.1
    private static let unitsPerUnitMax = 100.0

    private var meters: [Meter]
    /// What all flows may write together: it bounds how much one batch may cost.
    private var shared: Double?
    package private(set) var pace: AdaptivePace

    package init(_ limits: WriteLimits, at now: Instant) {
        pace = AdaptivePace(ceiling: limits.table, at: now)
        shared = limits.shared
        meters = limits.all.map { limit in
            Meter(
                bucket: limit.map { TokenBucket(rate: $0, at: now) },
                consumed: RateWindow(at: now))
        }
    }

    package mutating func setLimits(_ limits: WriteLimits, at now: Instant) {
        pace.setCeiling(limits.table, at: now)
        shared = limits.shared
        for (index, limit) in limits.indexes.enumerated() where index + 1 < meters.count {
            setRate(limit.unitsPerSecond, of: index + 1, at: now)
        }
        setRate(pace.pace, of: 0, at: now)
    }

    private mutating func setRate(_ rate: Double?, of index: Int, at now: Instant) {
        guard let rate else {
            meters[index].bucket = nil
            return
        }
        if meters[index].bucket == nil {
            meters[index].bucket = TokenBucket(rate: rate, at: now)
        } else if meters[index].bucket?.rate != rate {
            meters[index].bucket?.setRate(rate, at: now)
        }
    }

    /// Units a second that the table is held to; nil when nothing holds it.
    var tableRate: Double? { meters[0].bucket?.rate }

    /// Write units that one batch may cost, so that it is a two-hundredth of a 10 s window at most:
    /// half of what may be saved up, so that there is room for what comes back unused.
    var batchUnitsMax: Double {
        var most = Double.infinity
        for meter in meters {
            guard let bucket = meter.bucket else { continue }
            most = min(most, bucket.burst / 2 / max(meter.unitsPerUnit, 0.01))
        }
        if let shared {
            let unitsPerUnit = meters.reduce(0) { $0 + $1.unitsPerUnit }
            most = min(most, shared * TokenBucket.burstSeconds / 2 / max(unitsPerUnit, 0.01))
        }
        return most
    }

    /// - Parameter units: write units of the items alone, as the service rounds them.
    package func estimate(units: Int) -> Estimate {
        meters.map { Double(units) * $0.unitsPerUnit }
    }

    /// When a batch of this estimate may be sent: `now` or later.
    package func readyAt(_ estimate: Estimate, now: Instant) -> Instant {
        var ready = now
        for (meter, units) in zip(meters, estimate) {
            guard let bucket = meter.bucket else { continue }
            ready = max(ready, bucket.readyAt(units, now: now))
        }
        return ready
    }

    package mutating func take(_ estimate: Estimate, at now: Instant) -> Charge {
        estimate.enumerated().map { meters[$0].bucket?.take($1, at: now) }
    }

    /// - Parameters:
    ///   - units: units of the items that were written.
    ///   - reported: what the reply says, by bucket, and what no bucket is for; nil where nothing
    ///     is reported.
    package mutating func settle(
        _ charge: Charge, units: Int, reported: [Double]?, at now: Instant
    ) -> Double {
        for index in meters.indices {
            let expected = Double(units) * meters[index].unitsPerUnit
            let consumed = reported.map { index < $0.count ? $0[index] : 0 } ?? expected
            settle(charge, of: index, consumed: consumed, at: now)
            meters[index].consumed.add(consumed, at: now)
            if units > 0, reported != nil {
                let ratio = min(consumed / Double(units), Self.unitsPerUnitMax)
                let learnt = meters[index].unitsPerUnit
                meters[index].unitsPerUnit += (ratio - learnt) * Self.learningRate
            }
        }
        return reported?.reduce(0, +) ?? Double(units)
    }

    /// While throttling is what sets the table's pace, the pace is of what is sent: what is refused
    /// is not given back, or a target that is full would be asked all the faster.
    private mutating func settle(
        _ charge: Charge, of index: Int, consumed: Double, at now: Instant
    ) {
        guard let reservation = charge[index] else { return }
        let isPaced = index == 0 && pace.isThrottled
        meters[index].bucket?.settle(
            reservation, consumed: isPaced ? max(consumed, reservation.estimate) : consumed,
            at: now)
    }

    /// A batch that was rejected as a whole consumed nothing; of one whose outcome is unknown the
    /// estimate stands.
    package mutating func settleFailed(_ charge: Charge, isOutcomeUnknown: Bool, at now: Instant) {
        for index in charge.indices {
            let consumed = isOutcomeUnknown ? charge[index]?.estimate ?? 0 : 0
            settle(charge, of: index, consumed: consumed, at: now)
        }
    }

    /// Takes in how a batch fared; see
    /// `AdaptivePace/observed(items:refused:units:roundTrip:at:)`.
    package mutating func observed(
        items: Int, refused: Int, units: Double, roundTrip: Duration, at now: Instant
    ) -> AdaptivePace.Verdict? {
        let verdict = pace.observed(
            items: items, refused: refused, units: units, roundTrip: roundTrip, at: now)
        if verdict != nil { setRate(pace.pace, of: 0, at: now) }
        return verdict
    }

    package mutating func timePassed(at now: Instant) {
        pace.timePassed(at: now)
        setRate(pace.pace, of: 0, at: now)
    }

    /// Write units a second over the last second, of the bucket that is closest to its limit.
    package mutating func consumedPerSecond(at now: Instant) -> (units: Double, limit: Double?) {
        var busiest = (units: meters[0].consumed.perSecond(at: now), limit: meters[0].bucket?.rate)
        for index in meters.indices.dropFirst() {
            guard let limit = meters[index].bucket?.rate else { continue }
            let units = meters[index].consumed.perSecond(at: now)
            if let most = busiest.limit, units / limit > busiest.units / most {
                busiest = (units, limit)
            }
        }
        return busiest
    }
}
