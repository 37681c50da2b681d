import Pacing
import Testing

@Suite struct TokenBucketTests {
    /// Goal: estimates released in any window of t seconds total at most
    /// max(burst, largest estimate) + rate × t.
    /// Method: greedy senders with random estimates and random idle times, by seed; every window
    /// between two sends is looked at.
    @Test func `no window releases more than the bucket promises`() {
        for seed in UInt64(1)...200 {
            var generator = SeededGenerator(seed: seed)
            let rate = Double.random(in: 1...5_000, using: &generator)
            var bucket = TokenBucket(rate: rate, at: .zero)
            var now = Instant.zero
            var sent: [(at: Instant, units: Double)] = []
            for _ in 0..<200 {
                let units = rate * Double.random(in: 0.001...0.5, using: &generator)
                now = bucket.readyAt(units, now: now)
                bucket.take(units, at: now)
                sent.append((now, units))
                if generator.unit() < 0.1 { now = now + .milliseconds(Int.random(in: 0...900)) }
            }
            let largest = sent.map(\.units).max()!
            for first in sent.indices {
                var total = 0.0
                for last in first..<sent.count {
                    total += sent[last].units
                    let span = (sent[last].at - sent[first].at).inSeconds
                    let most = max(bucket.burst, largest) + rate * span
                    #expect(total <= most * 1.000_001, "seed \(seed): \(total) in \(span) s")
                }
            }
        }
    }

    @Test func `a sender that always waits uses the whole rate`() {
        var bucket = TokenBucket(rate: 500, at: .zero)
        var now = Instant.zero
        var units = 0.0
        while now < .zero + .seconds(10) {
            now = bucket.readyAt(25, now: now)
            bucket.take(25, at: now)
            units += 25
        }
        #expect((4_950...5_075).contains(units))
    }

    @Test func `what was underestimated is repaid before the next is sent`() {
        var bucket = TokenBucket(rate: 100, at: .zero)
        let first = bucket.readyAt(10, now: .zero)
        bucket.take(10, at: first)
        bucket.settle(estimate: 10, consumed: 60, at: first)
        let next = bucket.readyAt(10, now: first)
        #expect(abs((next - first).inSeconds - 0.6) < 0.001)
    }

    @Test func `a rejected request costs nothing`() {
        var bucket = TokenBucket(rate: 100, at: .zero)
        let first = bucket.readyAt(10, now: .zero)
        bucket.take(10, at: first)
        bucket.settle(estimate: 10, consumed: 0, at: first)
        #expect(bucket.readyAt(10, now: first) == first)
    }

    @Test func `an estimate larger than the burst waits for a full bucket, not forever`() {
        var bucket = TokenBucket(rate: 10, at: .zero)
        let first = bucket.readyAt(400, now: .zero)
        #expect((first - .zero).inSeconds <= 0.11)
        bucket.take(400, at: first)
        let second = bucket.readyAt(400, now: first)
        #expect(abs((second - first).inSeconds - 40) < 0.1)
    }
}
