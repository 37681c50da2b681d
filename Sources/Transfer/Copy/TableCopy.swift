import AWS
import Connectors
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Pacing
import Status
import System

/// The items of one table on their way to a target that is there. Any thread may call its methods.
final class TableCopy: TableTask {
    private let asked: RequestedLimits
    private let names: (source: String, target: String)
    private let tables: CopyPreparation.Pair
    private let driver: FlowDriver
    private let note: @Sendable (String) -> Void
    private let state: Locked<State>
    private let through: ThroughSource?

    private struct State {
        var orders: JobOrders
        /// Both tables as they were looked up last.
        var definitions: (source: TableDefinition, target: TableDefinition)
        var outcome: FlowOutcome?

        func limits(_ asked: RequestedLimits, _ throttle: RequestedLimits) throws(CopyRefusal)
            -> ResolvedLimits
        {
            try ResolvedLimits(
                asked.updated(by: throttle), source: definitions.source,
                target: definitions.target)
        }
    }

    /// - Parameters:
    ///   - target: as it is while it is loaded.
    ///   - superseded: items of files whose keys come again.
    ///   - orders: those that it begins with.
    /// - Throws: when a percentage is asked for of a table that has nothing to take it of.
    init(
        _ task: CopyTask, to target: TableDescription,
        digest: SourceDigest?, superseded: Set<LinePlace>, _ orders: JobOrders
    ) throws(CopyRefusal) {
        let (options, subject, open) = (task.options, task.subject, task.open)
        let state = State(
            orders: orders, definitions: (subject.source.definition, target.definition))
        let limits = try state.limits(options.limits, orders.throttle)
        asked = options.limits
        names = (subject.source.definition.name, target.definition.name)
        tables = subject.tables
        note = task.note
        self.state = Locked(state)
        let queue = HTTPEngine.queue("copy", lane: task.number)
        var parts = Self.parts(
            options, subject, from: open, isResumed: task.context.isResumed, on: queue,
            task.context.time)
        parts.journal = JobJournal(
            task.context.keeper, table: task.number, of: open, keys: subject.target.schema,
            matches: task.matches)
        if !superseded.isEmpty { parts.stages.append(SupersededStage(superseded)) }
        through = parts.add(
            options.transform, from: subject.source.schema, to: subject.target.schema,
            matches: task.matches, onErrorLine: { [note] in note("--through: \($0)") })
        if let origins = task.originStage {
            parts.stages.append(origins)
            parts.folds.append(OriginFold())
        }
        digest?.add(to: &parts, schema: subject.target.schema)
        var configuration = parts.configuration(subject.memory)
        if let files = subject.tables.source.filesOpenMax(of: options.memory) {
            configuration.openMax = files
        }
        if let scansMax = options.scansMax { configuration.readsMax = scansMax }
        if let writesMax = options.limits.updated(by: orders.throttle).writesMax {
            configuration.writesMax = writesMax
        }
        // How many items a Query brings is not known.
        if open.first?.pushed?.isQuery != true {
            configuration.itemsReported =
                options.transform.keyList?.count ?? subject.source.itemCount
        }
        configuration.itemBytesReported = subject.source.itemBytes ?? open.first?.itemBytes
        configuration.spent = open.first?.spent ?? SpentReads()
        configuration.read = limits.read
        configuration.write = limits.write
        configuration.deadLettersMax = options.deadLettersMax
        configuration.giveUpAfter = options.giveUpAfter
        configuration.landsWithinMax = options.landsWithin
        configuration.lateFor = subject.tables.source.lateFor(
            options.landsWithin, isResumed: task.context.isResumed,
            at: task.context.time.secondsSinceEpoch)
        driver = FlowDriver(
            parts, configuration, shared: (task.context.shared, task.number), on: queue,
            time: task.context.time, seed: task.seed)
        if orders.isPaused { driver.setPaused(true) }
        if orders.isStopping { driver.stop() }
    }

    /// The scan of the source, and what writes into the target.
    private static func parts(
        _ options: CopyOptions, _ subject: CopyTask.Subject, from table: OpenTable, isResumed: Bool,
        on queue: DispatchQueue, _ time: any TimeSource
    ) -> FlowParts {
        let schema = subject.target.schema
        let indexes = subject.target.definition.globalIndexes.map(\.name)
        let (target, memoryBytes) = (subject.tables.target, subject.memory.batchBytes)
        let sink: any BatchSink =
            options.keepsItems
            ? ConditionalSink(
                target, schema: schema, indexes: indexes,
                conflict: .isKept(isResumed: isResumed), memoryBytes: memoryBytes, on: queue)
            : TableSink(
                target, schema: schema, indexes: indexes, memoryBytes: memoryBytes, on: queue)
        var parts = FlowParts(source(options, subject, from: table, on: queue), to: sink)
        parts.saved = table.segments
        if let attribute = subject.expiryAttribute {
            parts.stages.append(ExpiryStage(ExpiryRule(attribute: attribute), time: time))
        }
        return parts
    }

    private static func source(
        _ options: CopyOptions, _ subject: CopyTask.Subject, from table: OpenTable,
        on queue: DispatchQueue
    ) -> any PageSource {
        let schema = subject.source.schema
        switch subject.tables.source {
        case .table(let source):
            if let keys = options.transform.keyList {
                return KeyListSource(source, keys, schema: schema, on: queue)
            }
            var scan = ScanSource.Settings(segments: table.record.segments)
            scan.isConsistent = options.isConsistentRead
            scan.first = table.first?.page
            scan.filter = table.first?.pushed(after: table.segments)
            return ScanSource(source, side: "source", schema: schema, scan, on: queue)
        case .export(let source):
            return source.source(schema: schema, on: queue)
        }
    }

    // MARK: TableTask

    func run() async -> TableStatus {
        let watch = CapacityWatch { [weak self] in await self?.lookUpLimits() }
        let outcome = await driver.run(through)
        watch.stop()
        state.withLock { $0.outcome = outcome }
        return status
    }

    var status: TableStatus {
        var status = TableStatus(source: names.source, target: names.target)
        status.outcome = state.withLock { $0.outcome }
        status.stage = .copying
        status.progress = driver.progress
        return status
    }

    func obey(_ orders: JobOrders) {
        state.withLock { state in
            if orders.isPaused != state.orders.isPaused { driver.setPaused(orders.isPaused) }
            if orders.isStopping { driver.stop() }
            // What can't be was refused before.
            if orders.throttle != state.orders.throttle,
                let limits = try? state.limits(asked, orders.throttle)
            {
                driver.setLimits(
                    read: limits.read, write: limits.write,
                    writesMax: asked.updated(by: orders.throttle).writesMax)
            }
            state.orders = orders
        }
    }

    func limits(under throttle: RequestedLimits) throws(CopyRefusal) -> ResolvedLimits? {
        try state.withLock { state throws(CopyRefusal) in try state.limits(asked, throttle) }
    }

    /// Looks up the tables' capacity; a look that fails changes nothing.
    private func lookUpLimits() async {
        let asked = asked.updated(by: state.withLock { $0.orders.throttle })
        guard asked.readUnits.followsTable || asked.writeUnits.followsTable else { return }
        do {
            let found = (
                source: try await tables.source.table?.describe().definition
                    ?? state.withLock { $0.definitions.source },
                target: try await tables.target.describe().definition
            )
            try state.withLock { state in
                state.definitions = found
                let limits = try state.limits(self.asked, state.orders.throttle)
                driver.setLimits(read: limits.read, write: limits.write)
            }
        } catch {
            note("the tables' capacity could not be looked up again: \(error)")
        }
    }
}
