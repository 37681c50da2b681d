import Pacing
import Testing

@Suite struct AdaptiveLimitTests {
    /// A server whose throughput grows with concurrency up to `knee` requests in flight.
    private func settle(knee: Int, max: Int, heldBack: Bool = false) -> AdaptiveLimit {
        var limit = AdaptiveLimit(range: 1...max, at: .zero)
        var now = Instant.zero
        let roundTrip = Duration.milliseconds(20)
        for _ in 0..<200 {
            let inFlight = limit.current
            let useful = min(inFlight, knee)
            for _ in 0..<inFlight {
                now = now + roundTrip / inFlight
                limit.completed(
                    work: 25.0 * Double(useful) / Double(inFlight), roundTrip: roundTrip,
                    heldBack: heldBack, at: now)
            }
        }
        return limit
    }

    @Test(arguments: [4, 10, 60, 128])
    func `concurrency grows to where the throughput flattens`(knee: Int) {
        let limit = settle(knee: knee, max: 256)
        #expect(limit.current >= knee * 3 / 4, "\(limit.current) of \(knee)")
        #expect(limit.current <= knee * 4, "\(limit.current) of \(knee)")
    }

    @Test func `a limit elsewhere freezes it`() {
        #expect(settle(knee: 100, max: 256, heldBack: true).current == 4)
    }

    @Test func `it stays within its range`() {
        #expect(settle(knee: 1_000, max: 8).current == 8)
        var limit = AdaptiveLimit(range: 1...8, at: .zero)
        for _ in 0..<20 { limit.shrink(by: 0.9, at: .zero) }
        #expect(limit.current == 1)
    }
}

@Suite struct AdaptivePaceTests {
    /// Sends as fast as the pace allows, `unpaced` units a second while there is none, in batches
    /// of 25 to a model that refuses what exceeds `capacity` and a random share besides.
    private func run(
        capacity: Double, randomShare: Double, unpaced: Double, seconds: Int, seed: UInt64
    ) -> (pace: AdaptivePace, accepted: Double, undone: Int) {
        var generator = SeededGenerator(seed: seed)
        var pace = AdaptivePace(ceiling: nil, at: .zero)
        var now = Instant.zero
        var room = capacity * 0.1
        var accepted = 0.0
        var undone = 0
        let end = Instant.zero + .seconds(seconds)
        while now < end {
            let rate = pace.pace ?? unpaced
            let step = Duration.nanoseconds(Int64(25 / rate * 1e9))
            now = now + step
            room = min(capacity * 0.1, room + capacity * step.inSeconds)
            // Half of the random refusals come by whole batches, as exceptions do.
            let isRefusedWhole = generator.unit() < randomShare / 2
            var refused =
                isRefusedWhole ? 25 : (0..<25).count { _ in generator.unit() < randomShare / 2 }
            let fitting = min(Double(25 - refused), room.rounded(.down))
            refused = 25 - Int(fitting)
            room -= fitting
            if now > end + .seconds(-10) { accepted += fitting / 10 }
            let verdict = pace.observed(
                items: 25, refused: refused, units: fitting, roundTrip: .milliseconds(10), at: now)
            if verdict == .undone { undone += 1 }
            pace.timePassed(at: now)
        }
        return (pace, accepted, undone)
    }

    @Test(arguments: UInt64(1)...10)
    func `a throttled target is used to at least 85 percent`(seed: UInt64) {
        let result = run(
            capacity: 4_000, randomShare: 0, unpaced: 60_000, seconds: 40, seed: seed)
        #expect(result.accepted >= 3_400, "\(result.accepted) of 4,000")
        #expect(result.pace.isThrottled)
    }

    @Test(arguments: UInt64(1)...10)
    func `refusals that no slowing down would end set no pace`(seed: UInt64) {
        let result = run(
            capacity: 1e9, randomShare: 0.1, unpaced: 20_000, seconds: 30, seed: seed)
        #expect(result.pace.pace == nil)
        #expect(result.undone >= 1)
        #expect(result.accepted >= 0.85 * 18_000, "\(result.accepted)")
    }

    /// A source that throttles some Scans at any rate, asked for ten pages a second or more.
    @Test(arguments: [0.01, 0.02, 0.1, 0.4])
    func `a source's random refusals do not starve the reading`(share: Double) {
        var slow = 0
        for seed in UInt64(1)...20 {
            var generator = SeededGenerator(seed: seed)
            var pace = AdaptivePace(.source, ceiling: nil, at: .zero)
            var now = Instant.zero
            while now < .zero + .seconds(60) {
                let rate = pace.pace ?? 1_000
                let page = min(5, rate / 10)
                now = now + .nanoseconds(Int64(page / rate * 1e9))
                let isRefused = generator.unit() < share
                _ = pace.observed(
                    items: 1, refused: isRefused ? 1 : 0, units: isRefused ? 0 : page,
                    roundTrip: .zero, at: now)
                pace.timePassed(at: now)
            }
            if let rate = pace.pace, rate < 300 { slow += 1 }
        }
        #expect(slow <= 2, "\(slow) of 20 ended slow")
    }

