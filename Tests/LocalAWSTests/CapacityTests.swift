import DynamoModel
import Pacing
import System
import Testing

@testable import LocalAWS

/// `#expect` for a condition that changes what it asks: the macro can't call mutating methods.
private func holds(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(condition, sourceLocation: sourceLocation)
}

@Suite struct CapacityTests {
    @Test func `a second's units can be spent once and come back with the next second`() {
        var bucket = UnitBucket(rate: 100, burstSeconds: 0, second: 10)
        holds(bucket.admits(60, second: 10))
        bucket.spend(60, second: 10)
        holds(!bucket.admits(41, second: 10))
        holds(bucket.admits(40, second: 10))
        bucket.spend(40, second: 10)
        holds(!bucket.admits(1, second: 10))
        holds(bucket.admits(100, second: 11))
        bucket.spend(1, second: 11)
        holds(!bucket.admits(100, second: 11))
    }

    @Test func `unused units are saved up to the burst and no further`() {
        var bucket = UnitBucket(rate: 100, burstSeconds: 300, second: 0)
        holds(bucket.admits(200, second: 1))
        bucket.spend(0, second: 1000)
        holds(bucket.admits(30_100, second: 1000))
        bucket.spend(30_100, second: 1000)
        holds(!bucket.admits(1, second: 1000))
        holds(bucket.admits(100, second: 1001))
    }

    @Test func `a request bigger than a second's units passes alone and its debt is paid`() {
        var bucket = UnitBucket(rate: 5, burstSeconds: 0, second: 0)
        holds(bucket.admits(20, second: 0))
        bucket.spend(20, second: 0)
        holds(!bucket.admits(1, second: 1))
        holds(!bucket.admits(1, second: 3))
        holds(bucket.admits(5, second: 4))
    }

    @Test func `reads pass while anything is left, even into debt`() {
        var bucket = UnitBucket(rate: 100, burstSeconds: 0, second: 0)
        bucket.spend(99, second: 0)
        holds(bucket.admitsAnything(second: 0))
        bucket.spend(128, second: 0)
        holds(!bucket.admitsAnything(second: 1))
        holds(bucket.admitsAnything(second: 2))
    }

    /// Goal: no window of whole seconds may take more than its seconds and what was saved.
    @Test(arguments: [0.0, 3.0, 300.0])
    func `what is admitted never exceeds the seconds and the burst`(burst: Double) {
        for seed in UInt64(1)...50 {
            var generator = SeededGenerator(seed: seed)
            var bucket = UnitBucket(rate: 100, burstSeconds: burst, second: 0)
            var (second, spent): (Int64, Double) = (0, 0)
            for _ in 0..<2_000 {
                second += Int64(generator.next() % 3)
                let units = Double(1 + generator.next() % 90)
                if bucket.admits(units, second: second) {
                    bucket.spend(units, second: second)
                    spent += units
                }
                #expect(
                    spent <= 100 * Double(second + 1), "seed \(seed), second \(second)")
            }
        }
    }

    @Test func `a new on-demand table takes 4,000 write units a second over four partitions`() {
        var model = CapacityModel(
            billing: .onDemand(Throughput()), partitions: nil, burstSeconds: 0, second: 0)
        #expect(model.partitionCount == 4)
        var taken = Array(repeating: 0, count: 4)
        for partition in 0..<4 {
            while model.refusal(ofWriting: 1, partition: partition, second: 0) == nil {
                model.spendWrite(1, partition: partition, second: 0)
                taken[partition] += 1
            }
        }
        #expect(taken == [1000, 1000, 1000, 1000])
        holds(model.refusal(ofWriting: 1, partition: 0, second: 0) == .provisioned)
    }

    @Test func `a hot partition is refused while the table has units left`() {
        var model = CapacityModel(
            billing: .onDemand(Throughput()), partitions: nil, burstSeconds: 0, second: 0)
        for _ in 0..<1000 { model.spendWrite(1, partition: 2, second: 0) }
        holds(model.refusal(ofWriting: 1, partition: 2, second: 0) == .keyRange)
        holds(model.refusal(ofWriting: 1, partition: 1, second: 0) == nil)
    }

    @Test func `on demand, the limit becomes twice the peak after half an hour`() {
        var model = CapacityModel(
            billing: .onDemand(Throughput()), partitions: nil, burstSeconds: 0, second: 0)
        for partition in 0..<4 { model.spendWrite(900, partition: partition, second: 100) }
        holds(model.refusal(ofWriting: 1, partition: 0, second: 1799) == nil)
        #expect(model.writes.rate == 4000)
        holds(model.refusal(ofWriting: 1, partition: 0, second: 1800) == nil)
        #expect(model.writes.rate == 7200)
        #expect(model.partitionCount == 8)
    }

    @Test func `an on-demand maximum is a limit of its own`() {
        var model = CapacityModel(
            billing: .onDemand(Throughput(writeUnits: 10)), partitions: nil, burstSeconds: 300,
            second: 0)
        for _ in 0..<10 { model.spendWrite(1, partition: 0, second: 50) }
        holds(model.refusal(ofWriting: 1, partition: 0, second: 50) == .maximum)
        holds(model.refusal(ofWriting: 1, partition: 0, second: 51) == nil)
    }

    @Test func `provisioned units decide how many partitions there are`() {
        let model = CapacityModel(
            billing: .provisioned(Throughput(readUnits: 100, writeUnits: 2500)), partitions: nil,
            burstSeconds: 0, second: 0)
        #expect(model.partitionCount == 3)
        let fixed = CapacityModel(
            billing: .onDemand(Throughput()), partitions: 64, burstSeconds: 0, second: 0)
        #expect(fixed.partitionCount == 64)
    }

    @Test func `a meter keeps totals, and the last two minutes by tenths of a second`() {
        var meter = UnitMeter()
        let start = Instant.zero + .seconds(1000)
        for tenth in 0..<1500 { meter.add(2, at: start + .milliseconds(100 * tenth)) }
        #expect(meter.total == 3000)
        let end = start + .milliseconds(100 * 1499)
        #expect(meter.recent(100, at: end).reduce(0, +) == 200)
        #expect(meter.recent(1200, at: end).reduce(0, +) == 2400)
        // Half a minute without traffic, then the window reaches into the gap.
        #expect(meter.recent(400, at: end + .seconds(30)).reduce(0, +) == 200)
        meter.add(7, at: end + .seconds(500))
        #expect(meter.recent(1200, at: end + .seconds(500)).reduce(0, +) == 7)
    }

    @Test func `capacity time runs as many times faster as it is told`() {
        let account = UnitAccount(model: nil, partitions: 1, timeScale: 60)
        #expect(account.second(at: Instant.zero + .seconds(2)) == 120)
    }
}
