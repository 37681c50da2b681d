import Pacing
import System

/// What the token bucket takes for a request: it is asked when, charged, and settled.
enum Metering {
    private static let requests = 1_000_000
    private static let rate = 10_000.0
    private static let estimate = 25.0

    static func measure() -> Measurement {
        var isSane = true
        let least = ThreadCPU.least {
            var now = Instant.zero
            var bucket = TokenBucket(rate: rate, at: now)
            let taken = ThreadCPU.nanoseconds {
                for _ in 0..<requests {
                    now = bucket.readyAt(estimate, now: now)
                    let taken = bucket.take(estimate, at: now)
                    bucket.settle(taken, consumed: estimate, at: now)
                }
            }
            // All that was released fills the time that it was released in.
            let expected = Double(requests) * estimate / rate
            isSane = isSane && abs((now - .zero).inSeconds / expected - 1) < 0.001
            return taken
        }
        return Measurement(
            name: "meter a request by the token bucket", value: least / Double(requests),
            unit: "ns", isSane: isSane)
    }
}
