import AWS
import DynamoModel
import Status

extension TablePlan {
    /// How long it takes, what it costs, and what a boost does to both.
    /// - Parameter definition: of the target, as it is without a boost.
    mutating func estimate(
        _ findings: CopyPreflight.Findings, _ definition: TableDefinition, _ options: CopyOptions,
        _ prices: PriceTable
    ) throws(CopyRefusal) {
        let base = try Loaded(self, findings, definition, options, prices, boost: nil)
        var asked: Loaded?
        if let units = options.boostWrites, base.canBeRaised(to: units) {
            asked = try Loaded(self, findings, definition, options, prices, boost: units)
        }
        let chosen = asked ?? base
        (limits, time, cost) = (chosen.limits, chosen.time, chosen.cost)
        guard let time = base.time else { return }
        if let asked, let units = options.boostWrites, let faster = asked.time {
            boost = PlannedBoost(
                units: units, isAsked: true, seconds: faster.seconds,
                secondsWithout: time.seconds, dollars: asked.cost.boost)
        } else if options.boostWrites == nil,
            let units = PlannedBoost.worthwhile(
                time, self, reading: base.readSeconds, as: definition),
            case let raised = try Loaded(self, findings, definition, options, prices, boost: units),
            let faster = raised.time, faster.seconds < time.seconds
        {
            boost = PlannedBoost(
                units: units, isAsked: false, seconds: faster.seconds,
                secondsWithout: time.seconds, dollars: raised.cost.boost)
        }
    }

    /// The copy into a target that is loaded with a boost, or without one.
    private struct Loaded {
        let limits: ResolvedLimits
        let time: PlannedTime?
        let readSeconds: Double?
        let cost: CostParts
        private let definition: TableDefinition
        private let creates: Bool

        init(
            _ plan: TablePlan, _ findings: CopyPreflight.Findings, _ definition: TableDefinition,
            _ options: CopyOptions, _ prices: PriceTable, boost: Int?
        ) throws(CopyRefusal) {
            self.definition = definition
            creates = plan.creates
            var wanted = definition
            wanted.warmWriteUnits = plan.creates && definition.billing.isOnDemand ? boost : nil
            let raised = boost.map(wanted.raised) ?? wanted
            limits = try ResolvedLimits(
                options.limits, source: findings.source.definition, target: raised)
            let paces = PlannedPaces(
                findings, readsFiles: plan.readsFiles, into: raised, options.limits, limits)
            readSeconds = plan.readUnits.flatMap { paces.read?.time(of: $0)?.seconds }
            if let reads = plan.readUnits, let writes = plan.writeUnits {
                time = paces.longest(reads: reads, writes: writes, indexes: plan.indexUnits)
            } else {
                time = nil
            }
            var timed = plan
            timed.time = time
            cost = timed.parts(
                TableCost(
                    prices, source: findings.source.definition, target: wanted, path: plan.path,
                    boost: boost))
        }

        /// A table that is there on demand has no units to be raised, and others may have as many.
        func canBeRaised(to units: Int) -> Bool {
            definition.billing.isOnDemand
                ? creates && units > ServiceLimits.onDemandWriteUnits
                : definition.raised(toWriteUnits: units) != definition
        }
    }

    func parts(_ cost: TableCost) -> CostParts {
        guard let readUnits, let writeUnits, let wireBytes else { return CostParts() }
        return cost.parts(
            readUnits: readUnits, writeUnits: writeUnits,
            indexUnits: indexUnits.reduce(0) { $0 + $1.units }, bytes: wireBytes,
            stored: storedBytes, seconds: time?.seconds ?? 0)
    }

    /// Items and entries of all indexes, as the service stores them.
    mutating func store(_ sample: TableSample, _ stored: TableDefinition) {
        guard let items, sample.items > 0 else {
            storedBytes = items == 0 ? 0 : nil
            return
        }
        let entries = stored.globalIndexes.compactMap { sample.indexes[$0.name] }
        let bytes = entries.reduce(sample.storedBytes + sample.localBytes) { $0 + $1.bytes }
        let count = entries.reduce(sample.items + sample.localEntries) { $0 + $1.entries }
        let all = Double(bytes) + Double(count * ServiceLimits.itemOverheadBytes)
        storedBytes = all * Double(items) / Double(sample.items)
    }

    /// What a copy of what differs costs at least: both sides are read, and how much is written
    /// nobody knows.
    func dollarsToCompare(_ findings: CopyPreflight.Findings, _ prices: PriceTable) -> Double? {
        guard let readUnits, let target = findings.target else { return dollars }
        let cost = TableCost(
            prices, source: findings.source.definition, target: target.definition, path: path)
        return cost.dollars(
            readUnits: readUnits, targetReadUnits: readUnits, writeUnits: 0, bytes: 0, seconds: 0)
    }
}

extension TransferPath {
    /// - Parameters:
    ///   - target: nil: it is made in `region`.
    init(
        from source: TableDescription, to target: TableDescription?, orRegion region: String?
    ) {
        guard let from = source.region, let to = target?.region ?? region else {
            self = .unknown
            return
        }
        guard from != to else {
            self = .none
            return
        }
        let partition = target?.partition ?? Partition.of(region: to)?.name
        self = partition == source.partition ? .betweenRegions : .internet
    }
}
