import Flow
import JSON
import Status
import TestSupport
import Testing
import Transfer

@testable import CommandLine
@testable import dynaferry

@Suite struct ProgressTests {
    static func status() -> JobStatus {
        var table = TableStatus(
            source: "acme-staging-transactions", target: "acme-transactions-dev")
        table.stage = .copying
        table.progress.counters.itemsWritten = 156_204
        table.progress.itemsEstimated = 380_218
        table.progress.counters.storedBytesWritten = 63_500_000
        table.progress.fraction = 0.418
        table.progress.writeLimit = 60_000
        table.progress.scansInFlight = 4
        table.progress.writesInFlight = 12
        table.progress.counters.segmentsFinished = 12
        table.progress.segments = 128
        table.progress.counters.writesThrottled = 7
        table.progress.counters.itemsRetried = 341
        table.progress.hold = .writeLimit
        return JobStatus(.copy, [table], elapsed: .seconds(3))
    }

    static func snapshot(_ status: JobStatus = status()) -> ProgressSnapshot {
        ProgressSnapshot(
            source: "acme-staging-transactions", target: "acme-transactions-dev", status)
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

    @Test func `it is never 100 per cent before the end, nor more than that`() {
        var snapshot = Self.snapshot()
        let fractions: [(Double, Int, Int)] = [
            (-1, 0, 0), (0, 0, 0), (0.999, 99, 99), (1, 99, 100), (1.7, 99, 100), (.nan, 0, 0),
        ]
        for (fraction, copying, finished) in fractions {
            var status = Self.status()
            status.tables[0].progress.fraction = fraction
            #expect(Self.snapshot(status).percent == copying)
            status.tables[0].outcome = .completed
            #expect(Self.snapshot(status).percent == finished)
        }
        snapshot.progress.counters.itemsWritten = 400_000
        #expect(snapshot.progress.itemsTotal(done: snapshot.items) == 400_000)
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
        #expect(json["itemsDone"]?.int == 156_204)
        #expect(json["itemsPerSecond"]?.double == 52_110.4)
        #expect(json["writeLimit"]?.int == 60_000)
        #expect(json["readLimit"] == JSON.null)
        #expect(json["waiting"]?.string == "waiting: write limit")
        #expect(json["secondsLeft"]?.double == 64.3)
    }

    /// One whose items have all arrived.
    static func verifying() -> (ProgressSnapshot, ProgressRates) {
        var status = status()
        status.tables[0].stage = .summing
        (status.tables[0].progress.hasEnded, status.tables[0].progress.hold) = (true, nil)
        status.tables[0].comparison = Comparison()
        status.tables[0].comparison?.target = verified(95_000, 0.2499)
        let snapshot = snapshot(status)
        var rates = rates()
        rates.remaining = nil
        rates.verified = 40_000.2
        rates.verificationRemaining = .seconds(7)
        return (snapshot, rates)
    }

    private static func verified(_ items: Int, _ fraction: Double) -> FlowProgress {
        var target = FlowProgress(segments: 1)
        target.counters.itemsRead = items
        target.itemsEstimated = 380_218
        target.fraction = fraction
        return target
    }

    @Test func `a copy that verifies says how far that is, in every form`() throws {
        let (snapshot, rates) = Self.verifying()
        #expect(
            snapshot.plainLine(rates).hasSuffix(
                "retried 341, verified 95,000 of about 380,218 items, 24 %, 40,000 items/s,"
                    + " about 10 s left, verifying"))
        let json = snapshot.json(rates)
        #expect(json["phase"] == "verifying")
        #expect(
            json["verification"] == [
                "itemsRead": 95_000, "itemsEstimated": 380_218,
                "itemsPerSecond": JSON(40_000.2), "fraction": JSON(0.2499), "secondsLeft": 7,
            ])
        #expect(Self.snapshot().json(rates)["verification"] == JSON.null)
    }

    @Test func `a verification has a rate and an end of its own, and the next table's begins anew`()
    {
        var meter = ProgressMeter()
        var snapshot = Self.snapshot()
        var rates = ProgressRates()
        func pass(_ second: Int, items: Int?) {
            snapshot.status.elapsed = .seconds(second)
            snapshot.verifying = items.map { Self.verified($0, Double($0) / 1_000) }
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
        for tenth in 0..<30 {
            snapshot.status.elapsed = .milliseconds(tenth * 100)
            snapshot.progress.fraction = Double(tenth) / 1_000
            #expect(meter.rates(snapshot).remaining == nil)
        }
        snapshot.status.elapsed = .seconds(4)
        snapshot.progress.fraction = 0.04
        let remaining = meter.rates(snapshot).remaining
        #expect(remaining.map { abs($0 / .seconds(1) - 96) < 1 } == true, "\(remaining as Any)")
        snapshot.status.isStopping = true
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
        #expect(block.replacing(with: ["表表表"], columns: 4) == "\u{1B}[2A\r\u{1B}[J表表表\n")
        // So do three wide characters.
        #expect(block.replacing(with: [], columns: 4) == "\u{1B}[2A\r\u{1B}[J")
        #expect(block.replacing(with: [], columns: 4).isEmpty)
    }
}
