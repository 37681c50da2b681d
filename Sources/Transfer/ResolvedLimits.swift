import DynamoModel
import Flow
import Status
import System

/// The limits that a copy keeps to, from what the user asked for and what the tables have.
package struct ResolvedLimits: Equatable, Sendable {
    package var read: ReadLimit
    package var write: WriteLimits
    /// A live table keeps at least half of its read units for its users.
    private static let readShare = 0.5

    init(read: ReadLimit, write: WriteLimits) {
        self.read = read
        self.write = write
    }

    /// Throws when a percentage is asked for of a table that has nothing to take it of.
    package init(
        _ asked: RequestedLimits, source: TableDefinition, target: TableDefinition
    ) throws(CopyRefusal) {
        read = try Self.read(asked.readUnits, of: source, "--read-units")
        read.shared = asked.totalReadUnits
        var table: Double?
        var indexes: [(name: String, unitsPerSecond: Double?)] = []
        for (name, throughput) in Self.buckets(of: target) {
            let units = throughput.writeUnits.map(Double.init)
            let limit: Double?
            switch asked.writeUnits {
            case .perSecond(let most): limit = most
            case .percent(let share):
                limit = try Self.share(share, of: units, "--write-units", name ?? target.name)
            case nil: limit = units
            }
            if let name { indexes.append((name, limit)) } else { table = limit }
        }
        write = WriteLimits(table: table, indexes: indexes, shared: asked.totalWriteUnits)
    }

    /// Of a table that is only read.
    /// - Parameter partitions: that are read at a time. Of one on demand each keeps half of its
    ///   units for its users, as a provisioned table does.
    init(
        reading table: TableDefinition, partitions: Int, _ asked: RequestedLimits
    ) throws(CopyRefusal) {
        read = try Self.read(asked.readUnits, of: table, "--read-units")
        read.unitsPerSecond =
            read.unitsPerSecond
            ?? Double(partitions * ServiceLimits.partitionReadUnits) * Self.readShare
        read.shared = asked.totalReadUnits
        write = WriteLimits()
    }

    /// What one table may be read at.
    /// - Parameter option: what asked for it, for messages.
    static func read(
        _ asked: RateSpec?, of table: TableDefinition, _ option: String
    ) throws(CopyRefusal) -> ReadLimit {
        let units = table.billing.throughput.readUnits.map(Double.init)
        switch asked {
        case .perSecond(let most): return ReadLimit(unitsPerSecond: most)
        case .percent(let share):
            return ReadLimit(unitsPerSecond: try Self.share(share, of: units, option, table.name))
        case nil: return ReadLimit(unitsPerSecond: units.map { $0 * readShare })
        }
    }

    /// The table itself, nameless, and each global index: each is charged by itself.
    private static func buckets(
        of table: TableDefinition
    ) -> [(name: String?, throughput: Throughput)] {
        [(nil, table.billing.throughput)] + table.globalIndexes.map { ($0.name, $0.throughput) }
    }

    private static func share(
        _ percent: Double, of units: Double?, _ option: String, _ name: String
    ) throws(CopyRefusal) -> Double {
        guard let units, units > 0 else {
            throw CopyRefusal(
                "\(option) as a percentage: \(name) is on demand without a maximum to take it of",
                hint: "give \(option) as a number of units a second")
        }
        return units * percent / 100
    }

    var areNone: Bool { read.unitsPerSecond == nil && write.all.allSatisfy { $0 == nil } }

    /// What the run is held to, for its first line.
    package func description(
        source: TableDefinition, target: TableDefinition
    ) -> String {
        func pace(_ units: Double?, _ isOnDemand: Bool) -> String {
            guard let units else { return isOnDemand ? "no limit (on demand)" : "no limit" }
            return "at most \(units.unitText)"
        }
        let writes = pace(write.table, target.billing.isOnDemand)
        let tightest = write.indexes.compactMap { index in
            index.unitsPerSecond.map { (index.name, $0) }
        }.min { $0.1 < $1.1 }
        var text = "read units a second: \(pace(read.unitsPerSecond, source.billing.isOnDemand))"
        text += "; write units a second: \(writes)"
        if let tightest, tightest.1 < write.table ?? .infinity {
            text += ", of index \(tightest.0) \(pace(tightest.1, false))"
        }
        return text
    }
}

extension UnitTotals {
    /// Most tables at a time, where limits would otherwise not be used.
    package static let widthMax = 32

    /// How many of `tables` to work on at a time: so many that even those with the lowest
    /// limits of their own use what all may together; where nothing holds them together, what one
    /// new table on demand takes.
    /// - Parameters:
    ///   - tables: what each is held to by itself.
    ///   - usual: at least so many.
    package func width(of tables: [ResolvedLimits], usual: Int) -> Int {
        let newRead = Double(ServiceLimits.onDemandReadUnits)
        let newWrite = Double(ServiceLimits.onDemandWriteUnits)
        let reads = tables.map { $0.read.unitsPerSecond ?? newRead }
        let writes = tables.map { $0.write.table ?? newWrite }
        let wanted = max(
            Self.count(of: reads, using: areNone ? newRead : read),
            Self.count(of: writes, using: areNone ? newWrite : write))
        return min(max(wanted, usual), Self.widthMax)
    }

    /// How many of the lowest `limits` come to `total`; 0 where there is none.
    private static func count(of limits: [Double], using total: Double?) -> Int {
        guard let total else { return 0 }
        var sum = 0.0
        let ample = limits.sorted().firstIndex { limit in
            sum += limit
            return sum >= total
        }
        return ample.map { $0 + 1 } ?? limits.count
    }
}
