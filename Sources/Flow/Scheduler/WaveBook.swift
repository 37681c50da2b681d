/// Which partitions are of which wave, and which wave is read now.
///
/// Waves of which nothing is left to read are passed over. One that an earlier run has begun was
/// waited for by that run: it is entered at once.
struct WaveBook: Sendable {
    private struct Wave {
        let number: Int
        let partitions: Range<Int>
        /// Partitions that no earlier run has finished.
        let unfinished: Int
        /// An earlier run has read of it.
        let hasBegun: Bool
    }

    /// What is entered.
    struct Entered: Equatable {
        let partitions: Range<Int>
        let unfinished: Int
    }

    /// Those that have not been entered, the next one first.
    private var left: ArraySlice<Wave> = []

    init() {}

    /// - Parameters:
    ///   - waves: of each partition, in their order: never less than that before.
    ///   - earlier: where earlier runs have left partitions.
    init(_ waves: [Int], _ earlier: [Int: PartitionProgress]) {
        var start = 0
        while start < waves.count {
            let number = waves[start]
            let end = waves[start...].firstIndex { $0 != number } ?? waves.count
            precondition(
                end == waves.count || waves[end] > number, "waves are out of order: \(waves[end])")
            let unfinished = (start..<end).count { earlier[$0]?.position != .finished }
            if unfinished > 0 {
                let hasBegun = (start..<end).contains { earlier[$0] != nil }
                left.append(
                    Wave(
                        number: number, partitions: start..<end, unfinished: unfinished,
                        hasBegun: hasBegun))
            }
            start = end
        }
    }

    var isEmpty: Bool { left.isEmpty }

    /// Nothing that was written before may replace what the next wave writes: it is the lowest one
    /// there may be, or was waited for.
    var mayEnterAtOnce: Bool { left.first.map { $0.number == 0 || $0.hasBegun } ?? false }

    mutating func enter() -> Entered? {
        left.popFirst().map { Entered(partitions: $0.partitions, unfinished: $0.unfinished) }
    }
}
