import DynamoModel
import Flow
import Pacing
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
package struct TableCost: Sendable {
    private var readUnit = 0.0
    private var targetReadUnit = 0.0
    private var writeUnit = 0.0
    private var byte = 0.0
    private var second = 0.0

    /// - Parameters:
    ///   - target: as it is, or is to be made.
    ///   - writeLimit: units a second that are provisioned for the copy; nil on demand.
    package init(
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
    package func dollars(
        readUnits: Double, targetReadUnits: Double = 0, writeUnits: Double, bytes: Double,
        seconds: Double
    ) -> Double {
        readUnits * readUnit + targetReadUnits * targetReadUnit + writeUnits * writeUnit
            + bytes * byte + seconds * second
    }

    /// What a copy has cost that has come so far.
    package func dollars(_ counters: FlowCounters, seconds: Double) -> Double {
        dollars(
            readUnits: counters.readUnits, targetReadUnits: counters.readUnitsElsewhere,
            writeUnits: counters.writeUnits, bytes: Double(counters.storedBytesWritten),
            seconds: seconds)
    }
}
