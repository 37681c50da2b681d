import Connectors
import DynamoModel
import Flow
import Schema
import Status
import System

/// What copying one table would take: estimates from a few pages and what the tables report.
package struct TablePlan: Equatable, Sendable {
    package var source: String
    package var target: String
    /// The target does not exist.
    package var creates: Bool
    /// How what is created is paid for.
    package var billing: Billing?
    /// nil: nobody knows, for the table reports nothing and the sample did not reach its end.
    package var items: Int?
    package var bytes: Int?
    /// Consumed, at the service's rounding; nil as above.
    package var readUnits: Double?
    package var writeUnits: Double?
    /// By global index.
    package var indexUnits: [IndexUnits] = []
    /// Units a second that it would be held to; nil for none.
    package var readLimit: Double?
    package var writeLimit: Double?
    /// At those limits; nil when nothing limits it.
    package var seconds: Double?
    /// What takes the longest: `write limit`, `write limit of index x`, `read limit`.
    package var heldBackBy: String?
    package var dollars: Double?
    package var warnings: [String] = []
    /// What would become of its items, where that was asked for.
    package var findings: ItemSurvey.Findings?
    /// What becomes of its settings, and when global indexes are made, where some are.
    package var settings = SettingsReport()
    package var indexes: IndexTiming?
    /// Why `copy` would refuse it.
    package var refusal: CopyRefusal?

    init(source: String, target: String, refusal: CopyRefusal) {
        self.source = source
        self.target = target
        creates = false
        self.refusal = refusal
    }

    init(
        _ findings: CopyPreflight.Findings, target: String, _ sample: TableSample,
        _ first: FirstRead, as definition: TableDefinition, limits: ResolvedLimits,
        prices: PriceTable,
        isConsistentRead: Bool, readsFiles: Bool
    ) {
        source = findings.source.definition.name
        self.target = target
        creates = findings.target == nil
        if creates { billing = definition.billing }
        readLimit = readsFiles ? nil : limits.read.unitsPerSecond
        writeLimit = limits.write.table
        count(findings.source, findings.memory, sample, first, isConsistentRead)
        // Nothing is charged for reading files.
        if readsFiles, readUnits != nil { readUnits = 0 }
        time(limits)
        let cost = TableCost(
            prices, findings.source, findings.target, as: definition, at: findings.place.region,
            limits)
        dollars = dollars(cost)
        warn(findings, definition, sample)
    }

    /// Of one that is written to files.
    init(
        exporting source: TableDescription, to title: String, _ sample: TableSample,
        _ first: FirstRead, memory: MemoryBudget, limits: ResolvedLimits, prices: PriceTable,
        isConsistentRead: Bool
    ) {
        self.source = source.definition.name
        target = title
        creates = true
        readLimit = limits.read.unitsPerSecond
        count(source, memory, sample, first, isConsistentRead)
        (writeUnits, indexUnits) = (writeUnits.map { _ in 0 }, [])
        time(limits)
        // What a bucket's owner pays for requests and bytes is not ours to know.
        dollars = dollars(
            TableCost(
                prices, source: source.definition, target: source.definition, isFar: false,
                writeLimit: nil))
        if source.itemCount == 0, sample.items > 0, !sample.isComplete {
            warnings.append("its size is unknown: it reports no items but has some")
        }
    }

    /// Write units that a global index would be charged.
    package struct IndexUnits: Equatable, Sendable {
        package var name: String
        package var units: Double
    }

    /// What a condition leaves of it.
    static func filtered(_ first: FirstRead) -> String {
        if first.pushed?.isQuery == true {
            return "a Query reads the items of one partition key, not a Scan: how many they are is"
                + " not known, and all are counted"
        }
        return "how many items satisfy --where is not known before they are read: all are counted"
    }

    // MARK: Estimates

    private mutating func count(
        _ source: TableDescription, _ memory: MemoryBudget, _ sample: TableSample,
        _ first: FirstRead, _ isConsistent: Bool
    ) {
        let reported = first.itemsListed ?? max(source.itemCount, first.itemsEstimated ?? 0)
        guard sample.isComplete || (reported > 0 && sample.items > 0) else { return }
        let items =
            first.itemsListed ?? (sample.isComplete ? sample.items : max(reported, sample.items))
        self.items = items
        bytes = Int(clamping: Double(items) * sample.itemBytes)
        guard sample.items > 0 else {
            (readUnits, writeUnits) = (Double(first.segments) / 2, 0)
            return
        }
        let share = Double(items) / Double(sample.items)
        writeUnits = Double(sample.writeUnits) * share
        indexUnits = sample.indexUnits.sorted { $0.key < $1.key }
            .map { IndexUnits(name: $0.key, units: Double($0.value) * share) }
        guard first.itemsListed == nil else {
            // Each is rounded up by itself, and read consistently.
            readUnits =
                Double(items)
                * CapacityUnits.scan(
                    bytes: Int(clamping: sample.itemBytes), consistent: true)
            return
        }
        readUnits = Self.readUnits(
            items: items, sample, segments: first.segments, memory: memory, isConsistent)
    }

    /// What a copy of what differs costs at least: both sides are read, and how much is written
    /// nobody knows.
    func dollarsToCompare(_ findings: CopyPreflight.Findings, _ prices: PriceTable) -> Double? {
        guard let readUnits, let target = findings.target else { return dollars }
        let cost = TableCost(
            prices, findings.source, target, as: target.definition, at: findings.place.region, nil)
        return cost.dollars(
            readUnits: readUnits, targetReadUnits: readUnits, writeUnits: 0, bytes: 0, seconds: 0)
    }

    /// Pages are as long as the copy would ask for, and each is rounded up by itself.
    private static func readUnits(
        items: Int, _ sample: TableSample, segments: Int, memory: MemoryBudget, _ isConsistent: Bool
    ) -> Double {
        let usual = FlowConfiguration(page: .scan(), batch: .puts, memory: memory)
        var sizing = PageSizing(
            usual.page, poolBytes: memory.pageBytes, openPartitions: min(segments, usual.openMax))
        sizing.learn(
            items: sample.items, jsonBytes: sample.jsonBytes, storedBytes: sample.storedBytes)
        let limit = Double(sizing.plan().limit)
        let perSegment = Double(items) / Double(segments)
        let full = (perSegment / limit).rounded(.down)
        func units(_ items: Double) -> Double {
            CapacityUnits.scan(
                bytes: Int(clamping: min(items * sample.itemBytes, 0x1p60)),
                consistent: isConsistent)
        }
        return Double(segments) * (full * units(limit) + units(perSegment - full * limit))
    }

    private mutating func time(_ limits: ResolvedLimits) {
        var longest: (seconds: Double, by: String)?
        func consider(_ units: Double?, _ limit: Double?, _ by: String) {
            guard let units, let limit, limit > 0 else { return }
            let seconds = units / limit
            if seconds > longest?.seconds ?? -1 { longest = (seconds, by) }
        }
        consider(readUnits, limits.read.unitsPerSecond, "read limit")
        consider(writeUnits, limits.write.table, "write limit")
        for (name, limit) in limits.write.indexes {
            let units = indexUnits.first { $0.name == name }?.units
            consider(units, limit, "write limit of index \(name)")
        }
        (seconds, heldBackBy) = (longest?.seconds, longest?.by)
    }

    private func dollars(_ cost: TableCost) -> Double? {
        guard let readUnits, let writeUnits, let bytes else { return nil }
        return cost.dollars(
            readUnits: readUnits, writeUnits: indexUnits.reduce(writeUnits) { $0 + $1.units },
            bytes: Double(bytes), seconds: seconds ?? 0)
    }

    // MARK: Warnings

    private mutating func warn(
        _ findings: CopyPreflight.Findings, _ definition: TableDefinition, _ sample: TableSample
    ) {
        if findings.source.itemCount == 0, sample.items > 0, !sample.isComplete {
            warnings.append("its size is unknown: it reports no items but has some")
        }
        for (index, count) in sample.misfits.sorted(by: { $0.key < $1.key }) {
            warnings.append(
                "\(count) of \(sample.items) sampled items have a key of another type than index"
                    + " \(index) takes: they would be dead letters")
        }
        if !definition.localIndexes.isEmpty {
            warnings.append(
                "it has local indexes: no item collection may be larger than 10 GB (guide, \"Local"
                    + " secondary indexes\")")
        }
        if creates, definition.billing.isOnDemand, writeUnits ?? 0 > Self.coldUnits {
            warnings.append(
                "a new on-demand table takes 4,000 write units a second at first, and more as it"
                    + " is used")
        }
        if let target = findings.target, target.partition != findings.source.partition {
            warnings.append("the target is in another partition of AWS")
        }
        if let liveliness = CopyPreflight.liveliness(findings) {
            warnings.append("\(liveliness): copy asks first, or wants --yes")
        }
    }

    /// A minute of what a new table takes: below that it does not matter.
    private static let coldUnits = 240_000.0
}
