import System

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
        let (time, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return .nanoseconds(overflow ? (left < right ? .min : .max) : time)
    }

    /// What would lie beyond the clock's range is its end: never.
    package static func + (left: Instant, right: Duration) -> Instant {
        let (time, overflow) = left.nanoseconds.addingReportingOverflow(right.inNanoseconds)
        return Instant(nanoseconds: overflow ? (right < .zero ? .min : .max) : time)
    }
}
