/// A point on a monotonic clock, in nanoseconds from an arbitrary start.
///
/// Values that decide take one as an argument and never read a clock themselves, so that tests and
/// simulations own time.
package struct Instant: Comparable, Hashable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The start of virtual time.
    package static let zero = Instant(nanoseconds: 0)

    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    package static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }

    package static func + (left: Instant, right: Duration) -> Instant {
        Instant(nanoseconds: left.nanoseconds + right.inNanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds; a duration beyond some 292 years is cut to that.
    package var inNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds as a floating-point number, for rates.
    package var inSeconds: Double { Double(inNanoseconds) / 1e9 }
}
