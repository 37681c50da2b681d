import JSON
import TestSupport
import Testing

@testable import CommandLine
@testable import dynaferry

@Suite struct ProgressTests {
    static func snapshot() -> ProgressSnapshot {
        var snapshot = ProgressSnapshot(
            source: "acme-staging-transactions", target: "acme-transactions-dev", phase: .copying,
            elapsed: .seconds(3))
        snapshot.items = 156_204
        snapshot.itemsEstimate = 380_218
        snapshot.bytes = 63_500_000
        snapshot.fraction = 0.418
        snapshot.writeLimit = 60_000
        snapshot.scansInFlight = 4
        snapshot.writesInFlight = 12
        snapshot.segmentsDone = 12
        snapshot.segmentsTotal = 128
        snapshot.targetThrottles = 7
        snapshot.itemsRetried = 341
        snapshot.waiting = "waiting: write limit"
        return snapshot
    }

    static func rates() -> ProgressRates {
        var rates = ProgressRates()
        rates.items = 52_110.4
        rates.bytes = 21_200_000
        rates.readUnits = 12_020
        rates.writeUnits = 52_110
        rates.remaining = .seconds(4.3 + 60)
        return rates
    }

    @Test func `the block says where the copy stands`() {
        let block = ProgressBlock(speaksUnicode: true)
        let lines = block.lines(Self.snapshot(), Self.rates(), columns: 80)
        #expect(
            lines == [
                "acme-staging-transactions → acme-transactions-dev",
                String(repeating: "█", count: 20) + String(repeating: "░", count: 31)
                    + "  41 %   about 1 min left",
                "156,204 of about 380,218 items   52,110 items/s   63.5 MB   21.2 MB/s",
                "read 12,020 units/s   write 52,110 of 60,000 units/s   segments 12/128",
                "in flight 4 scans, 12 writes   throttled 0 source, 7 target   retried 341",
                "waiting: write limit",
            ])
    }

    @Test func `the block is never wider than the terminal`() {
        var snapshot = Self.snapshot()
        snapshot.source = String(repeating: "s", count: 255)
        for speaksUnicode in [true, false] {
            for columns in 21...140 {
                let block = ProgressBlock(speaksUnicode: speaksUnicode)
                for line in block.lines(snapshot, Self.rates(), columns: columns) {
                    #expect(line.count < columns, "\(columns): \(line)")
                    #expect(speaksUnicode || line.allSatisfy(\.isASCII), "\(line)")
                }
            }
        }
    }

    @Test func `it is never 100 per cent before the end, nor more than that`() {
        var snapshot = Self.snapshot()
        let fractions: [(Double, Int, Int)] = [
            (-1, 0, 0), (0, 0, 0), (0.999, 99, 99), (1, 99, 100), (1.7, 99, 100), (.nan, 0, 0),
        ]
        for (fraction, copying, finished) in fractions {
            snapshot.fraction = fraction
            snapshot.phase = .copying
            #expect(snapshot.percent == copying)
            snapshot.phase = .finished
            #expect(snapshot.percent == finished)
        }
        snapshot.items = 400_000
        #expect(snapshot.itemsTotal == 400_000)
    }

    @Test func `a plain line has the same facts`() {
        #expect(
            Self.snapshot().plainLine(Self.rates())
                == "41 %: 156,204 of about 380,218 items, 52,110 items/s, 21.2 MB/s, "
                + "read 12,020 units/s, write 52,110 of 60,000 units/s, "
                + "throttled 0 source, 7 target, retried 341, about 1 min left, "
                + "waiting: write limit"
        )
    }

    @Test func `a JSON line is one object that reads back`() throws {
        let text = Self.snapshot().json(Self.rates()).text
        #expect(!text.contains("\n"))
        let json = try JSON(parsing: text)
        #expect(json["items"]?.int == 156_204)
        #expect(json["itemsPerSecond"]?.double == 52_110.4)
        #expect(json["writeLimit"]?.int == 60_000)
        #expect(json["readLimit"] == JSON.null)
        #expect(json["waiting"]?.string == "waiting: write limit")
        #expect(json["remainingSeconds"]?.double == 64.3)
    }

    /// One whose items have all arrived.
    private static func verifying() -> (ProgressSnapshot, ProgressRates) {
        var snapshot = snapshot()
        (snapshot.phase, snapshot.waiting) = (.verifying, nil)
        var verification = VerificationSnapshot()
        verification.items = 95_000
        verification.itemsEstimate = 380_218
        verification.fraction = 0.2499
        snapshot.verification = verification
        var rates = rates()
        rates.remaining = nil
        rates.verified = 40_000.2
        rates.verificationRemaining = .seconds(7)
        return (snapshot, rates)
    }

    @Test func `a copy that verifies says how far that is, in every form`() throws {
        let (snapshot, rates) = Self.verifying()
        let lines = ProgressBlock(speaksUnicode: true).lines(snapshot, rates, columns: 100)
        #expect(lines.first?.hasSuffix("   verifying") == true)
        #expect(
            lines.last
                == "verified 95,000 of about 380,218 items   24 %   40,000 items/s"
                + "   about 10 s left")
        #expect(
            snapshot.plainLine(rates).hasSuffix(
                "retried 341, verified 95,000 of about 380,218 items, 24 %, 40,000 items/s,"
                    + " about 10 s left, verifying"))
        let json = snapshot.json(rates)
        #expect(json["phase"] == "verifying")
        #expect(
            json["verification"] == [
                "items": 95_000, "itemsEstimate": 380_218, "itemsPerSecond": JSON(40_000.2),
                "fraction": JSON(0.2499), "remainingSeconds": 7,
            ])
        #expect(Self.snapshot().json(rates)["verification"] == JSON.null)
    }

    @Test func `a verification has a rate and an end of its own, and the next table's begins anew`()
    {
        var meter = ProgressMeter()
        var snapshot = Self.snapshot()
        snapshot.phase = .verifying
        var rates = ProgressRates()
        func pass(_ second: Int, items: Int?) {
            snapshot.elapsed = .seconds(second)
            snapshot.verification = items.map {
                var verification = VerificationSnapshot()
                verification.items = $0
                verification.fraction = Double($0) / 1_000
                return verification
            }
            rates = meter.rates(snapshot)
        }
        for second in 0...4 { pass(second, items: second * 100) }
        #expect(rates.verified == 100)
        #expect(
            rates.verificationRemaining.map { abs($0 / .seconds(1) - 6) < 0.01 } == true)
        pass(5, items: 20)
        #expect(rates.verified == nil && rates.verificationRemaining == nil)
        pass(6, items: 70)
        #expect(rates.verified == 50)
        pass(7, items: nil)
        #expect(rates.verified == nil && rates.verificationRemaining == nil)
    }

    @Test func `rates are of the last seconds only`() {
        var meter = RateMeter(window: .seconds(5))
        #expect(meter.rate(total: 0, at: .zero) == nil)
        #expect(meter.rate(total: 10, at: .milliseconds(100)) == nil)
        var rate: Double?
        for second in 1...10 {
            rate = meter.rate(total: Double(second) * 100, at: .seconds(second))
        }
        #expect(rate == 100)
        for second in 11...20 { rate = meter.rate(total: 1_000, at: .seconds(second)) }
        #expect(rate == 0)
    }

    @Test func `a meter keeps few samples however often it is asked`() {
        var meter = RateMeter(window: .seconds(5))
        var rate: Double?
        for step in 0..<10_000 {
            rate = meter.rate(total: Double(step), at: .milliseconds(step))
        }
        #expect(rate.map { abs($0 - 1_000) < 0.001 } == true)
    }

    @Test func `no end is promised before there is something to go by`() {
        var meter = ProgressMeter()
        var snapshot = Self.snapshot()
        snapshot.fraction = 0
        for tenth in 0..<30 {
            snapshot.elapsed = .milliseconds(tenth * 100)
            snapshot.fraction = Double(tenth) / 1_000
            #expect(meter.rates(snapshot).remaining == nil)
        }
        snapshot.elapsed = .seconds(4)
        snapshot.fraction = 0.04
        let remaining = meter.rates(snapshot).remaining
        #expect(remaining.map { abs($0 / .seconds(1) - 96) < 1 } == true, "\(remaining as Any)")
        snapshot.phase = .stopping
        #expect(meter.rates(snapshot).remaining == nil)
    }

    @Test func `times to come are told roughly`() {
        let times: [(Double, String)] = [
            (0, "a few seconds left"), (12, "about 15 s left"), (54, "about 55 s left"),
            (55, "about 1 min left"), (200, "about 3 min left"), (7_000, "about 2 h left"),
            (200_000, "about 2 days left"),
        ]
        for (seconds, text) in times {
            #expect(ProgressFacts.left(.seconds(seconds)) == text)
        }
    }

    @Test func `the live block is drawn in place, also in a window made narrower`() {
        var block = LiveBlock()
        #expect(block.replacing(with: ["abcd", "ef"], columns: 80) == "abcd\nef\n")
        #expect(block.replacing(with: ["x"], columns: 80) == "\u{1B}[2A\r\u{1B}[Jx\n")
        #expect(block.replacing(with: ["abcdef"], columns: 80) == "\u{1B}[1A\r\u{1B}[Jabcdef\n")
        // Six letters in four columns take two rows.
        #expect(block.replacing(with: [], columns: 4) == "\u{1B}[2A\r\u{1B}[J")
        #expect(block.replacing(with: [], columns: 4).isEmpty)
    }
}
