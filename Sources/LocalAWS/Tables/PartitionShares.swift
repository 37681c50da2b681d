/// The bytes of a page by partition; a page goes through partitions in their order.
struct PartitionShares {
    private let partitions: Int
    /// For each partition visited: where in it the page began to read, and how many bytes.
    private var shares: [(hash: UInt64, bytes: Int)] = []
    private var lastPartition = -1
    private var total = 0

    init(partitions: Int) { self.partitions = partitions }

    @inline(__always)
    mutating func add(_ bytes: Int, at hash: UInt64) {
        guard partitions > 1 else { return }
        total += bytes
        let partition = HashSegment.index(of: hash, total: partitions)
        if partition == lastPartition {
            shares[shares.count - 1].bytes += bytes
        } else {
            shares.append((hash, bytes))
            lastPartition = partition
        }
    }

    /// Splits the page's units by bytes; all go to where it began when nothing was read.
    func split(_ units: Double, first: UInt64) -> [(hash: UInt64, units: Double)] {
        guard shares.count > 1, total > 0 else { return [(shares.first?.hash ?? first, units)] }
        var left = units
        var parts: [(hash: UInt64, units: Double)] = []
        for (place, share) in shares.enumerated() {
            let isLast = place == shares.count - 1
            let part = isLast ? left : units * Double(share.bytes) / Double(total)
            left -= part
            parts.append((share.hash, part))
        }
        return parts
    }
}
