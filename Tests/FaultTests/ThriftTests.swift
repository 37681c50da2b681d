import DynamoModel
import Foundation
import JSON
import Status
import System
import TestSupport
import Testing

/// Goal: nothing is read or written that need not be, and nothing is spent that was not allowed.
@Suite(.timeLimit(.minutes(20))) struct ThriftTests {
    /// Bytes of 31 tables of 0 to 2 MB.
    private static let sizes = (0..<31).map { $0 * 2_000_000 / 30 }

    private func site() throws -> TrustSite {
        let site = try TrustSite { $0.liveCounts = true }
        for (number, size) in Self.sizes.enumerated() {
            // Items of some 1,000 bytes.
            try site.load(
                "t-\(number)", TrustSite.items(0..<size / 1_000, bytes: 970),
                billing: .provisioned(Throughput(readUnits: 5, writeUnits: 5)))
        }
        return site
    }

    /// Scans and read units that a whole job may take of its sources at least: full pages.
    private var least: (scans: Int, units: Double) {
        Self.sizes.reduce((0, 0)) { sum, size in
            (
                sum.0 + max(1, (size + (1 << 20) - 1) >> 20),
                sum.1 + CapacityUnits.scan(bytes: size, consistent: false)
            )
        }
    }

    private func spent(_ site: TrustSite, _ tables: [String]) -> (scans: Int, units: Double) {
        let meter = site.server.meter
        return tables.reduce((0, 0)) { sum, name in
            (
                sum.0 + (meter["requests_by_table"]?[name]?["Scan"]?.int ?? 0),
                sum.1 + (meter["tables"]?[name]?["read_units"]?.double ?? 0)
            )
        }
    }

    private static let sources = sizes.indices.map { "t-\($0)" }
    // Limits hold by the clock: what is wanted here is how much is asked for.
    private static let pace = ["--read-units", "100000", "--write-units", "100000"]

    @Test(arguments: [true, false])
    func `many small tables are read by no more pages than they have`(isReported: Bool) throws {
        let site = try site()
        let proxy = try site.proxy { exchange in
            guard !isReported, exchange.operation == "DescribeTable" else { return nil }
            return exchange.setting("Table.TableSizeBytes", to: 0)?
                .setting("Table.ItemCount", to: 0)
        }
        let result = try site.run(["copy", "t-*", "copy-*"] + Self.pace, at: proxy.url)
        #expect(result.status == 0, "\(result)")
        let (least, spent) = (least, spent(site, Self.sources))
        // Where sizes are not reported, a table of more than a page may cost one more.
        let larger = Double(Self.sizes.count { $0 > 1 << 20 })
        let (scans, units) = (Double(spent.scans), spent.units)
        print("\(spent) of \(least), reported: \(isReported)")
        if isReported {
            #expect(scans <= 1.1 * Double(least.scans), "\(spent) of \(least)")
            #expect(units <= 1.1 * least.units, "\(spent) of \(least)")
        } else {
            #expect(scans <= 1.1 * Double(least.scans) + larger, "\(spent) of \(least)")
            #expect(units <= 1.1 * least.units + 128 * larger, "\(spent) of \(least)")
        }
        for name in Self.sources {
            #expect(
                site.server.items(of: name)
                    == site.server.items(of: name.replacing("t-", with: "copy-")))
        }
    }

    @Test func `so they are verified, compared for what changed, and planned`() throws {
        let site = try site()
        #expect(try site.run(["copy", "t-*", "copy-*"] + Self.pace).status == 0)
        let least = least
        for words in [
            ["verify", "t-*", "copy-*", "--target-read-units", "100000"] + Self.pace,
            ["copy", "t-*", "copy-*", "--only-changed", "--target-read-units", "100000"]
                + Self.pace,
            ["plan", "t-*", "other-*"],
        ] {
            let before = spent(site, Self.sources)
            let result = try site.run(words)
            #expect(result.status == 0, "\(result)")
            let after = spent(site, Self.sources)
            let (scans, units) = (after.scans - before.scans, after.units - before.units)
            #expect(Double(scans) <= 1.1 * Double(least.scans), "\(words): \(scans) of \(least)")
            #expect(units <= 1.1 * least.units, "\(words): \(units) of \(least)")
        }
    }

    @Test func `a table of ten items takes one Scan, and an empty one too`() throws {
        let site = try TrustSite()
        let billing = Billing.provisioned(Throughput(readUnits: 5, writeUnits: 5))
        try site.load("ten", TrustSite.items(0..<10), billing: billing)
        try site.load("empty", [], billing: billing)
        for name in ["ten", "empty"] {
            #expect(try site.run("copy", name, name + "-copy").status == 0)
            let spent = spent(site, [name])
            #expect(spent.scans == 1 && spent.units <= 1, "\(spent)")
        }
    }

    // MARK: Money

    /// Goal: a job costs no more than it may, over all its runs.
    @Test func `a job that would cost more than it may is refused`() throws {
        let site = try TrustSite { $0.liveCounts = true }
        try site.load("source", TrustSite.items(0..<2_000, bytes: 900))
        // 2,000 writes at 0.625 dollars a million.
        let refused = try site.run("copy", "source", "target", "--max-cost", "0.001")
        #expect(refused.status == 1, "\(refused)")
        #expect(
            refused.err.contains("would cost $0.0013, more than --max-cost $0.0010"), "\(refused)")
        #expect(site.server.count(of: "target") == nil && site.jobs.isEmpty)
        let copied = try site.run("copy", "source", "target", "--max-cost", "0.01")
        #expect(copied.status == 0, "\(copied)")
        // What is equal is read on both sides and not written.
        let compared = try site.run(
            "copy", "source", "target", "--only-changed", "--max-cost", "0.001")
        #expect(compared.status == 0, "\(compared)")
    }

    /// Method: writing consumes ten times what the plan foresees.
    @Test func `a job that comes to what it may cost stops, and goes on with more`() throws {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<3_000, bytes: 900))
        let proxy = try site.proxy { exchange in
            guard exchange.operation == "BatchWriteItem" else { return nil }
            return exchange.setting("ConsumedCapacity.CapacityUnits", to: 250)
        }
        func run(writeUnits: String, maxCost: String) throws -> Binary.Result {
            try site.run(
                "copy", "source", "target", "--write-units", writeUnits, "--max-cost", maxCost,
                at: proxy.url)
        }
        // 3,000 writes at 0.625 dollars a million would be $0.0019.
        let first = try run(writeUnits: "3000", maxCost: "0.004")
        #expect(first.status == 130, "\(first)")
        #expect(first.err.contains("--max-cost is reached"), "\(first)")
        let hint = "with a higher --max-cost the same command resumes job"
        #expect(first.err.contains(hint), "\(first)")
        let again = try run(writeUnits: "3000", maxCost: "0.004")
        #expect(again.status == 1 && again.err.contains("so far"), "\(again)")
        let more = try run(writeUnits: "20000", maxCost: "1")
        #expect(more.status == 0, "\(more)")
        #expect(site.server.items(of: "source") == site.server.items(of: "target"))
    }

    /// Goal: units that were bought warm are paid once, and by the job: whoever resumes it has them
    /// in what it has cost.
    /// Method: the target is made, warm for 1,000 units more than it has for nothing, and then
    /// nothing can be written.
    @Test func `what was paid for warm units is counted when the job is resumed`() throws {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<10))
        var prices = try JSON(parsing: PriceTable.builtIn)
        prices["warmWriteUnit"] = JSON(0.001)
        let file = site.folder.path("prices.json")
        try prices.text.write(toFile: file, atomically: true, encoding: .utf8)
        let refuses = Locked(true)
        let proxy = try site.proxy { exchange in
            guard exchange.operation == "BatchWriteItem", refuses.withLock({ $0 }) else {
                return nil
            }
            var denied = exchange.answering(["__type": "AccessDeniedException", "message": "no"])
            denied.status = 400
            return denied
        }
        let words = ["copy", "source", "target", "--boost-write", "5000", "--prices", file]
        func run(maxCost: String) throws -> Binary.Result {
            try site.run(words + ["--max-cost", maxCost], at: proxy.url)
        }
        let tooDear = try run(maxCost: "0.5")
        #expect(tooDear.status == 1 && tooDear.err.contains("would cost $1.00"), "\(tooDear)")
        let failed = try run(maxCost: "2")
        #expect(failed.status == 1 && failed.out.contains("about $1.00"), "\(failed)")
        let refused = try run(maxCost: "0.5")
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.err.contains("the job has cost $1.00 so far"), "\(refused)")
        refuses.withLock { $0 = false }
        // Once: with the warm units a second time it would be too much.
        let copied = try run(maxCost: "1.5")
        #expect(copied.status == 0 && copied.out.contains("about $1.00"), "\(copied)")
    }
}
