import DynamoModel
import Pacing
import Testing

@testable import Connectors
@testable import Flow

@Suite struct PageSizingTests {
    private let pool = MemoryBudget(total: 32 << 20)!.pageBytes

    @Test func `a page never reserves more than the pool, whatever was learnt`() {
        for items in [1, 10, 1_000] {
            for json in [10, 700, 400_000, 6_000_000] {
                var sizing = PageSizing(.scan(), poolBytes: pool, openPartitions: 128)
                sizing.learn(items: items, jsonBytes: json * items, storedBytes: json * items / 2)
                let plan = sizing.plan()
                #expect(plan.limit >= 1)
                #expect(plan.reserve <= pool)
                #expect(plan.reserve <= PageShape.scan().replyBytesMax(items: plan.limit))
            }
        }
    }

    @Test func `a page is no larger than a minute's units, however slow they come`() {
        var sizing = PageSizing(.scan(), poolBytes: pool, openPartitions: 128)
        sizing.learn(items: 1_000, jsonBytes: 1_000_000, storedBytes: 500_000)
        for rate in [0.5, 1, 5, 1_000] {
            let pacing = ReadPacing(ReadLimit(unitsPerSecond: rate), at: .zero)
            for consistent in [false, true] {
                let plan = sizing.plan(
                    storedBytesMax:
                        pacing.pageBytesMax(.scan(isConsistent: consistent)))
                let units = CapacityUnits.scan(bytes: plan.limit * 500, consistent: consistent)
                #expect(units <= 60 * rate)
                #expect(plan.limit <= sizing.plan().limit)
                if rate == 1_000 { #expect(plan == sizing.plan()) }
            }
        }
    }

    @Test func `a page that was too long is asked for with what it needs, down to one item`() throws
    {
        var sizing = PageSizing(.scan(), poolBytes: pool, openPartitions: 128)
        sizing.learn(items: 100, jsonBytes: 70_000, storedBytes: 40_000)
        var plan = sizing.plan()
        // Every item turns out to be of the largest size there is.
        while plan.reserve < PageShape.scan().replyBytesMax(items: plan.limit) {
            let bytes = PageShape.scan().replyBytesMax(items: plan.limit)
            let next = try #require(sizing.plan(after: plan, tooLong: bytes))
            #expect(next.reserve <= pool)
            try #require(next.limit < plan.limit || next.reserve > plan.reserve)
            plan = next
        }
        #expect(sizing.plan(after: .init(limit: 1, reserve: pool), tooLong: pool + 1) == nil)
    }
}

@Suite struct RetryQueueTests {
    @Test func `groups come back in the order in which they are due`() {
        var queue = RetryQueue()
        var generator = SeededGenerator(seed: 3)
        for index in 0..<500 {
            let due = Instant(nanoseconds: Int64.random(in: 0...1_000, using: &generator))
            queue.add(.init(due: due, items: [ItemRef(page: 0, index: index)], isWhole: false))
        }
        var last = Instant.zero
        var count = 0
        while let due = queue.nextDue {
            #expect(queue.popDue(at: Instant(nanoseconds: due.nanoseconds - 1)) == nil)
            let group = queue.popDue(at: due)
            #expect(group?.due == due && due >= last)
            last = due
            count += 1
        }
        #expect(count == 500 && queue.itemCount == 0)
    }
}

@Suite struct ProgressEstimateTests {
    @Test func `totals move from what the table reports to what finished segments held`() {
        func estimate(_ read: Int, _ finished: Int, reported: Int) -> Int? {
            FlowProgress.estimate(
                read: read, readInFinished: finished * 100, segmentsFinished: finished,
                segments: 100, reported: reported)
        }
        #expect(estimate(0, 0, reported: 0) == nil)
        #expect(estimate(50, 0, reported: 4_000) == 4_000)
        #expect(estimate(5_000, 0, reported: 4_000) == 5_000)
        #expect(estimate(5_000, 50, reported: 4_000) == 7_000)
        #expect(estimate(10_000, 100, reported: 4_000) == 10_000)
        #expect(estimate(2_500, 25, reported: 0) == 10_000)
    }
}
