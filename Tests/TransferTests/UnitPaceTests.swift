import Testing

@testable import Status

/// Goal: a plan's time is what limits, capacity and the growth of on-demand tables allow.
@Suite struct UnitPaceTests {
    private struct Time: Equatable {
        var seconds: Double
        var rate: Double
        var bound: UnitPace.Bound
    }

    private func time(of units: Double, _ pace: UnitPace) -> Time? {
        pace.time(of: units).map { Time(seconds: $0.seconds, rate: $0.rate, bound: $0.bound) }
    }

    @Test func `provisioned units, or the limit below them, are what a copy takes at most`() {
        // 9,000 units at 100 a second: 90 s. At a limit of 50: 180 s.
        #expect(
            time(of: 9_000, UnitPace(capacity: 100))
                == Time(seconds: 90, rate: 100, bound: .capacity))
        #expect(
            time(of: 9_000, UnitPace(limit: 50, capacity: 100))
                == Time(seconds: 180, rate: 50, bound: .limit))
        // A limit above what there is does not help.
        #expect(
            time(of: 9_000, UnitPace(limit: 500, capacity: 100))
                == Time(seconds: 90, rate: 100, bound: .capacity))
        #expect(time(of: 9_000, UnitPace()) == nil)
    }

    @Test func `on demand it starts warm, and doubles every half an hour`() {
        func seconds(_ units: Double) -> Double? {
            let time = time(of: units, UnitPace(warm: 4_000))
            #expect(time?.rate == 4_000 && time?.bound == .growth)
            return time?.seconds
        }
        // 4,000 a second: 7,200,000 in the first 1,800 s.
        #expect(seconds(4_000_000) == 1_000)
        #expect(seconds(7_200_000) == 1_800)
        // 8,000 a second from then on: 8,000,000 more take 1,000 s.
        #expect(seconds(15_200_000) == 2_800)
        // 7.2 + 14.4 + 28.8 + 57.6 million come in the first 7,200 s. From then on it is 40,000 a
        // second, which is the quota: 40,000,000 more take 1,000 s.
        #expect(seconds(148_000_000) == 8_200)
    }

    @Test func `what is warm for more than the limit is held back by the limit`() {
        #expect(
            time(of: 1_000_000, UnitPace(limit: 500, warm: 4_000))
                == Time(seconds: 2_000, rate: 500, bound: .limit))
        // A maximum on demand is a capacity.
        #expect(
            time(of: 1_000_000, UnitPace(capacity: 1_000, warm: 4_000))
                == Time(seconds: 1_000, rate: 1_000, bound: .capacity))
        // Growth ends at the limit: 7,200,000 in 1,800 s, and then 6,000 a second.
        #expect(
            time(of: 13_200_000, UnitPace(limit: 6_000, warm: 4_000))
                == Time(seconds: 2_800, rate: 4_000, bound: .growth))
    }

    @Test func `a table that was warm for more than the quota keeps that`() {
        #expect(
            time(of: 1_000_000_000, UnitPace(warm: 100_000))
                == Time(seconds: 10_000, rate: 100_000, bound: .growth))
    }
}
