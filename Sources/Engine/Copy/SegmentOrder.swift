/// The order in which segments are opened: by bit-reversed index.
///
/// Segments are contiguous ranges of the hash space, so segments opened one after another in scan
/// order would heat one target partition at a time. Reversing the bits of 0, 1, 2, ... gives the
/// van der Corput sequence: any run of it lies evenly over the whole space.
///
/// | total | order |
/// |---|---|
/// | 8 | 0 4 2 6 1 5 3 7 |
/// | 6 | 0 4 2 1 5 3 |
package struct SegmentOrder: Sequence, IteratorProtocol, Sendable {
    private let total: Int
    private let bits: Int
    private var counter = 0

    package init(total: Int) {
        precondition(total > 0, "there must be a segment, not \(total)")
        self.total = total
        bits = Int.bitWidth - (total - 1).leadingZeroBitCount
    }

    package mutating func next() -> Int? {
        while counter < 1 << bits {
            let reversed = bits == 0 ? 0 : Int(reverse(UInt(counter)) >> (UInt.bitWidth - bits))
            counter += 1
            if reversed < total { return reversed }
        }
        return nil
    }

    private func reverse(_ value: UInt) -> UInt {
        var value = value.byteSwapped
        value = (value & 0x0F0F_0F0F_0F0F_0F0F) << 4 | (value >> 4) & 0x0F0F_0F0F_0F0F_0F0F
        value = (value & 0x3333_3333_3333_3333) << 2 | (value >> 2) & 0x3333_3333_3333_3333
        return (value & 0x5555_5555_5555_5555) << 1 | (value >> 1) & 0x5555_5555_5555_5555
    }
}
