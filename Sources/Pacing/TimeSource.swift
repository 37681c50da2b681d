import System

/// Where drivers get the time from. The real one is ``MonotonicTime``; tests bring their own.
package protocol TimeSource: Sendable {
    /// The monotonic clock: it never runs backwards and is not set by anyone.
    var now: Instant { get }
    /// Seconds since 1970-01-01 UTC, which may jump when the clock is set.
    var secondsSinceEpoch: Double { get }
}

/// The machine's clocks.
package struct MonotonicTime: TimeSource {
    package init() {}

    package var now: Instant { Instant(nanoseconds: MonotonicClock.nanoseconds) }
    package var secondsSinceEpoch: Double { MonotonicClock.secondsSinceEpoch }
}
