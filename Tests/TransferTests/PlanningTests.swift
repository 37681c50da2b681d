import DynamoModel
import ItemBytes
import JSON
import Pacing
import Testing

@testable import Engine
@testable import Transfer

@Suite struct SegmentOrderTests {
    @Test(arguments: [1, 2, 3, 6, 8, 100, 1_000, 1_024, 4_097])
    func `every segment comes exactly once`(total: Int) {
        #expect(Array(SegmentOrder(total: total)).sorted() == Array(0..<total))
    }

    @Test func `any run of segments lies evenly over the hash space`() {
        let order = Array(SegmentOrder(total: 4_096))
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
            Array(SegmentOrder(total: total, parts: parts)) == Array(SegmentOrder(total: total)))
        var order = SegmentOrder(total: total, parts: parts)
        var come: [Int] = []
        while let index = order.next(near: come.count % 3 == 0 ? nil : come[come.count / 2]) {
            come.append(index)
        }
        #expect(come.sorted() == Array(0..<total))
    }

    @Test func `the first round is over when each part has had a segment`() {
        var order = SegmentOrder(total: 1_000, parts: 128)
        var parts: Set<Int> = []
        while order.isInFirstRound { parts.insert(order.next()! / 8) }
        // The last three of 128 parts would hold segments from 1,000 on.
        #expect(parts == Set(0..<125))
    }

    @Test func `whichever segments end first, one of each part of the hash space stays open`() {
        var order = SegmentOrder(total: 1_024, parts: 128)
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

@Suite struct PageSizingTests {
    private let pool = MemoryBudget(total: 32 << 20)!.pageBytes

    @Test func `a page never reserves more than the pool, whatever was learnt`() {
        for items in [1, 10, 1_000] {
            for json in [10, 700, 400_000, 6_000_000] {
                var sizing = PageSizing(poolBytes: pool, openSegments: 128)
                sizing.learn(items: items, jsonBytes: json * items, storedBytes: json * items / 2)
                let plan = sizing.plan()
                #expect(plan.limit >= 1)
                #expect(plan.reserve <= pool)
                #expect(plan.reserve <= PageSizing.worstCase(limit: plan.limit))
            }
        }
    }

    @Test func `a page that was too long is asked for with what it needs, down to one item`() throws
    {
        var sizing = PageSizing(poolBytes: pool, openSegments: 128)
        sizing.learn(items: 100, jsonBytes: 70_000, storedBytes: 40_000)
        var plan = sizing.plan()
        // Every item turns out to be of the largest size there is.
        while plan.reserve < PageSizing.worstCase(limit: plan.limit) {
            let bytes = PageSizing.worstCase(limit: plan.limit)
            let next = try #require(sizing.plan(after: plan, tooLong: bytes))
            #expect(next.reserve <= pool)
            try #require(next.limit < plan.limit || next.reserve > plan.reserve)
            plan = next
        }
        #expect(sizing.plan(after: .init(limit: 1, reserve: pool), tooLong: pool + 1) == nil)
    }

    @Test func `a small limit makes small pages`() {
        var sizing = PageSizing(poolBytes: pool, openSegments: 128)
        sizing.learn(items: 100, jsonBytes: 70_000, storedBytes: 40_960)
        #expect(sizing.plan(unitsMax: 0.5).limit == 10)
        #expect(sizing.plan(unitsMax: 0.01).limit == 1)
    }
}

@Suite struct RetryQueueTests {
    @Test func `groups come back in the order in which they are due`() {
        var queue = RetryQueue()
        var generator = SeededGenerator(seed: 3)
        for index in 0..<500 {
            let due = Instant(nanoseconds: Int64.random(in: 0...1_000, using: &generator))
            queue.add(.init(due: due, items: [BatchItem(page: 0, index: index)], isWhole: false))
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

@Suite struct UnitLimitsTests {
    private func table(_ billing: Billing, index: Throughput? = nil) -> TableDefinition {
        var table = TableDefinition(
            name: "t", schema: KeySchema(partition: KeyAttribute(name: "a", type: .string)))
        table.billing = billing
        if let index {
            table.globalIndexes = [IndexDefinition(name: "i", keys: table.keys, throughput: index)]
        }
        return table
    }

    @Test func `defaults spare a provisioned source and use a provisioned target in full`() throws {
        let provisioned = table(
            .provisioned(Throughput(readUnits: 80, writeUnits: 40)),
            index: Throughput(readUnits: 1, writeUnits: 9))
        let limits = try UnitLimits(AskedLimits(), source: provisioned, target: provisioned)
        #expect(limits.read.unitsPerSecond == 40)
        #expect(limits.write.all == [40, 9])
        #expect(AskedLimits().readUnits.followsTable)
    }

    @Test func `on demand there is no limit but a maximum`() throws {
        let free = table(.onDemand(Throughput()), index: Throughput())
        #expect(
            try UnitLimits(AskedLimits(), source: free, target: free).write.all == [nil, nil])
        let capped = table(.onDemand(Throughput(writeUnits: 700)), index: Throughput(writeUnits: 5))
        #expect(
            try UnitLimits(AskedLimits(), source: free, target: capped).write.all == [700, 5])
    }

    @Test func `a number bounds the table and each index, a percentage takes of each one's own`()
        throws
    {
        let target = table(
            .provisioned(Throughput(readUnits: 1, writeUnits: 1_000)),
            index: Throughput(readUnits: 1, writeUnits: 100))
        var options = CopyOptions()
        options.limits.writeUnits = .perSecond(500)
        #expect(
            try UnitLimits(options.limits, source: target, target: target).write.all == [500, 500])
        options.limits.writeUnits = .percent(25)
        #expect(
            try UnitLimits(options.limits, source: target, target: target).write.all == [250, 25])
    }

    @Test func `a percentage of nothing to read of a target is refused by its own option's name`() {
        let free = table(.onDemand(Throughput()))
        var asked = AskedLimits()
        asked.targetReadUnits = .percent(50)
        let refusal = #expect(throws: CopyRefusal.self) {
            try VerifyLimits(asked, source: free, target: free, isRepaired: false)
        }
        #expect(refusal?.message.contains("--target-read-units as a percentage") == true)
    }

    @Test func `a percentage of nothing is refused`() {
        let free = table(.onDemand(Throughput()))
        var options = CopyOptions()
        options.limits.writeUnits = .percent(50)
        #expect(throws: CopyRefusal.self) {
            try UnitLimits(options.limits, source: free, target: free)
        }
        options.limits.writeUnits = nil
        options.limits.readUnits = .percent(50)
        #expect(throws: CopyRefusal.self) {
            try UnitLimits(options.limits, source: free, target: free)
        }
    }
}

