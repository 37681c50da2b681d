import DynamoModel
import Foundation
import Pacing
import System
import Testing

@testable import Connectors
@testable import Transfer

/// Goal: what was different from the start and what has changed since are told apart by item, and
/// never wrongly. Method: made-up tables of which it is known what befell each item, judged by the
/// sums of a first pass and the items of a second.
struct CauseMergeTests {
    /// What one item was on both sides when it was read first, and is now; nil where it is not.
    private struct Made {
        var key: UInt128
        var segment: Int
        var first: (source: UInt128?, target: UInt128?)
        var now: (source: UInt128?, target: UInt128?)

        var hasStood: Bool { first == now }
        var wasEqual: Bool { first.source == first.target }
        /// It was different at first, and differs otherwise now, or no more.
        var isSpoiled: Bool { !hasStood && !wasEqual }

        init(_ generator: inout SeededGenerator, edits: Double, both: Double) {
            key = .random(in: 0...UInt128.max, using: &generator)
            segment = Int(key & 7)
            let item = UInt128.random(in: 0...UInt128.max, using: &generator)
            first = (item, item)
            let fate = generator.unit()
            let isWrong = fate < edits / 2 || fate > 1 - both
            if isWrong { first = Self.changed(first, &generator, isTarget: true) }
            now = first
            guard fate > 1 - both || (fate >= edits / 2 && fate < edits) else { return }
            now = Self.changed(now, &generator, isTarget: generator.unit() < 0.1)
        }

        /// Another value on one side, or none where there was one.
        private static func changed(
            _ pair: (source: UInt128?, target: UInt128?), _ generator: inout SeededGenerator,
            isTarget: Bool
        ) -> (source: UInt128?, target: UInt128?) {
            let isGone = Int.random(in: 0...2, using: &generator) == 0
            let value = isGone ? nil : UInt128.random(in: 0...UInt128.max, using: &generator)
            // Sometimes it was not in the source at all.
            if isTarget, !isGone, generator.unit() < 0.3 { return (nil, value) }
            return isTarget ? (pair.source, value) : (value, pair.target)
        }
    }

    private static let segments = 8

    private static func sums(
        _ items: [Made], buckets: Int, _ digest: (Made) -> UInt128?
    ) -> TableSums {
        var sums = TableSums(buckets: buckets, segments: segments)
        for item in items {
            guard let value = digest(item) else { continue }
            sums.add([ItemDigest(key: item.key, item: value)], segment: item.segment)
        }
        return sums
    }

    /// What the merge says of each item that it has, by its key.
    private static func told(
        _ items: [Made], _ first: SumDifference, spillBytes: Int = 1 << 20
    ) throws -> [UInt128: Bool?] {
        let spill = KeySpill(folder: NSTemporaryDirectory(), bytesMax: spillBytes)
        var excess: [UInt128] = Array(repeating: 0, count: first.excess.count)
        let again = Set(first.segments ?? [])
        for item in items where again.contains(item.segment) && first.concerns(item.key) {
            for (value, isTarget) in [(item.now.source, false), (item.now.target, true)] {
                guard let value else { continue }
                var page = KeyTable()
                let digest = ItemDigest(key: item.key, item: value)
                page.add(digest, isTarget: isTarget, key: Array("{}".utf8))
                try spill.add(page)
                excess[first.bucket(of: item.key)] &+= isTarget ? 0 &- value : value
            }
        }
        var merge = try CauseMerge(PassDifference(spill: spill, first: first, excess: excess))
        var told: [UInt128: Bool?] = [:]
        var last: UInt128?
        while let next = try merge.next() {
            #expect(last.map { $0 < next.keyHash } ?? true, "keys come in order, each once")
            last = next.keyHash
            told[next.keyHash] = .some(next.hasStood)
        }
        return told
    }

    /// Whether a bucket's items can be told apart.
    private static func isTold(_ bucket: [Made]) -> Bool {
        let candidates = bucket.filter { $0.now.source != $0.now.target }
        if bucket.contains(where: \.isSpoiled) { return false }
        return candidates.count <= CauseMerge.candidatesMax || candidates.allSatisfy(\.hasStood)
    }

