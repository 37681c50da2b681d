import DynamoModel
import Testing

@testable import Status
@testable import Transfer

/// Goal: a boost is suggested where it would help, with as many units as would.
@Suite struct PlannedBoostTests {
    private func units(
        writes: Double, reading: Double?, _ pace: UnitPace, creates: Bool = false,
        billing: Billing = .provisioned(Throughput(readUnits: 100, writeUnits: 100))
    ) -> Int? {
        let schema = KeySchema(partition: KeyAttribute(name: "id", type: .string))
        var table = TableDefinition(name: "orders", schema: schema)
        table.billing = billing
        var plan = TablePlan(
            source: "orders", target: "copy", refusal: CopyRefusal("none", hint: nil))
        plan.creates = creates
        plan.writeUnits = writes
        guard let time = PlannedTime(pace, writes, .target) else { return nil }
        return PlannedBoost.worthwhile(time, plan, reading: reading, as: table)
    }

    @Test func `as many units as have the writes keep up with the reads, in thousands`() {
        // 36,000,000 writes take 100 hours at 100 a second. Reads take 9,000 s: 4,000 a second.
        #expect(units(writes: 3.6e7, reading: 9_000, UnitPace(capacity: 100)) == 4_000)
        // Reads take a second, but ten minutes are fast enough: 60,000 a second would be needed,
        // and 40,000 is the quota of a table. Of a tenth of them 6,000 suffice, and of files too.
        #expect(units(writes: 3.6e7, reading: 1, UnitPace(capacity: 100)) == 40_000)
        #expect(units(writes: 3.6e6, reading: 1, UnitPace(capacity: 100)) == 6_000)
        #expect(units(writes: 3.6e6, reading: nil, UnitPace(capacity: 100)) == 6_000)
    }

    @Test func `a copy of minutes, or one that its user slows down, wants none`() {
        #expect(units(writes: 59_000, reading: 1, UnitPace(capacity: 100)) == nil)
        #expect(units(writes: 360_000, reading: 1, UnitPace(limit: 50, capacity: 100)) == nil)
    }

    @Test func `on demand only a table that is made can be warm, and a maximum is a wish`() {
        // In ten minutes: 16,667 a second.
        let many = 10_000_000.0
        let free = Billing.onDemand(Throughput())
        #expect(units(writes: many, reading: 1, UnitPace(warm: 4_000), billing: free) == nil)
        #expect(
            units(writes: many, reading: 1, UnitPace(warm: 4_000), creates: true, billing: free)
                == 17_000)
        #expect(
            units(
                writes: many, reading: 1, UnitPace(capacity: 1_000, warm: 4_000), creates: true,
                billing: .onDemand(Throughput(writeUnits: 1_000))) == nil)
    }
}
