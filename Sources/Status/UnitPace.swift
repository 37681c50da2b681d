import DynamoModel

/// How fast one table or index can consume units, by what its user allows and the service takes.
///
/// On demand it takes at once what it is warm for, and twice that every 30 minutes: 4,000 units a
/// second at first are 8,000 after half an hour, and 16,000 after an hour. Auto scaling of
/// provisioned units is not counted on: it follows minutes later, if at all.
package struct UnitPace: Equatable, Sendable {
    /// Units a second that its user allows; nil for no limit.
    package var limit: Double?
    /// Units a second that are provisioned, or the maximum of one on demand; nil for none.
    package var capacity: Double?
    /// Units a second that one on demand takes at once; nil where units are provisioned.
    package var warm: Double?

    package enum Bound: Equatable, Sendable {
        case limit
        case capacity
        /// The growth of one on demand.
        case growth
    }

    package init(limit: Double? = nil, capacity: Double? = nil, warm: Double? = nil) {
        self.limit = limit
        self.capacity = capacity
        self.warm = warm
    }

    /// Seconds that so many units take at least, units a second at first, and what keeps it from
    /// being faster; nil where nothing is known that does.
    package func time(of units: Double) -> (seconds: Double, rate: Double, bound: Bound)? {
        let ceiling = [limit, capacity].compactMap(\.self).min()
        let isLimited = limit != nil && limit == ceiling
        guard let warm else {
            guard let ceiling, ceiling > 0 else { return nil }
            return (units / ceiling, ceiling, isLimited ? .limit : .capacity)
        }
        let start = max(1, warm)
        let most = min(ceiling ?? .infinity, max(start, Double(ServiceLimits.onDemandUnitsMax)))
        guard most > 0 else { return nil }
        let rate = min(start, most)
        let seconds = Self.seconds(units, from: rate, to: most)
        guard let ceiling, start >= ceiling else { return (seconds, rate, .growth) }
        return (seconds, rate, isLimited ? .limit : .capacity)
    }

    /// The rate doubles until it is `most`.
    private static func seconds(_ units: Double, from start: Double, to most: Double) -> Double {
        let step = Double(ServiceLimits.onDemandDoublingSeconds)
        var (left, rate, seconds) = (units, start, 0.0)
        while rate < most, left > rate * step {
            left -= rate * step
            seconds += step
            rate = min(2 * rate, most)
        }
        return seconds + left / rate
    }
}
