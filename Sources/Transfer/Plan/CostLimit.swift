import DynamoModel
import Flow
import Pacing
import Status
import System

/// What a job may cost, over all its runs.
package struct CostLimit: Equatable, Sendable {
    package var dollars: Double
    package var prices: PriceTable

    package init(dollars: Double, prices: PriceTable) {
        self.dollars = dollars
        self.prices = prices
    }
}

/// What the parts of a table's copy cost, in dollars: on demand what is consumed, provisioned what
/// is provisioned meanwhile, and what is sent from one region to another.
struct TableCost: Sendable {
    private var readUnit = 0.0
    private var targetReadUnit = 0.0
    private var writeUnit = 0.0
    private var byte = 0.0
    private var second = 0.0

    /// - Parameters:
    ///   - target: as it is, or is to be made.
    ///   - writeLimit: units a second that are provisioned for the copy; nil on demand.
    init(
        _ prices: PriceTable, source: TableDefinition, target: TableDefinition, isFar: Bool,
        writeLimit: Double?
    ) {
        if source.billing.isOnDemand { readUnit = prices.readMillion / 1e6 }
        if target.billing.isOnDemand {
            writeUnit = prices.writeMillion / 1e6
            targetReadUnit = prices.readMillion / 1e6
        } else if let writeLimit {
            second = writeLimit * prices.writeUnitHour / 3_600
        }
        if isFar { byte = prices.transferGB / 1e9 }
    }

    /// - Parameters:
    ///   - writeUnits: of the table and its indexes.
    ///   - seconds: for which units are provisioned.
    func dollars(
        readUnits: Double, targetReadUnits: Double = 0, writeUnits: Double, bytes: Double,
        seconds: Double
    ) -> Double {
        readUnits * readUnit + targetReadUnits * targetReadUnit + writeUnits * writeUnit
            + bytes * byte + seconds * second
    }

    /// What a copy has cost that has come so far.
    func dollars(_ counters: FlowCounters, seconds: Double) -> Double {
        dollars(
            readUnits: counters.readUnits, targetReadUnits: counters.readUnitsElsewhere,
            writeUnits: counters.writeUnits, bytes: Double(counters.storedBytesWritten),
            seconds: seconds)
    }
}

extension TableCost {
    /// - Parameter limits: that the table is held to.
    init(
        _ prices: PriceTable, _ source: TableDescription, _ target: TableDescription?,
        as definition: TableDefinition, at region: String?, _ limits: UnitLimits?
    ) {
        let place = target?.region ?? region
        self.init(
            prices, source: source.definition, target: definition,
            isFar: place != nil && source.region != nil && place != source.region,
            writeLimit: limits?.write.table)
    }
}

extension CopyRefusal {
    /// - Parameters:
    ///   - spent: by earlier runs of the job.
    ///   - left: what is left to be done is expected to cost; nil where nobody knows.
    init?(cost limit: CostLimit, spent: Double, left: Double?) {
        let hint = "go on with a higher --max-cost; dynaferry plan says how it comes about"
        if spent >= limit.dollars {
            self.init(
                "the job has cost \(spent.inDollars) so far, and --max-cost is"
                    + " \(limit.dollars.inDollars)", hint: hint)
        } else if let left, spent + left > limit.dollars {
            let (cost, most) = ((spent + left).inDollars, limit.dollars.inDollars)
            let more = cost == most ? "a little more than" : "\(cost), more than"
            self.init("the copy would cost \(more) --max-cost \(most)", hint: hint)
        } else {
            return nil
        }
    }
}
