import DynamoModel
import JSON
import Testing

@testable import Flow
@testable import Status
@testable import Transfer

/// Goal: a job costs what it reads and writes, on both sides.
@Suite struct TableCostTests {
    private let prices: PriceTable
    private var table: TableDefinition

    init() throws {
        prices = try #require(PriceTable(json: JSON(parsing: PriceTable.builtIn)))
        let schema = KeySchema(partition: KeyAttribute(name: "id", type: .string))
        table = TableDefinition(name: "orders", schema: schema)
        table.globalIndexes = [
            IndexDefinition(
                name: "by-name", keys: [KeyElement(attribute: "name", role: .partition)])
        ]
    }

    private func provisioned(_ units: Int, index: Int) -> TableDefinition {
        var table = table
        table.billing = .provisioned(Throughput(readUnits: 1, writeUnits: units))
        table.globalIndexes[0].throughput = Throughput(readUnits: 1, writeUnits: index)
        return table
    }

    private func isNear(_ dollars: Double?, _ wanted: Double) -> Bool {
        dollars.map { abs($0 - wanted) < 1e-9 } ?? false
    }

    @Test func `what is read of the target costs as what is read of the source`() throws {
        let cost = TableCost(prices, source: table, target: table, path: .none)
        var counters = FlowCounters()
        counters.readUnits = 1e6
        let once = cost.dollars(counters, seconds: 1)
        #expect(once > 0)
        counters.readUnitsElsewhere = 1e6
        #expect(cost.dollars(counters, seconds: 1) == 2 * once)
    }

    @Test func `on demand each unit is paid for, and each part has its own line`() {
        let parts = TableCost(prices, source: table, target: table, path: .betweenRegions).parts(
            readUnits: 2e6, writeUnits: 4e6, indexUnits: 1e6, bytes: 5e9, stored: 8e9,
            seconds: 3_600)
        // 2 * 0.125, 4 * 0.625, 1 * 0.625, 5 * 0.02, 8 * 0.25.
        #expect(isNear(parts.reads, 0.25))
        #expect(isNear(parts.writes, 2.5))
        #expect(isNear(parts.indexWrites, 0.625))
        #expect(isNear(parts.transfer, 0.1))
        #expect(parts.boost == 0)
        #expect(isNear(parts.storageMonth, 2))
        // Storage goes on: it is no part of what the copy costs.
        #expect(isNear(parts.once, 3.475))
        #expect(parts.unknown.isEmpty)
    }

    @Test func `provisioned units of table and index are paid for while the copy runs`() {
        let parts = TableCost(
            prices, source: provisioned(9, index: 9), target: provisioned(100, index: 50),
            path: .none
        ).parts(
            readUnits: 2e6, writeUnits: 4e6, indexUnits: 1e6, bytes: 5e9, stored: nil,
            seconds: 7_200)
        // Two hours: 100 * 0.00065 * 2, and 50 * 0.00065 * 2.
        #expect(parts.reads == 0)
        #expect(isNear(parts.writes, 0.13))
        #expect(isNear(parts.indexWrites, 0.065))
        #expect(parts.transfer == 0)
        #expect(parts.storageMonth == nil)
    }

    @Test func `a boost costs what is raised, by whole hours`() {
        let cost = TableCost(
            prices, source: table, target: provisioned(100, index: 400), path: .none, boost: 300)
        let parts = cost.parts(
            readUnits: 0, writeUnits: 0, indexUnits: 0, bytes: 0, stored: 0, seconds: 3_600)
        // The table has 200 more for an hour; the index has enough: 200 * 0.00065.
        #expect(isNear(parts.boost, 0.13))
        #expect(isNear(parts.once, 0.13 + 100 * 0.00065 + 400 * 0.00065))
        #expect(isNear(cost.dollars(FlowCounters(), seconds: 3_600), parts.once ?? 0))
        // A minute of it may be charged as an hour, and 61 minutes as two.
        func boost(_ seconds: Double) -> Double? {
            cost.parts(
                readUnits: 0, writeUnits: 0, indexUnits: 0, bytes: 0, stored: 0, seconds: seconds
            ).boost
        }
        #expect(isNear(boost(60), 0.13))
        #expect(isNear(boost(3_660), 0.26))
    }

    @Test func `what a warm table costs is unknown unless its price is given`() throws {
        var warm = table
        warm.warmWriteUnits = 10_000
        func boost(_ prices: PriceTable) -> CostParts {
            TableCost(prices, source: table, target: warm, path: .none).parts(
                readUnits: 0, writeUnits: 0, indexUnits: 0, bytes: 0, stored: 0, seconds: 1)
        }
        #expect(boost(prices).boost == nil)
        #expect(boost(prices).unknown == ["the boost"])
        var known = prices
        known.warmWriteUnit = 0.001
        // 6,000 above the 4,000 that each has anyway, of the table and its index.
        #expect(isNear(boost(known).boost, 12))
    }

    @Test func `bytes cost by where they go, and nothing is guessed`() {
        func transfer(_ path: TransferPath, _ prices: PriceTable) -> Double? {
            TableCost(prices, source: table, target: table, path: path).parts(
                readUnits: 0, writeUnits: 0, indexUnits: 0, bytes: 2e9, stored: 0, seconds: 1
            ).transfer
        }
        #expect(transfer(.none, prices) == 0)
        // 2 * 0.02, and 2 * 0.09.
        #expect(isNear(transfer(.betweenRegions, prices), 0.04))
        #expect(isNear(transfer(.internet, prices), 0.18))
        #expect(transfer(.unknown, prices) == nil)
        var less = prices
        less.internetGB = nil
        #expect(transfer(.internet, less) == nil)
    }

    @Test func `storage of another class than that of the prices is unknown`() {
        var rare = table
        rare.tableClass = "STANDARD_INFREQUENT_ACCESS"
        func month(_ prices: PriceTable) -> Double? {
            TableCost(prices, source: table, target: rare, path: .none).parts(
                readUnits: 0, writeUnits: 0, indexUnits: 0, bytes: 0, stored: 1e9, seconds: 1
            ).storageMonth
        }
        #expect(month(prices) == nil)
        var own = prices
        own.tableClass = rare.tableClass
        own.storageGBMonth = 0.1
        #expect(isNear(month(own), 0.1))
    }

    @Test func `a sum over tables is unknown where one of them is`() {
        var one = CostParts()
        (one.reads, one.writes, one.indexWrites, one.transfer, one.boost) = (1, 2, 3, 4, 0)
        var other = one
        other.transfer = nil
        let sum = CostParts.sum([one, other])
        #expect(sum.writes == 4 && sum.transfer == nil && sum.once == 12)
        #expect(sum.unknown == ["data transfer"])
        #expect(CostParts.sum([one, CostParts()]).once == nil)
    }

    @Test(arguments: ["storageGBMonth", "internetGB", "warmWriteUnit"])
    func `a price may be left out, but what is there must be one`(name: String) throws {
        var json = try JSON(parsing: PriceTable.builtIn)
        json[name] = nil
        #expect(PriceTable(json: json) != nil)
        json[name] = "cheap"
        #expect(PriceTable(json: json) == nil)
        json[name] = -1
        #expect(PriceTable(json: json) == nil)
    }
}
