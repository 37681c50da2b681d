import Pacing
import Testing

@testable import Connectors
@testable import Flow

@Suite struct PartitionOrderTests {
    @Test(arguments: [1, 2, 3, 6, 8, 100, 1_000, 1_024, 4_097])
    func `every segment comes exactly once`(total: Int) {
        #expect(Array(PartitionOrder(total: total)).sorted() == Array(0..<total))
    }

    @Test func `any run of segments lies evenly over the hash space`() {
        let order = Array(PartitionOrder(total: 4_096))
        for start in stride(from: 0, to: 4_096 - 128, by: 61) {
            let run = order[start..<(start + 128)]
            // In each 64th of the hash space there are about two of 128.
            var partitions = [Int](repeating: 0, count: 64)
            for segment in run { partitions[segment / 64] += 1 }
            #expect(partitions.max()! <= 4 && partitions.min()! >= 1, "start \(start)")
        }
    }
}

@Suite struct SegmentPartTests {
    @Test(arguments: [(1_024, 128), (1_000, 128), (64, 128), (7, 4), (1, 1)])
    func `every segment comes once, in the usual order until one is asked for by its part`(
        total: Int, parts: Int
    ) {
        #expect(
            Array(PartitionOrder(total: total, parts: parts)) == Array(PartitionOrder(total: total))
        )
        var order = PartitionOrder(total: total, parts: parts)
        var come: [Int] = []
        while let index = order.next(near: come.count % 3 == 0 ? nil : come[come.count / 2]) {
            come.append(index)
        }
        #expect(come.sorted() == Array(0..<total))
    }

    @Test func `the first round is over when each part has had a segment`() {
        var order = PartitionOrder(total: 1_000, parts: 128)
        var parts: Set<Int> = []
        while order.isInFirstRound { parts.insert(order.next()! / 8) }
        // The last three of 128 parts would hold segments from 1,000 on.
        #expect(parts == Set(0..<125))
    }

    @Test func `whichever segments end first, one of each part of the hash space stays open`() {
        var order = PartitionOrder(total: 1_024, parts: 128)
        var open = (0..<128).map { _ in order.next()! }
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<512 {
            let ended = Int.random(in: 0..<128, using: &generator)
            let part = open[ended] / 8
            let next = order.next(near: open[ended])!
            guard next / 8 == part else { return }  // the first part that has come to its end
            open[ended] = next
            #expect(Set(open.map { $0 / 8 }).count == 128)
        }
    }
}
