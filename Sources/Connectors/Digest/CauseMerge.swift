import Flow

/// What the second pass has found, beside what the first pass has.
package struct PassDifference: Sendable {
    package let spill: KeySpill
    package let first: SumDifference
    /// What the source's sum of each bucket that differs is more than the target's this time,
    /// mod 2^128.
    package let excess: [UInt128]

    package init(spill: KeySpill, first: SumDifference, excess: [UInt128]) {
        self.spill = spill
        self.first = first
        self.excess = excess
    }
}

/// Merges keys that differ, and says of each whether it differed in the same way when both sides
/// were read first.
///
/// Of the first pass a bucket's sums are known, of the second each of its items that differ. An
/// item adds to the first excess of the source over the target as much as to the second where
/// neither side has changed, and nothing where both sides were equal then. So the items whose
/// differences add up to the first excess have stood, and the others have changed since
/// (the guide, "Digest", says how sure that is). Where an item was different at first and has
/// changed too, nothing adds up, and the causes in its bucket stay unknown.
package struct CauseMerge: Sendable {
    /// More items of a bucket are not held, nor could all of their combinations be tried.
    static let candidatesMax = 16

    private var merge: KeyMerge
    private let first: SumDifference
    private let excess: [UInt128]
    /// Of one bucket, and settled; the next one last.
    private var settled: [KeyDifference] = []
    private var ahead: KeyDifference?
    /// Whose items have all stood, or are unknown; they are passed on as they come.
    private var passed: (bucket: Int, hasStood: Bool?)?

    /// Nothing may be added to the difference's spill any more.
    /// - Throws: when the disk does not take, or give back, what memory does not hold.
    package init(_ difference: PassDifference) throws(FlowFailure) {
        merge = try difference.spill.merge()
        (first, excess) = (difference.first, difference.excess)
    }

    /// The next key that is not equal on both sides, in the order of the hashes; nil at the end.
    /// - Throws: when a file can't be read.
    package mutating func next() throws(FlowFailure) -> KeyDifference? {
        if let next = settled.popLast() { return next }
        guard var next = try take() else { return nil }
        let bucket = first.bucket(of: next.keyHash)
        if passed?.bucket != bucket {
            passed = nil
            if excess[bucket] == first.excess[bucket] { passed = (bucket, true) }
        }
        if let passed {
            next.hasStood = passed.hasStood
            return next
        }
        var candidates = [next]
        while let other = try take() {
            let isOfBucket = first.bucket(of: other.keyHash) == bucket
            guard isOfBucket, candidates.count < Self.candidatesMax else {
                ahead = other
                if isOfBucket { passed = (bucket, nil) }
                break
            }
            candidates.append(other)
        }
        if passed == nil { Self.settle(&candidates, sum: first.excess[bucket]) }
        settled = candidates.reversed()
        return settled.popLast()
    }

    private mutating func take() throws(FlowFailure) -> KeyDifference? {
        guard let next = ahead else { return try merge.next() }
        ahead = nil
        return next
    }

    /// Finds those of a bucket's items that add up to what it had at first.
    private static func settle(_ candidates: inout [KeyDifference], sum: UInt128) {
        let excesses = candidates.map { ($0.source?.item ?? 0) &- ($0.target?.item ?? 0) }
        guard let chosen = subset(of: excesses, sum: sum) else { return }
        for index in candidates.indices {
            candidates[index].hasStood = chosen & 1 << index != 0
        }
    }

    /// Which of the numbers add up to `sum` mod 2^128, as a set of bits; nil when there are none.
    /// - Parameter numbers: ``candidatesMax`` at most.
    static func subset(of numbers: [UInt128], sum: UInt128) -> Int? {
        // Of two sets that follow each other one has one number more (Gray's code).
        var (chosen, total) = (0, 0 as UInt128)
        for step in 1...(1 << numbers.count) {
            if total == sum { return chosen }
            let index = step.trailingZeroBitCount
            guard index < numbers.count else { break }
            chosen ^= 1 << index
            total = chosen & 1 << index != 0 ? total &+ numbers[index] : total &- numbers[index]
        }
        return nil
    }
}
