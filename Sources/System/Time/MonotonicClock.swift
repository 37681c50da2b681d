import Glibc

/// The machine's clocks. The corresponding C function is `clock_gettime`.
package enum MonotonicClock {
    /// Nanoseconds from an arbitrary start, which never run backwards and are not set by anyone.
    package static var nanoseconds: Int64 {
        let time = read(CLOCK_MONOTONIC)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Seconds since 1970-01-01 UTC, which may jump when the clock is set.
    package static var secondsSinceEpoch: Double {
        let time = read(CLOCK_REALTIME)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        let status = clock_gettime(clock, &time)
        precondition(status == 0, "clock_gettime refused clock \(clock)")
        return time
    }
}
