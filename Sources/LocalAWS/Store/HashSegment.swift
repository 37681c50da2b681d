import System

/// A segment of a parallel scan: one of equal ranges of the hash space, and who lies in it.
struct HashSegment: Equatable, Sendable {
    let index: Int
    let total: Int

    static let whole = HashSegment(index: 0, total: 1)

    /// The smallest hash in the segment.
    var firstHash: UInt64 { Self.start(UInt64(index), of: UInt64(total)) }

    /// The largest hash in the segment.
    var lastHash: UInt64 {
        index + 1 == total ? .max : Self.start(UInt64(index + 1), of: UInt64(total)) - 1
    }

    func contains(_ hash: UInt64) -> Bool {
        Self.index(of: hash, total: total) == index
    }

    /// The segment that a hash lies in, of `total`.
    static func index(of hash: UInt64, total: Int) -> Int {
        Int(hash.multipliedFullWidth(by: UInt64(total)).high)
    }

    /// ⌈index × 2^64 ÷ total⌉, where `index` of `total` begins.
    private static func start(_ index: UInt64, of total: UInt64) -> UInt64 {
        let (quotient, remainder) = total.dividingFullWidth((index, 0))
        return remainder == 0 ? quotient : quotient + 1
    }
}