    @Test(arguments: UInt64(1)...5)
    func `a source that really throttles is spared`(seed: UInt64) {
        var pace = AdaptivePace(.source, ceiling: nil, at: .zero)
        var now = Instant.zero
        var room = 20.0
        var (refused, total) = (0, 0)
        while now < .zero + .seconds(60) {
            let rate = pace.pace ?? 2_000
            let page = min(5, rate / 10)
            let step = Duration.nanoseconds(Int64(page / rate * 1e9))
            now = now + step
            room = min(20, room + 200 * step.inSeconds)
            let isRefused = room < page
            if !isRefused { room -= page }
            if now > .zero + .seconds(10) {
                (refused, total) = (refused + (isRefused ? 1 : 0), total + 1)
            }
            _ = pace.observed(
                items: 1, refused: isRefused ? 1 : 0, units: isRefused ? 0 : page,
                roundTrip: .zero, at: now)
            pace.timePassed(at: now)
        }
        #expect(Double(refused) / Double(total) < 0.05, "\(refused) of \(total)")
    }

    /// What a target takes cannot be told from 20 ms, least of all as if they had been a second.
    @Test(arguments: [Duration.zero, .seconds(5)])
    func `replies of 20 ms cut nothing, however many of them are refusals`(idle: Duration) {
        var pace = AdaptivePace(ceiling: nil, at: .zero)
        for reply in 0..<200 {
            let verdict = pace.observed(
                items: 1, refused: reply % 3 == 0 ? 1 : 0, units: reply % 3 == 0 ? 0 : 1,
                roundTrip: .milliseconds(10),
                at: .zero + idle + .milliseconds(10) + .microseconds(100 * reply))
            #expect(verdict == nil)
        }
        #expect(pace.pace == nil)
    }

    @Test func `a source's pace is halved at its first refusal, and not again for a second`() {
        var pace = AdaptivePace(.source, ceiling: nil, at: .zero)
        var now = Instant.zero
        for _ in 0..<10 {
            now = now + .milliseconds(100)
            _ = pace.observed(items: 1, refused: 0, units: 100, roundTrip: .zero, at: now)
        }
        let cut = pace.observed(items: 1, refused: 1, units: 0, roundTrip: .zero, at: now)
        #expect(cut == .cut(share: 1 / 11))
        #expect((450...600).contains(pace.pace!), "\(pace.pace!)")
        let halved = pace.pace
        now = now + .milliseconds(900)
        #expect(pace.observed(items: 1, refused: 1, units: 0, roundTrip: .zero, at: now) == nil)
        #expect(pace.pace == halved)
    }

    /// What was read when a reading was some milliseconds old says little of what the source takes.
    @Test func `a refusal in the first second holds the reading up for seconds, not minutes`() {
        var pace = AdaptivePace(.source, ceiling: nil, at: .zero)
        var now = Instant.zero + .milliseconds(5)
        _ = pace.observed(items: 1, refused: 0, units: 5, roundTrip: .zero, at: now)
        let cut = pace.observed(items: 1, refused: 1, units: 0, roundTrip: .zero, at: now)
        #expect(cut != nil && pace.pace! <= 25)
        // Afterwards all is read that the pace allows, and nothing is refused.
        var owed = 0.0
        while now < .zero + .seconds(8) {
            now = now + .milliseconds(100)
            pace.timePassed(at: now)
            owed += (pace.pace ?? 10_000) / 10
            while owed >= 5 {
                owed -= 5
                _ = pace.observed(items: 1, refused: 0, units: 5, roundTrip: .zero, at: now)
            }
        }
        #expect(pace.pace.map { $0 > 1_000 } ?? true, "\(pace.pace!)")
    }

    @Test func `without refusals there is no pace`() {
        let result = run(
            capacity: 1e9, randomShare: 0, unpaced: 20_000, seconds: 5, seed: 1)
        #expect(result.pace.pace == nil)
    }

    @Test func `the pace never exceeds its ceiling`() {
        var pace = AdaptivePace(ceiling: 500, at: .zero)
        for second in 1...100 {
            let now = Instant.zero + .seconds(second)
            _ = pace.observed(
                items: 500, refused: second < 10 ? 250 : 0, units: 250, roundTrip: .zero, at: now)
            pace.timePassed(at: now)
            #expect(pace.pace! <= 500)
        }
        #expect(pace.pace! > 490)
    }
}

@Suite struct BackoffTests {
    @Test func `delays are spread over the whole range below a ceiling that doubles`() {
        let backoff = Backoff()
        var generator = SeededGenerator(seed: 7)
        for attempt in 0...40 {
            let delays = (0..<200).map { _ in backoff.delay(attempt: attempt, using: &generator) }
            let ceiling = backoff.ceiling(attempt: attempt)
            #expect(delays.allSatisfy { $0 >= .zero && $0 <= ceiling })
            #expect(delays.min()! < ceiling / 10 && delays.max()! > ceiling / 10 * 9)
        }
        #expect(backoff.ceiling(attempt: 0) == .milliseconds(25))
        #expect(backoff.ceiling(attempt: 4) == .milliseconds(400))
        #expect(backoff.ceiling(attempt: 40) == .seconds(20))
    }
}

@Suite struct RateWindowTests {
    @Test func `it tells the rate of the last second`() {
        var window = RateWindow(at: .zero)
        var now = Instant.zero
        for _ in 0..<500 {
            now = now + .milliseconds(10)
            window.add(10, at: now)
        }
        #expect(abs(window.perSecond(at: now) - 1_000) < 60)
        #expect(window.perSecond(at: now + .seconds(2)) == 0)
    }
}
