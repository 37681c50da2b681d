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
                _ = bucket.take(units, at: now)
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
            _ = bucket.take(25, at: now)
            units += 25
        }
        #expect((4_950...5_075).contains(units))
    }

    @Test func `what was underestimated is repaid before the next is sent`() {
        var bucket = TokenBucket(rate: 100, at: .zero)
        let first = bucket.readyAt(10, now: .zero)
        let taken = bucket.take(10, at: first)
        bucket.settle(taken, consumed: 60, at: first)
        let next = bucket.readyAt(10, now: first)
        #expect(abs((next - first).inSeconds - 0.6) < 0.001)
    }

    @Test func `a rejected request costs nothing`() {
        var bucket = TokenBucket(rate: 100, at: .zero)
        let first = bucket.readyAt(10, now: .zero)
        let taken = bucket.take(10, at: first)
        bucket.settle(taken, consumed: 0, at: first)
        #expect(bucket.readyAt(10, now: first) == first)
    }

    @Test func `an estimate larger than the burst waits for a full bucket, not forever`() {
        var bucket = TokenBucket(rate: 10, at: .zero)
        let first = bucket.readyAt(400, now: .zero)
        #expect((first - .zero).inSeconds <= 0.11)
        _ = bucket.take(400, at: first)
        let second = bucket.readyAt(400, now: first)
        #expect(abs((second - first).inSeconds - 40) < 0.1)
    }

    /// Goal: what is consumed keeps to the promise too, when requests come back late, all at once,
    /// and with less consumed than was taken for them.
    /// Method: a greedy sender whose target is silent now and then, and uses a random part of each
    /// estimate; every window of what was consumed, by the time of sending, is looked at.
    @Test func `what comes back unused after a silence is not saved up`() {
        for seed in UInt64(1)...100 {
            var generator = SeededGenerator(seed: seed)
            let rate = Double.random(in: 10...5_000, using: &generator)
            let part = generator.unit()
            var bucket = TokenBucket(rate: rate, at: .zero)
            var now = Instant.zero
            var flights: [(back: Instant, taken: TokenBucket.Reservation, used: Double)] = []
            var sent: [(at: Instant, units: Double)] = []
            while sent.count < 400 {
                let units = rate * Double.random(in: 0.001...0.05, using: &generator)
                let ready = bucket.readyAt(units, now: now)
                if let next = flights.indices.min(by: { flights[$0].back < flights[$1].back }),
                    flights[next].back <= ready
                {
                    let flight = flights.remove(at: next)
                    now = flight.back
                    bucket.settle(flight.taken, consumed: flight.used, at: now)
                    continue
                }
                now = ready
                let used = generator.unit() < part ? 0 : units
                // Nothing is answered for the first second of each two.
                var back = now + .milliseconds(5)
                let into = back.nanoseconds % 2_000_000_000
                if into < 1_000_000_000 { back = back + .nanoseconds(1_000_000_000 - into) }
                flights.append((back, bucket.take(units, at: now), used))
                sent.append((now, used))
            }
            expectPromiseKept(sent, bucket, seed)
        }
    }

    private func expectPromiseKept(
        _ sent: [(at: Instant, units: Double)], _ bucket: TokenBucket, _ seed: UInt64
    ) {
        for first in sent.indices {
            var total = 0.0
            for last in first..<sent.count {
                total += sent[last].units
                let most = bucket.burst + bucket.rate * (sent[last].at - sent[first].at).inSeconds
                if total > most * 1.000_001 {
                    Issue.record("seed \(seed): \(total) consumed where \(most) may be")
                    return
                }
            }
        }
    }

    @Test func `what a tenth of the requests did not use is used by others`() {
        var bucket = TokenBucket(rate: 500, at: .zero)
        var generator = SeededGenerator(seed: 1)
        var now = Instant.zero
        var flights: [(back: Instant, taken: TokenBucket.Reservation, used: Double)] = []
        var units = 0.0
        while now < .zero + .seconds(20) {
            let ready = bucket.readyAt(25, now: now)
            if let flight = flights.first, flight.back <= ready {
                flights.removeFirst()
                now = flight.back
                bucket.settle(flight.taken, consumed: flight.used, at: now)
                continue
            }
            now = ready
            let used = generator.unit() < 0.1 ? 0.0 : 25
            flights.append((now + .milliseconds(100), bucket.take(25, at: now), used))
            units += used
        }
        #expect((9_800...10_100).contains(units), "\(units)")
    }

    @Test func `another bucket's reservation changes nothing`() {
        var old = TokenBucket(rate: 100, at: .zero)
        let first = old.readyAt(10, now: .zero)
        let taken = old.take(10, at: first)
        var bucket = TokenBucket(rate: 100, at: first)
        let before = bucket.readyAt(10, now: first)
        bucket.settle(taken, consumed: 0, at: first)
        #expect(bucket.readyAt(10, now: first) == before)
    }
}