    @Test(
        """
        of 600 random pairs of tables each item's cause is told as it is, and left open only where \
        an item of its bucket was wrong and has changed too, or too many differ
        """)
    func exact() throws {
        var tally: [String: Int] = [:]
        for seed in 0..<600 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let buckets = [1, 2, 16, 256][Int(seed % 4)]
            let (edits, both) = [(0.02, 0.0), (0.1, 0.01), (0.5, 0.0)][Int(seed % 3)]
            let items = (0..<Int.random(in: 0...250, using: &generator)).map { _ in
                Made(&generator, edits: edits, both: both)
            }
            let first = SumDifference(
                Self.sums(items, buckets: buckets) { $0.first.source },
                Self.sums(items, buckets: buckets) { $0.first.target })
            let told = try Self.told(items, first, spillBytes: seed % 5 == 0 ? 2_000 : 1 << 20)
            let again = Set(first.segments ?? [])
            let seen = items.filter { again.contains($0.segment) && first.concerns($0.key) }
            for bucket in Dictionary(grouping: seen, by: { first.bucket(of: $0.key) }).values {
                let isTold = Self.isTold(bucket)
                for item in bucket where item.now.source != item.now.target {
                    let expected: Bool? = isTold ? item.hasStood : nil
                    #expect(told[item.key] == .some(expected), "seed \(seed)")
                    tally[expected.map { "\($0)" } ?? "open", default: 0] += 1
                }
            }
            let candidates = seen.count { $0.now.source != $0.now.target }
            #expect(told.count == candidates, "seed \(seed)")
        }
        #expect(tally.values.allSatisfy { $0 > 500 } && tally.count == 3, "\(tally)")
    }

    @Test("of a bucket in which too many differ all are told when nothing has changed, else none")
    func crowded() throws {
        let most = CauseMerge.candidatesMax
        for (count, changed, expected) in [
            (most, 1, true), (most + 1, 0, true), (most + 1, 1, nil), (5_000, 0, true),
            (5_000, 1, nil),
        ] as [(Int, Int, Bool?)] {
            var generator = SeededGenerator(seed: UInt64(count))
            var items: [Made] = []
            while items.count < count {
                let made = Made(&generator, edits: 1, both: 0)
                let isWanted = items.count < changed ? made.wasEqual : made.hasStood
                if isWanted, made.now.source != made.now.target { items.append(made) }
            }
            let first = SumDifference(
                Self.sums(items, buckets: 1) { $0.first.source },
                Self.sums(items, buckets: 1) { $0.first.target })
            let told = try Self.told(items, first)
            for (index, item) in items.enumerated() where first.segments!.contains(item.segment) {
                let isStanding = expected.map { $0 && index >= changed }
                #expect(told[item.key] == .some(isStanding), "\(count) items, \(index)")
            }
        }
    }

    @Test("a subset is found wherever there is one, and none where there is none")
    func subsets() {
        var generator = SeededGenerator(seed: 1)
        for count in 0...10 {
            let numbers = (0..<count).map { _ in
                UInt128.random(in: 0...UInt128.max, using: &generator)
            }
            for chosen in 0..<(1 << count) {
                let sum = numbers.indices.filter { chosen & 1 << $0 != 0 }
                    .reduce(0 as UInt128) { $0 &+ numbers[$1] }
                #expect(CauseMerge.subset(of: numbers, sum: sum) == chosen)
                #expect(CauseMerge.subset(of: numbers, sum: sum &+ 1) == nil)
            }
        }
    }

    @Test("what has changed again since the second pass is never told to be copied wrongly")
    func later() {
        let cases: [(stood: Bool?, now: (UInt128?, UInt128?), VerifyFinding.Cause)] = [
            (true, (1, 2), .differedAtFirstRead), (true, (1, nil), .differedAtFirstRead),
            (true, (3, 1), .changedSince), (true, (3, 2), .unknown),
            (true, (nil, 1), .changedSince),
            (false, (1, 2), .changedSince), (false, (3, 2), .changedSince),
            (nil, (1, 2), .unknown),
        ]
        for (stood, now, cause) in cases {
            let difference = KeyDifference(
                source: ItemDigest(key: 7, item: 1), target: ItemDigest(key: 7, item: 2),
                keyHash: 7, key: [], hasStood: stood)
            #expect(VerifyFinding.Cause(difference, now: now) == cause, "\(now)")
        }
    }
}
