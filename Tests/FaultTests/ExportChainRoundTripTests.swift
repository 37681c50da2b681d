import JSON
import LocalAWS
import Pacing
import System
import TestSupport
import Testing

/// Claim: a full export and the increments that are asked for after it bring a table to what the
/// source was at their end, whatever was inserted, changed and deleted meanwhile.
///
/// Method: random writes on the embedded server, whose clock is advanced between them, by a seed;
/// items that live for seconds around the time of the full export among them. The built program has
/// it exported, and restores it elsewhere; the server compares.
@Suite(.timeLimit(.minutes(10))) struct ExportChainRoundTripTests {
    @Test(arguments: 1...3)
    func `what was exported in windows is restored as the source is`(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let site = try TrustSite { options in
            options.recovery = true
            options.buckets = [BucketSetting("dumps")]
        }
        try site.load("orders", TrustSite.items(0..<60))
        site.server.advanceClock(by: .seconds(3_600))
        try write(to: site, using: &generator)
        // It lives from before the full export's time until after it.
        try site.call("PutItem", ["TableName": "orders", "Item": Self.short])
        site.server.advanceClock(by: .seconds(300))
        #expect(try run(site, "--snapshot").status == 0)
        try site.call("DeleteItem", ["TableName": "orders", "Key": ["id": ["S": "short"]]])
        try write(to: site, using: &generator)
        site.server.advanceClock(by: .seconds(1_800))
        let id = try #require(site.server.keys(in: "dumps").compactMap(Self.exportID).first)
        #expect(try run(site, "--since", id).status == 0)
        try write(to: site, using: &generator)
        site.server.advanceClock(by: .seconds(100_000))
        // The second chain begins where the first ended, and is cut in two.
        let last = try #require(site.server.keys(in: "dumps").compactMap(Self.exportID).max())
        #expect(try run(site, "--since", last).status == 0)
        let restored = try site.run("copy", "s3://dumps/chain/", "restored", "--apply-deletes")
        #expect(restored.status == 0, "\(restored)")
        #expect(!restored.err.contains("may stay"), "\(restored)")
        #expect(try site.server.differences(between: "orders", and: "restored") == [])
        #expect(site.server.count(of: "restored") == site.server.count(of: "orders"))
        let exports = site.server.meter["exports"]?["orders"]
        #expect(exports == ["full": 1, "incremental": 4])
    }

    private static let short: JSON = ["id": ["S": "short"], "note": ["S": "lives for a minute"]]

    private func run(_ site: TrustSite, _ words: String...) throws -> Binary.Result {
        let result = try site.run(
            ["copy", "orders", "s3://dumps/chain/", "--poll-interval", "20ms"] + words)
        if result.status != 0 { Issue.record("\(result)") }
        return result
    }

    private static func exportID(_ key: String) -> String? {
        key.split(separator: "/").first {
            $0.wholeMatch(of: /[0-9]{14}-[0-9a-f]{8}/) != nil
        }.map(String.init)
    }

    private func write(to site: TrustSite, using generator: inout SeededGenerator) throws {
        for step in 0..<25 {
            let number = Int.random(in: 0..<90, using: &generator)
            let id: JSON = ["S": .string("item \(number)")]
            if Bool.random(using: &generator) {
                let value = "\(step) of \(UInt32.random(in: 0 ... .max, using: &generator))"
                try site.call(
                    "PutItem",
                    ["TableName": "orders", "Item": ["id": id, "note": ["S": .string(value)]]])
            } else {
                try site.call("DeleteItem", ["TableName": "orders", "Key": ["id": id]])
            }
            if step % 5 == 0 { site.server.advanceClock(by: .seconds(20)) }
        }
    }
}
