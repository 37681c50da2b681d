import DynamoModel
import JSON
import Testing

@testable import Flow
@testable import Status
@testable import Transfer

/// Goal: a job costs what it reads and writes, on both sides.
@Suite struct TableCostTests {
    @Test func `what is read of the target costs as what is read of the source`() throws {
        let schema = KeySchema(partition: KeyAttribute(name: "id", type: .string))
        var table = TableDefinition(name: "orders", schema: schema)
        table.billing = .onDemand(Throughput())
        let prices = try #require(PriceTable(json: JSON(parsing: PriceTable.builtIn)))
        let cost = TableCost(
            prices, source: table, target: table, isFar: false, writeLimit: nil)
        var counters = FlowCounters()
        counters.readUnits = 1e6
        let once = cost.dollars(counters, seconds: 1)
        #expect(once > 0)
        counters.readUnitsElsewhere = 1e6
        #expect(cost.dollars(counters, seconds: 1) == 2 * once)
    }
}
