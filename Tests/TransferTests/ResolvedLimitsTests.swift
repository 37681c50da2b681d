import DynamoModel
import Status
import Testing

@testable import Transfer

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
        let limits = try ResolvedLimits(RequestedLimits(), source: provisioned, target: provisioned)
        #expect(limits.read.unitsPerSecond == 40)
        #expect(limits.write.all == [40, 9])
        #expect(RequestedLimits().readUnits.followsTable)
    }

    @Test func `on demand there is no limit but a maximum`() throws {
        let free = table(.onDemand(Throughput()), index: Throughput())
        #expect(
            try ResolvedLimits(RequestedLimits(), source: free, target: free).write.all == [
                nil, nil,
            ])
        let capped = table(.onDemand(Throughput(writeUnits: 700)), index: Throughput(writeUnits: 5))
        #expect(
            try ResolvedLimits(RequestedLimits(), source: free, target: capped).write.all == [
                700, 5,
            ])
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
            try ResolvedLimits(options.limits, source: target, target: target).write.all == [
                500, 500,
            ])
        options.limits.writeUnits = .percent(25)
        #expect(
            try ResolvedLimits(options.limits, source: target, target: target).write.all == [
                250, 25,
            ])
    }

    @Test func `a percentage of nothing to read of a target is refused by its own option's name`() {
        let free = table(.onDemand(Throughput()))
        var asked = RequestedLimits()
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
            try ResolvedLimits(options.limits, source: free, target: free)
        }
        options.limits.writeUnits = nil
        options.limits.readUnits = .percent(50)
        #expect(throws: CopyRefusal.self) {
            try ResolvedLimits(options.limits, source: free, target: free)
        }
    }
}
