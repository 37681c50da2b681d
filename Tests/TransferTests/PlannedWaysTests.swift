import DynamoModel
import JSON
import Testing

@testable import Status
@testable import Transfer

/// Goal: a plan says which ways lead from table to table, what each takes, and recommends one for a
/// reason that holds.
@Suite struct PlannedWaysTests {
    private static func prices() throws -> PriceTable {
        try #require(PriceTable(json: JSON(parsing: PriceTable.builtIn)))
    }

    /// Of 100 million items of 200 bytes: 20 GB, which cost $62.50 to write and $3 to read.
    private func plan(creates: Bool = true) -> TablePlan {
        var plan = TablePlan(source: "orders", target: "copy", refusal: CopyRefusal("none"))
        plan.refusal = nil
        plan.creates = creates
        (plan.readUnits, plan.writeUnits) = (2.5e6, 1e8)
        plan.wireBytes = 3e10
        (plan.cost.reads, plan.cost.writes, plan.cost.indexWrites) = (0.31, 62.5, 0)
        (plan.cost.transfer, plan.cost.boost) = (0, 0)
        return plan
    }

    private func facts(
        isRecoverable: Bool? = true, hasLocalIndexes: Bool = false
    ) -> PlannedWays.Facts {
        PlannedWays.Facts(
            isRecoverable: isRecoverable, hasLocalIndexes: hasLocalIndexes, isOnePartition: true,
            tableBytes: 20_000_000_000, afterImport: ["TTL on expires"])
    }

    @Test func `the cheapest way is recommended where it saves a dollar`() throws {
        let ways = PlannedWays(plan(), facts(), try Self.prices())
        #expect(ways.recommended == .importTable)
        // 20 GB exported at $0.10, and 30 GB of lines imported at $0.15.
        let way = try #require(ways[.importTable])
        #expect(abs((way.dollars ?? 0) - 6.5) < 1e-9)
        #expect(way.afterwards == ["TTL on expires"])
        #expect(ways.reason == "it costs $56.31 less than scan and write")
        #expect(ways.loading(nil) == .importTable)
    }

    @Test func `what can't be taken is said with its reason, and is not recommended`() throws {
        let ways = PlannedWays(
            plan(creates: false), facts(hasLocalIndexes: true), try Self.prices())
        #expect(
            ways[.importTable]?.obstacles.map(\.reason)
                == ["the target exists", "the source has local indexes"])
        #expect(ways[.snapshot]?.isPossible == true)
        #expect(ways.recommended == .scan)
        #expect(ways.loading(nil) == .snapshot)
        #expect(ways.loading(.bulkPut) == .bulkPut)
    }

    @Test func `without point-in-time recovery nothing but a scan is left`() throws {
        let ways = PlannedWays(plan(), facts(isRecoverable: false), try Self.prices())
        #expect(ways.ways.filter(\.isPossible).map(\.kind) == [.scan])
        #expect(ways.reason == "no other way can be taken")
        // That it can't be looked up is no obstacle.
        let unknown = PlannedWays(plan(), facts(isRecoverable: nil), try Self.prices())
        #expect(unknown[.snapshot]?.isPossible == true)
    }

    @Test func `the price of bulk puts is unknown, and nothing is guessed`() throws {
        let ways = PlannedWays(plan(), facts(), try Self.prices())
        #expect(ways[.bulkPut]?.dollars == nil)
        #expect(ways[.bulkPut]?.unknown.contains("bulk-put") == true)
    }

    @Test func `of several tables a way is possible where it is for each`() throws {
        let prices = try Self.prices()
        let both = try #require(
            PlannedWays.sum([
                PlannedWays(plan(), facts(), prices),
                PlannedWays(plan(creates: false), facts(), prices),
            ]))
        #expect(both[.importTable]?.isPossible == false)
        #expect(both[.snapshot]?.writeUnits == 2e8)
        #expect(both[.scan]?.dollars.map { abs($0 - 125.62) < 1e-9 } == true)
    }
}
