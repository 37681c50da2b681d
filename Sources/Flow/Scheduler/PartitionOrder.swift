import System

/// The order in which partitions are opened: by bit-reversed index.
///
/// Partitions are contiguous ranges of the hash space, so partitions opened one after another in
/// scan order would heat one target partition at a time. Reversing the bits of 0, 1, 2, ... gives
/// the van der Corput sequence: any run of it lies evenly over the whole space.
///
/// | total | order |
/// |---|---|
/// | 8 | 0 4 2 6 1 5 3 7 |
/// | 6 | 0 4 2 1 5 3 |
package struct PartitionOrder: Sequence, IteratorProtocol, Sendable {
    private let total: Int
    private let bits: Int
    /// By parts of the hash space: the place in the order of the next partition there.
    private var places: [Int]

    /// - Parameter parts: the hash space is divided into so many equal parts, or fewer.
    package init(total: Int, parts: Int = 1) {
        precondition(total > 0, "there must be a partition, not \(total)")
        self.total = total
        bits = Int.bitWidth - (total - 1).leadingZeroBitCount
        let most = Swift.max(1, Swift.min(parts, 1 << bits))
        places = Array(0..<1 << (Int.bitWidth - 1 - most.leadingZeroBitCount))
    }

    /// Whether there are parts that no partition has come of yet.
    package var isInFirstRound: Bool { places.contains { $0 < places.count } }

    /// The next partition in order.
    package mutating func next() -> Int? {
        while let part = places.indices.min(by: { places[$0] < places[$1] }),
            places[part] < 1 << bits
        {
            if let index = next(inPart: part) { return index }
        }
        return nil
    }

    /// The next partition of the same part of the hash space as `index`; where there is none left,
    /// or with nil, the next in order.
    package mutating func next(near index: Int?) -> Int? {
        index.flatMap { next(inPart: reversed($0) % places.count) } ?? next()
    }

    private mutating func next(inPart part: Int) -> Int? {
        while places[part] < 1 << bits {
            let index = reversed(places[part])
            places[part] += places.count
            if index < total { return index }
        }
        return nil
    }

    private func reversed(_ place: Int) -> Int {
        bits == 0 ? 0 : Int(reverse(UInt(place)) >> (UInt.bitWidth - bits))
    }

    private func reverse(_ value: UInt) -> UInt {
        var value = value.byteSwapped
        value = (value & 0x0F0F_0F0F_0F0F_0F0F) << 4 | (value >> 4) & 0x0F0F_0F0F_0F0F_0F0F
        value = (value & 0x3333_3333_3333_3333) << 2 | (value >> 2) & 0x3333_3333_3333_3333
        return (value & 0x5555_5555_5555_5555) << 1 | (value >> 1) & 0x5555_5555_5555_5555
    }
}
