import Glibc

/// Where drivers get the time from. The real one is ``MonotonicTime``; tests bring their own.
package protocol TimeSource: Sendable {
    /// The monotonic clock: it never runs backwards and is not set by anyone.
    var now: Instant { get }
    /// Seconds since 1970-01-01 UTC, which may jump when the clock is set.
    var secondsSinceEpoch: Double { get }
}

/// The machine's clocks. The corresponding C function is `clock_gettime`.
package struct MonotonicTime: TimeSource {
    package init() {}

    package var now: Instant {
        let time = read(CLOCK_MONOTONIC)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    package var secondsSinceEpoch: Double {
        let time = read(CLOCK_REALTIME)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        let status = clock_gettime(clock, &time)
        precondition(status == 0, "clock_gettime refused clock \(clock)")
        return time
    }
}
