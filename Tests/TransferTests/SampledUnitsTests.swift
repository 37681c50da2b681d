import Testing

@testable import Transfer

/// Goal: what a sample says of all items comes with how far it may be off.
@Suite struct SampledUnitsTests {
    @Test func `items that differ make an estimate less certain`() throws {
        var units = SampledUnits()
        for number in 0..<100 { units.add(1 + number % 2, bytes: 500) }
        // Half take 1 and half 2: a variance of 25 / 99 = 0.2525 about 1.5, of the mean 0.002525,
        // whose root is 0.05025. 1.96 * 0.05025 * 10,000 * (0.99)^0.5 = 980.0.
        let range = try #require(units.plusMinus(ofAll: 10_000))
        #expect(abs(range - 980) < 0.1, "\(range)")
        // Four times as many say it twice as well: variance 100 / 399, and (0.96)^0.5.
        for number in 0..<300 { units.add(1 + number % 2, bytes: 500) }
        let narrower = try #require(units.plusMinus(ofAll: 10_000))
        #expect(abs(narrower - 480.7) < 0.1, "\(narrower)")
    }

    @Test func `of items that were all seen, and are all alike, it is certain`() {
        var units = SampledUnits()
        for _ in 0..<50 { units.add(3, bytes: 2_500) }
        #expect(units.plusMinus(ofAll: 50) == 0)
        #expect(units.plusMinus(ofAll: 5_000) == 0)
    }

    @Test func `a sparse index counts those that are not in it`() throws {
        var units = SampledUnits()
        for number in 0..<100 {
            if number < 20 { units.add(1, bytes: 40) } else { units.addNone() }
        }
        #expect(units.units == 20 && units.entries == 20 && units.items == 100)
        // A fifth: a variance of 100 * 0.2 * 0.8 / 99 = 0.16162, of the mean 0.0016162, whose root
        // is 0.040202. 1.96 * 0.040202 * 1,000 * (0.9)^0.5 = 74.75.
        let range = try #require(units.plusMinus(ofAll: 1_000))
        #expect(abs(range - 74.75) < 0.01, "\(range)")
    }

    @Test func `an index that no sampled item is in may still have some`() {
        var units = SampledUnits()
        for _ in 0..<300 { units.addNone() }
        // The rule of three: 3 of 300 is a hundredth.
        #expect(units.plusMinus(ofAll: 10_000) == 100)
    }

    @Test func `of a sum alone nobody knows`() {
        #expect(SampledUnits(units: 900).plusMinus(ofAll: 300) == nil)
    }
}
