import AWS
import DynamoModel
import Foundation
import Pacing
import System
import Testing

@testable import Connectors
@testable import Flow

/// What finds differences between two tables once their items have been read: sums, and keys that
/// are kept in bounded memory.
struct VerifyEngineTests {
    /// A made-up item: what a digest would say of it, and its key.
    private struct Made {
        var digest: ItemDigest
        var key: [UInt8]
        var segment: Int
    }

    /// Two tables that differ in ways that are known.
    private struct Pair {
        static let segments = 16
        var source: [Made] = []
        var target: [Made] = []
        /// By hash: digests of both sides, nil where the item is not.
        var differences: [UInt128: [UInt128?]] = [:]

        init(seed: UInt64, items: Int, edits: Double) {
            var generator = SeededGenerator(seed: seed)
            let sharesOrder = Bool.random(using: &generator)
            for index in 0..<items {
                let key = Array("{\"id\":{\"S\":\"\(index)\"}}".utf8)
                let digest = ItemDigest(
                    key: .random(in: 0...UInt128.max, using: &generator),
                    item: .random(in: 0...UInt128.max, using: &generator))
                let segment = Int(digest.key >> 64 & 15)
                let made = Made(digest: digest, key: key, segment: segment)
                var other = made
                if !sharesOrder { other.segment = Int.random(in: 0...15, using: &generator) }
                switch generator.unit() < edits ? Int.random(in: 0...2, using: &generator) : 3 {
                case 0:
                    source.append(made)
                    differences[digest.key] = [digest.item, nil]
                case 1:
                    target.append(other)
                    differences[digest.key] = [nil, digest.item]
                case 2:
                    other.digest.item = .random(in: 0...UInt128.max, using: &generator)
                    source.append(made)
                    target.append(other)
                    differences[digest.key] = [digest.item, other.digest.item]
                default:
                    source.append(made)
                    target.append(other)
                }
            }
            source.shuffle(using: &generator)
            target.shuffle(using: &generator)
        }

        static func sums(_ items: [Made], buckets: Int = 256) -> TableSums {
            var sums = TableSums(buckets: buckets, segments: segments)
            for item in items { sums.add([item.digest], segment: item.segment) }
            return sums
        }
    }

    private static func found(
        _ pair: Pair, _ difference: SumDifference, bytesMax: Int
    ) throws -> (found: [UInt128: [UInt128?]], runs: Int) {
        let spill = KeySpill(folder: NSTemporaryDirectory(), bytesMax: bytesMax)
        let again = Set(difference.segments ?? [])
        for (items, isTarget) in [(pair.source, false), (pair.target, true)] {
            for item in items where again.contains(item.segment) {
                guard difference.concerns(item.digest.key) else { continue }
                var page = KeyTable()
                page.add(item.digest, isTarget: isTarget, key: item.key)
                try spill.add(page)
            }
        }
        let runs = spill.runs
        var merge = try spill.merge()
        var found: [UInt128: [UInt128?]] = [:]
        var last: UInt128?
        while let next = try merge.next() {
            #expect(last.map { $0 < next.keyHash } ?? true, "keys come in order, each once")
            last = next.keyHash
            found[next.keyHash] = [next.source?.item, next.target?.item]
        }
        return (found, runs)
    }

    @Test(
        "of 400 random pairs of tables, sharing hash order or not, what differs is found exactly"
    )
    func exact() throws {
        for seed in 0..<400 as Range<UInt64> {
            let items = Int(seed % 40) * 10
            let pair = Pair(seed: seed, items: items, edits: [0, 0.01, 0.2, 1][Int(seed % 4)])
            let difference = SumDifference(Pair.sums(pair.source), Pair.sums(pair.target))
            let bytesMax = seed % 3 == 0 ? 1_000 : 1 << 20
            let (found, _) = try Self.found(pair, difference, bytesMax: bytesMax)
            let isExact = found == pair.differences
            #expect(isExact, "seed \(seed): \(found.count), not \(pair.differences.count)")
            // Unequal placement alone is no difference, but has to be read again.
            #expect(pair.differences.isEmpty || !difference.isEmpty, "seed \(seed)")
        }
    }

    @Test("disjoint tables are merged from more runs than are merged at a time")
    func spilled() throws {
        let pair = Pair(seed: 7, items: 4_000, edits: 1)
        let difference = SumDifference(Pair.sums(pair.source), Pair.sums(pair.target))
        let (found, runs) = try Self.found(pair, difference, bytesMax: 2_000)
        let isExact = found == pair.differences
        #expect(isExact, "\(found.count), not \(pair.differences.count)")
        // 64 runs of a level became one of the next.
        #expect(runs > 2 && runs < 130, "\(runs) runs")
    }

    @Test("sums do not depend on the order of items, nor bucket sums on segments")
    func order() {
        let pair = Pair(seed: 3, items: 2_000, edits: 0)
        var others = pair.source.shuffled()
        #expect(Pair.sums(pair.source) == Pair.sums(others))
        for index in others.indices { others[index].segment = index % Pair.segments }
        #expect(Pair.sums(pair.source).buckets == Pair.sums(others).buckets)
        #expect(Pair.sums(pair.source).segments != Pair.sums(others).segments)
    }

    @Test("an item that stands twice, or two that changed places, is no cancelled difference")
    func cancelling() {
        var pair = Pair(seed: 4, items: 100, edits: 0)
        pair.target[0] = pair.target[1]
        pair.target.append(pair.target[1])
        pair.source.append(pair.source[0])
        #expect(!SumDifference(Pair.sums(pair.source), Pair.sums(pair.target)).isEmpty)
    }

    @Test("buckets follow the table's size between 256 and 65,536")
    func buckets() {
        #expect(TableSums.buckets(forItems: 0) == 256)
        #expect(TableSums.buckets(forItems: 1_000_000) == 8_192)
        #expect(TableSums.buckets(forItems: .max / 2) == 65_536)
    }

    @Test("a folder that can't be written is a failure that says so")
    func unwritable() throws {
        let pair = Pair(seed: 5, items: 200, edits: 1)
        let difference = SumDifference(Pair.sums(pair.source), Pair.sums(pair.target))
        let spill = KeySpill(folder: "/nowhere/at/all", bytesMax: 1_000)
        let failure = #expect(throws: FlowFailure.self) {
            for item in pair.source where difference.concerns(item.digest.key) {
                var page = KeyTable()
                page.add(item.digest, isTarget: false, key: item.key)
                try spill.add(page)
            }
        }
        #expect(failure?.message.contains("/nowhere/at/all") == true)
    }
}
