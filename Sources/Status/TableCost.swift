import DynamoModel
import Flow

/// What the parts of a table's copy cost, in dollars: on demand what is consumed, provisioned what
/// is provisioned meanwhile, and what is sent out of a region.
package struct TableCost: Sendable {
    private let prices: PriceTable
    private var readUnit = 0.0
    private var targetReadUnit = 0.0
    private var writeUnit = 0.0
    /// nil: what is sent is not known to cost anything, nor nothing.
    private var byte: Double?
    /// Of the units that are provisioned: the table's and its indexes'.
    private var second = 0.0
    private var indexSecond = 0.0
    /// Of those that are raised. They are counted by whole hours, as the service may charge them.
    private var raisedHour = 0.0
    /// Of units that are bought warm, once; nil: the price is not known.
    private var warm: Double? = 0.0
    private let isPricedClass: Bool

    /// - Parameters:
    ///   - target: as it is, or is to be made.
    ///   - boost: write units that it is raised to for the copy.
    package init(
        _ prices: PriceTable, source: TableDefinition, target: TableDefinition,
        path: TransferPath, boost: Int? = nil
    ) {
        self.prices = prices
        isPricedClass = target.tableClass == prices.tableClass
        if source.billing.isOnDemand { readUnit = prices.readMillion / 1e6 }
        if target.billing.isOnDemand {
            writeUnit = prices.writeMillion / 1e6
            targetReadUnit = prices.readMillion / 1e6
            warm = prices.dollars(warmUnits: target.warmUnitsBought)
        } else {
            let price = prices.writeUnitHour / 3_600
            second = Double(target.billing.throughput.writeUnits ?? 0) * price
            indexSecond = Self.indexUnits(target) * price
            if let boost {
                let raised = target.raised(toWriteUnits: boost)
                let units = Double(raised.billing.throughput.writeUnits ?? 0)
                raisedHour =
                    ((units + Self.indexUnits(raised)) * price - second - indexSecond) * 3_600
            }
        }
        switch path {
        case .none: byte = 0
        case .betweenRegions: byte = prices.transferGB / 1e9
        case .internet: byte = prices.internetGB.map { $0 / 1e9 }
        case .unknown: byte = nil
        }
    }

    private static func indexUnits(_ table: TableDefinition) -> Double {
        table.globalIndexes.reduce(0) { $0 + Double($1.throughput.writeUnits ?? 0) }
    }

    /// - Parameters:
    ///   - writeUnits: of the table and its indexes.
    ///   - bytes: of items on the wire.
    ///   - seconds: for which units are provisioned.
    package func dollars(
        readUnits: Double, targetReadUnits: Double = 0, writeUnits: Double, bytes: Double,
        seconds: Double
    ) -> Double {
        let provisioned = seconds * (second + indexSecond) + raised(seconds)
        return readUnits * readUnit + targetReadUnits * targetReadUnit + writeUnits * writeUnit
            + bytes * (byte ?? 0) + provisioned
    }

    private func raised(_ seconds: Double) -> Double {
        raisedHour * (seconds / 3_600).rounded(.up)
    }

    /// What a copy has cost that has come so far, but for units that were bought warm.
    package func dollars(_ counters: FlowCounters, seconds: Double) -> Double {
        dollars(
            readUnits: counters.readUnits, targetReadUnits: counters.readUnitsElsewhere,
            writeUnits: counters.writeUnits, bytes: Double(counters.jsonBytesWritten),
            seconds: seconds)
    }

    /// What is paid for, part by part.
    /// - Parameters:
    ///   - bytes: of items on the wire.
    ///   - stored: bytes of items and index entries, what storage adds to each included.
    ///   - seconds: for which units are provisioned.
    package func parts(
        readUnits: Double, writeUnits: Double, indexUnits: Double, bytes: Double, stored: Double?,
        seconds: Double
    ) -> CostParts {
        var parts = CostParts()
        parts.reads = readUnits * readUnit
        parts.writes = writeUnits * writeUnit + seconds * second
        parts.indexWrites = indexUnits * writeUnit + seconds * indexSecond
        parts.transfer = bytes == 0 ? 0 : byte.map { bytes * $0 }
        parts.boost = warm.map { $0 + raised(seconds) }
        parts.storageMonth =
            isPricedClass
            ? stored.flatMap { stored in prices.storageGBMonth.map { stored / 1e9 * $0 } } : nil
        return parts
    }
}
