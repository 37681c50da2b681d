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
    /// It is copied from files, or into files.
    package var readsFiles = false
    package var writesFiles = false
    /// How what is created is paid for.
    package var billing: Billing?
    /// nil: nobody knows, for the table reports nothing and the sample did not reach its end.
    package var items: Int?
    package var bytes: Int?
    /// Consumed, at the service's rounding; nil as above.
    package var readUnits: Double?
    package var writeUnits: Double?
    /// How far these may be off, with a probability of 95 %; nil where nobody knows.
    package var writeUnitsPlusMinus: Double?
    /// By global index.
    package var indexUnits: [IndexUnits] = []
    /// Bytes of the items on the wire, as JSON.
    package var wireBytes: Double?
    /// Bytes in the target, of items and index entries with what storage adds to each.
    package var storedBytes: Double?
    /// Where its bytes go.
    package var path = TransferPath.unknown
    /// What it may be held to, of all that its user asked for and the tables have.
    package var limits: ResolvedLimits?
    /// Seconds that it takes at least, and what holds it back.
    package var time: PlannedTime?
    package var cost = CostParts()
    package var boost: PlannedBoost?
    package var warnings: [String] = []
    /// Of exports that are read one after the other: what each is, in words.
    package var chain: [String] = []
    /// What would become of its items, where that was asked for.
    package var findings: ItemSurvey.Findings?
    /// What becomes of its settings, and when global indexes are made, where some are.
    package var settings = SettingsReport()
    package var indexes: IndexTiming?
    /// The ways that lead from table to table; nil where a side is files.
    package var ways: PlannedWays?
    /// By which of them it goes, where the command says so: `--via`.
    package var way: PlannedWays.Kind?
    /// Why `copy` would refuse it.
    package var refusal: CopyRefusal?

    init(source: String, target: String, refusal: CopyRefusal) {
        self.source = source
        self.target = target
        creates = false
        self.refusal = refusal
    }

    /// - Parameters:
    ///   - definition: of the target while items arrive, as it is without a boost.
    ///   - stored: the same, with the indexes that are made later.
    init(
        _ findings: CopyPreflight.Findings, target: String, _ sample: TableSample,
        _ first: FirstRead, as definition: TableDefinition, stored: TableDefinition,
        options: CopyOptions, prices: PriceTable, readsFiles: Bool
    ) throws(CopyRefusal) {
        source = findings.source.definition.name
        self.target = target
        self.readsFiles = readsFiles
        creates = findings.target == nil
        if creates { billing = definition.billing }
        if options.part == .schema {
            (items, bytes, readUnits, writeUnits) = (0, 0, 0, 0)
            (wireBytes, storedBytes) = (0, 0)
        } else {
            count(
                findings.source, findings.memory, sample, first, options.isConsistentRead,
                written: definition)
            store(sample, stored)
        }
        // Nothing is charged for reading files.
        if readsFiles, readUnits != nil { readUnits = 0 }
        path =
            readsFiles
            ? .unknown
            : TransferPath(
                from: findings.source, to: findings.target, orRegion: findings.place.region)
        try estimate(findings, definition, options, prices)
        warn(findings, definition, sample, prices)
    }

    /// Of one that is written to files.
    init(
        exporting source: TableDescription, to title: String, _ sample: TableSample,
        _ first: FirstRead, memory: MemoryBudget, limits: ResolvedLimits,
        options: ExportOptions, prices: PriceTable
    ) {
        self.source = source.definition.name
        target = title
        (creates, writesFiles) = (true, true)
        self.limits = limits
        count(
            source, memory, sample, first, options.isConsistentRead, written: source.definition)
        (writeUnits, writeUnitsPlusMinus, indexUnits) = (writeUnits.map { _ in 0 }, nil, [])
        let paces = PlannedPaces(reading: source, options.limits, limits)
        time = readUnits.flatMap { paces.longest(reads: $0, writes: 0, indexes: []) }
        // What a bucket's owner pays for requests and bytes is not ours to know.
        cost = parts(
            TableCost(prices, source: source.definition, target: source.definition, path: path))
        if source.itemCount == 0, sample.items > 0, !sample.isComplete {
            warnings.append("its size is unknown: it reports no items but has some")
        }
    }

    /// Write units that a global index would be charged.
    package struct IndexUnits: Equatable, Sendable {
        package var name: String
        package var units: Double
        /// How far they may be off, with a probability of 95 %; nil where nobody knows.
        package var plusMinus: Double?
    }

    /// What a condition leaves of it.
    static func filtered(_ first: FirstRead) -> String {
        if first.pushed?.isQuery == true {
            return "a Query reads the items of one partition key, not a Scan: how many they are is"
                + " not known, and all are counted"
        }
        return "how many items satisfy --where is not known before they are read: all are counted"
    }

    /// Units a second that it would be held to; nil for none.
    package var readLimit: Double? { readsFiles ? nil : limits?.read.unitsPerSecond }
    package var writeLimit: Double? { limits?.write.table }
    package var dollars: Double? { cost.once }
    /// Of all its parts that are written.
    package var writeUnitsOfAll: Double? {
        writeUnits.map { indexUnits.reduce($0) { $0 + $1.units } }
    }

    // MARK: Estimates

    private mutating func count(
        _ source: TableDescription, _ memory: MemoryBudget, _ sample: TableSample,
        _ first: FirstRead, _ isConsistent: Bool, written: TableDefinition
    ) {
        let reported = first.itemsListed ?? max(source.itemCount, first.itemsEstimated ?? 0)
        guard sample.isComplete || (reported > 0 && sample.items > 0) else { return }
        let items =
            first.itemsListed ?? (sample.isComplete ? sample.items : max(reported, sample.items))
        self.items = items
        bytes = Int(clamping: Double(items) * sample.itemBytes)
        guard sample.items > 0 else {
            (readUnits, writeUnits, wireBytes) = (Double(first.segments) / 2, 0, 0)
            return
        }
        let share = Double(items) / Double(sample.items)
        writeUnits = Double(sample.writes.units) * share
        writeUnitsPlusMinus = sample.writes.plusMinus(ofAll: items)
        wireBytes = Double(sample.jsonBytes) * share
        indexUnits = written.globalIndexes.compactMap { index in
            sample.indexes[index.name].map {
                IndexUnits(
                    name: index.name, units: Double($0.units) * share,
                    plusMinus: $0.plusMinus(ofAll: items))
            }
        }.sorted { $0.name < $1.name }
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

    // MARK: Warnings

    private mutating func warn(
        _ findings: CopyPreflight.Findings, _ definition: TableDefinition, _ sample: TableSample,
        _ prices: PriceTable
    ) {
        if findings.source.itemCount == 0, sample.items > 0, !sample.isComplete {
            warnings.append("its size is unknown: it reports no items but has some")
        }
        warnings += misfitWarnings(sample, definition)
        if !definition.localIndexes.isEmpty {
            warnings.append(
                "it has local indexes: no item collection may be larger than 10 GB (guide, \"Local"
                    + " secondary indexes\")")
        }
        if definition.tableClass != prices.tableClass {
            warnings.append(
                "its class is \(definition.tableClass), but prices are those of"
                    + " \(prices.tableClass): what storage costs is unknown")
        }
        if let target = findings.target, target.partition != findings.source.partition {
            warnings.append("the target is in another partition of AWS")
        }
        if let liveliness = CopyPreflight.liveliness(findings) {
            warnings.append("\(liveliness): copy asks first, or requires --yes")
        }
    }

    /// What an index would refuse. A global one that is made after the items refuses none: it
    /// leaves them out.
    private func misfitWarnings(
        _ sample: TableSample, _ definition: TableDefinition
    ) -> [String] {
        let written = Set((definition.globalIndexes + definition.localIndexes).map(\.name))
        let ways = sample.misfits.map { misfit, count in
            let text = misfit.text(count, of: sample.items)
            guard written.contains(misfit.index) else { return text + ": it leaves them out" }
            let way =
                creates && !misfit.isLocal
                ? "; with --indexes after they are copied, and the index leaves them out" : ""
            return text + ": dead letters\(way)"
        }
        return ways.sorted()
    }
}
