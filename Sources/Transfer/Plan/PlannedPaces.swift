import DynamoModel
import Flow
import Status

/// How fast the parts of a table's copy can be: the reads of its source, and the writes of its
/// target and of each of its global indexes. They go on at the same time.
struct PlannedPaces: Equatable, Sendable {
    /// nil: files are read.
    var read: UnitPace?
    /// nil: files are written.
    var write: UnitPace?
    var indexes: [(name: String, pace: UnitPace)] = []

    /// - Parameter limits: what comes of `asked`.
    init(reading source: TableDescription, _ asked: RequestedLimits, _ limits: ResolvedLimits) {
        let units = limits.read.unitsPerSecond
        let billing = source.definition.billing
        var pace = UnitPace(capacity: billing.throughput.readUnits.map(Double.init))
        if asked.readUnits == nil { pace.capacity = units } else { pace.limit = units }
        if billing.isOnDemand {
            pace.warm = Double(
                source.warmThroughput().readUnits ?? ServiceLimits.onDemandReadUnits)
        }
        read = pace
    }

    /// - Parameters:
    ///   - target: nil: it is made as `definition` says.
    ///   - definition: with its units raised, where they are.
    init(
        _ findings: CopyPreflight.Findings, readsFiles: Bool, into definition: TableDefinition,
        _ asked: RequestedLimits, _ limits: ResolvedLimits
    ) {
        self.init(reading: findings.source, asked, limits)
        if readsFiles { read = nil }
        func pace(_ throughput: Throughput, _ limit: Double?, index: String?) -> UnitPace {
            var pace = UnitPace(capacity: throughput.writeUnits.map(Double.init))
            if asked.writeUnits != nil { pace.limit = limit }
            if definition.billing.isOnDemand {
                pace.warm = Double(
                    findings.target?.warmThroughput(ofIndex: index).writeUnits
                        ?? max(
                            definition.warmWriteUnits ?? 0, ServiceLimits.onDemandWriteUnits))
            }
            return pace
        }
        write = pace(definition.billing.throughput, limits.write.table, index: nil)
        indexes = definition.globalIndexes.map { index in
            let limit = limits.write.indexes.first { $0.name == index.name }?.unitsPerSecond
            return (index.name, pace(index.throughput, limit, index: index.name))
        }
    }

    /// Seconds of the part that takes the longest, and what holds it back; nil where nothing is
    /// known to.
    func longest(
        reads: Double, writes: Double, indexes units: [TablePlan.IndexUnits]
    ) -> PlannedTime? {
        let index = indexes.compactMap { index in
            units.first { $0.name == index.name }
                .flatMap { PlannedTime(index.pace, $0.units, .index(index.name)) }
        }
        let all = [PlannedTime(write, writes, .target), PlannedTime(read, reads, .source)] + index
        return all.compactMap(\.self).reduce(nil) { longest, time in
            (longest?.seconds ?? -1) < time.seconds ? time : longest
        }
    }

    static func == (one: Self, other: Self) -> Bool {
        one.read == other.read && one.write == other.write
            && one.indexes.elementsEqual(other.indexes, by: ==)
    }
}

/// Seconds that a copy takes at least, and what keeps them from being less.
package struct PlannedTime: Equatable, Sendable {
    package enum Part: Equatable, Sendable {
        case source
        case target
        case index(String)
    }

    package var seconds: Double
    /// Units a second at first; on demand it grows.
    package var rate: Double
    package var part: Part
    package var bound: UnitPace.Bound

    init?(_ pace: UnitPace?, _ units: Double, _ part: Part) {
        guard let time = pace?.time(of: units) else { return nil }
        (seconds, rate, bound) = time
        self.part = part
    }

    /// `write limit`, `target capacity`, `on-demand growth of index x`.
    package var heldBackBy: String {
        switch (bound, part) {
        case (.limit, .source): WaitReason.readLimit.rawValue
        case (.limit, .target): WaitReason.writeLimit.rawValue
        case (.limit, .index(let name)): "\(WaitReason.writeLimit.rawValue) of index \(name)"
        case (.capacity, .source): "source capacity"
        case (.capacity, .target): "target capacity"
        case (.capacity, .index(let name)): "capacity of index \(name)"
        case (.growth, .source): "on-demand growth of the source"
        case (.growth, .target): "on-demand growth of the target"
        case (.growth, .index(let name)): "on-demand growth of index \(name)"
        }
    }
}