@Suite struct TableRelationTests {
    private func table(
        _ name: String, region: String = "us-east-1", account: String = "111122223333",
        id: String? = nil, replicas: [String] = []
    ) throws -> TableDescription {
        var json: JSON = [
            "TableName": .string(name),
            "TableArn": .string("arn:aws:dynamodb:\(region):\(account):table/\(name)"),
            "AttributeDefinitions": [["AttributeName": "a", "AttributeType": "S"]],
            "KeySchema": [["AttributeName": "a", "KeyType": "HASH"]],
            "Replicas": .array(replicas.map { ["RegionName": .string($0)] }),
        ]
        if let id { json["TableId"] = .string(id) }
        return try TableDescription(json)
    }

    @Test func `one table is recognised by its id wherever it is reached`() throws {
        let table = try table("a", id: "1")
        #expect(TableRelation(table, table, isSameEndpoint: false) == .same)
    }

    @Test func `equal ARNs are one table at one endpoint only`() throws {
        let one = try table("a", id: "1")
        let other = try table("a", id: "2")
        #expect(TableRelation(one, other, isSameEndpoint: true) == .same)
        #expect(TableRelation(one, other, isSameEndpoint: false) == .unrelated)
    }

    @Test func `replicas are recognised from either side`() throws {
        let one = try table("a", region: "us-east-1", id: "1", replicas: ["eu-west-1"])
        let other = try table("a", region: "eu-west-1", id: "2")
        #expect(TableRelation(one, other, isSameEndpoint: false) == .replica)
        #expect(TableRelation(other, one, isSameEndpoint: false) == .replica)
        let stranger = try table("a", region: "eu-west-1", account: "444455556666", id: "3")
        #expect(TableRelation(one, stranger, isSameEndpoint: false) == .unrelated)
    }
}

@Suite struct ProgressEstimateTests {
    @Test func `totals move from what the table reports to what finished segments held`() {
        func estimate(_ read: Int, _ finished: Int, reported: Int) -> Int? {
            CopyProgress.estimate(
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
