import System

/// How many items there are in a part of a table, and what their digests add up to, mod 2^128: the
/// same for every order in which they are taken (the guide, "Digest", says why they are added).
package struct DigestSum: Equatable, Sendable {
    package private(set) var items = 0
    package private(set) var sum: UInt128 = 0

    package init() {}

    package init(items: Int, sum: UInt128) {
        self.items = items
        self.sum = sum
    }

    @inline(__always)
    package mutating func add(_ digest: UInt128) {
        items += 1
        sum &+= digest
    }

    mutating func add(_ other: DigestSum) {
        items += other.items
        sum &+= other.sum
    }
}

/// The sums of one side's items: each item counts once by the hash of its key, and once by the
/// segment that it was read from.
package struct TableSums: Equatable, Sendable {
    package private(set) var buckets: [DigestSum]
    package private(set) var segments: [DigestSum]

    /// - Parameters:
    ///   - buckets: a power of two.
    ///   - segments: `TotalSegments` of the scan.
    package init(buckets: Int, segments: Int) {
        precondition(buckets > 0 && buckets & (buckets - 1) == 0, "\(buckets) is no power of two")
        self.buckets = Array(repeating: DigestSum(), count: buckets)
        self.segments = Array(repeating: DigestSum(), count: segments)
    }

    /// What an earlier run has come to.
    package init(_ state: DigestState, segments: Int) {
        self.init(buckets: state.buckets.count, segments: segments)
        buckets = state.buckets
        for segment in state.segments { self.segments[segment.segment] = segment.sum }
    }

    /// Adds a page of a segment.
    package mutating func add(_ digests: some Sequence<ItemDigest>, segment: Int) {
        for digest in digests {
            buckets[Self.bucket(of: digest.key, among: buckets.count)].add(digest.item)
            segments[segment].add(digest.item)
        }
    }

    /// Adds sums of as many buckets and segments.
    mutating func add(_ other: TableSums) {
        for bucket in buckets.indices { buckets[bucket].add(other.buckets[bucket]) }
        for segment in segments.indices { segments[segment].add(other.segments[segment]) }
    }

    /// The bucket that a key belongs to, by the highest bits of its hash: in the order of the
    /// hashes a bucket's keys come one after the other.
    /// - Parameter count: a power of two, at most 2^63.
    @inline(__always)
    static func bucket(of key: UInt128, among count: Int) -> Int {
        Int(truncatingIfNeeded: UInt64(truncatingIfNeeded: key >> 64) >> (64 - bits(of: count)))
    }

    private static func bits(of count: Int) -> UInt64 { UInt64(count.trailingZeroBitCount) }

    package var items: Int { segments.reduce(0) { $0 + $1.items } }

    /// Buckets that keep what is read again small: about 64 items of a side in each.
    package static func buckets(forItems items: Int) -> Int {
        let wanted = min(max(items / 64, 256), 65_536)
        return 1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount)
    }
}

/// Where two tables differ, as far as their sums tell.
package struct SumDifference: Equatable, Sendable {
    /// Whether the keys of a bucket are looked at, by bucket.
    package private(set) var isBucketOpen: [Bool]
    /// What the source's sum of each bucket is more than the target's, mod 2^128.
    package let excess: [UInt128]
    package let buckets: Int
    /// Segments to read again, on both sides. What an equal segment holds is equal, wherever the
    /// two tables place their keys: all that is left of either side is in these. nil: everything,
    /// where the two are not read in the same segments.
    package let segments: [Int]?
    /// Segments that hold items on either side.
    package let segmentsHeld: Int

    /// - Parameter comparesSegments: both are read in the same ones.
    package init(_ source: TableSums, _ target: TableSums, comparesSegments: Bool = true) {
        precondition(source.buckets.count == target.buckets.count, "sums of different making")
        isBucketOpen = zip(source.buckets, target.buckets).map { $0 != $1 }
        excess = zip(source.buckets, target.buckets).map { $0.sum &- $1.sum }
        buckets = isBucketOpen.count { $0 }
        guard comparesSegments else {
            (segments, segmentsHeld) = (nil, 0)
            return
        }
        let pairs = zip(source.segments, target.segments)
        segmentsHeld = pairs.count { $0.items + $1.items > 0 }
        segments = pairs.enumerated().compactMap { $1.0 == $1.1 ? nil : $0 }
    }

    package var isEmpty: Bool { buckets == 0 && segments?.isEmpty != false }

    @inline(__always)
    func concerns(_ key: UInt128) -> Bool {
        isBucketOpen[bucket(of: key)]
    }

    @inline(__always)
    func bucket(of key: UInt128) -> Int { TableSums.bucket(of: key, among: isBucketOpen.count) }
}
