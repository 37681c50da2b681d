import AWS
import Connectors
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import Pacing
import System

/// The copy of one table whose target is there. Any thread may call its methods.
///
/// ``CopyJob`` makes it, once nothing stands in its way; ``run()`` moves the items.
package final class TableCopy: TableWork {
    package let source: TableDescription
    package let target: TableDescription
    let segments: Int
    /// Those that it begins with.
    let limits: UnitLimits
    private let driver: FlowDriver
    private let asked: Locked<AskedLimits>
    /// Both tables as they were looked up last.
    private let definitions: Locked<(source: TableDefinition, target: TableDefinition)>
    private let tables: (source: SourceTable, target: TargetTable)
    private let time: any TimeSource
    private let note: @Sendable (String) -> Void

    /// - Throws: when a percentage is asked for of a table that has nothing to take it of.
    init(
        _ options: CopyOptions, _ subject: Subject, from table: OpenTable, journal: JobJournal,
        isResumed: Bool, digest: (fold: DigestFold, key: DigestKey)?,
        shared: (limits: SharedLimits, number: Int),
        note: @escaping @Sendable (String) -> Void, time: any TimeSource, seed: UInt64
    ) throws(CopyRefusal) {
        let limits = try UnitLimits(
            options.limits, source: subject.source.definition,
            target: subject.target.definition)
        asked = Locked(options.limits)
        definitions = Locked((subject.source.definition, subject.target.definition))
        tables = subject.tables
        source = subject.source
        target = subject.target
        segments = table.record.segments
        self.note = note
        self.time = time
        let queue = DispatchQueue(label: "copy")
        var parts = Self.parts(options, subject, from: table, isResumed: isResumed, on: queue, time)
        parts.journal = journal
        if let digest {
            parts.stages.append(DigestStage(schema: source.schema, key: digest.key))
            parts.folds.append(digest.fold)
        }
        var configuration = parts.configuration(subject.memory)
        if let scansMax = options.scansMax { configuration.readsMax = scansMax }
        if let writesMax = options.limits.writesMax { configuration.writesMax = writesMax }
        configuration.itemsReported = source.itemCount
        configuration.itemBytesReported = source.itemBytes ?? table.first?.itemBytes
        configuration.spent = table.first?.spent ?? SpentReads()
        configuration.read = limits.read
        configuration.write = limits.write
        configuration.deadLettersMax = options.deadLettersMax
        configuration.giveUpAfter = options.giveUpAfter
        driver = FlowDriver(
            parts, configuration, shared: shared, on: queue, time: time, seed: seed)
        self.limits = limits
    }

    /// The scan of the source, and what writes into the target.
    private static func parts(
        _ options: CopyOptions, _ subject: Subject, from table: OpenTable, isResumed: Bool,
        on queue: DispatchQueue, _ time: any TimeSource
    ) -> FlowParts {
        let schema = subject.source.schema
        var scan = ScanSource.Settings(segments: table.record.segments)
        scan.isConsistent = options.isConsistentRead
        scan.first = table.first?.page
        let indexes = subject.target.definition.globalIndexes.map(\.name)
        let (target, memoryBytes) = (subject.tables.target, subject.memory.batchBytes)
        let sink: any BatchSink =
            options.keepsItems
            ? ConditionalSink(
                target, schema: schema, indexes: indexes,
                conflict: .isKept(isResumed: isResumed), memoryBytes: memoryBytes, on: queue)
            : TableSink(
                target, schema: schema, indexes: indexes, memoryBytes: memoryBytes, on: queue)
        var parts = FlowParts(
            ScanSource(
                subject.tables.source, side: "source", schema: schema, scan, on: queue),
            to: sink)
        parts.saved = table.segments
        if let attribute = subject.expiryAttribute {
            parts.stages.append(ExpiryStage(ExpiryRule(attribute: attribute), time: time))
        }
        return parts
    }

    /// The limits that it begins with, in words.
    var limitsText: String {
        limits.description(source: source.definition, target: target.definition)
    }

    /// Both tables of a copy, as they are when it begins.
    struct Subject: Sendable {
        var tables: (source: SourceTable, target: TargetTable)
        var source: TableDescription
        var target: TableDescription
        var memory: MemoryBudget
        var plan: SettingsPlan
        /// See ``CopyPreflight/Findings/expiryAttribute``.
        var expiryAttribute: String?
    }

    /// Moves the items; returns when all are safe, or the copy stopped or failed.
    func run() async -> (outcome: FlowOutcome, progress: FlowProgress) {
        let watch = CapacityWatch { [weak self] in await self?.lookUpLimits() }
        let outcome = await driver.run()
        watch.stop()
        return (outcome, driver.progress)
    }

    /// Asks for an orderly end: no new scans, what is in flight comes home in bounded time.
    func stop() { driver.stop() }

    /// Where it stands.
    var progress: FlowProgress { driver.progress }

    /// Holds the copy once what is in flight has come home, or lets it go on.
    func setPaused(_ paused: Bool) { driver.setPaused(paused) }

    // MARK: Limits

    func limiting(by asked: AskedLimits) throws(CopyRefusal) -> () -> Void {
        let definitions = definitions.withLock { $0 }
        let limits = try UnitLimits(
            asked, source: definitions.source, target: definitions.target)
        return { [self] in
            self.asked.withLock { $0 = asked }
            driver.setLimits(read: limits.read, write: limits.write, writesMax: asked.writesMax)
        }
    }

    /// Looks up the tables' capacity; a look that fails changes nothing.
    private func lookUpLimits() async {
        let asked = asked.withLock { $0 }
        guard asked.readUnits.followsTable || asked.writeUnits.followsTable else { return }
        do {
            let found = (
                source: try await tables.source.describe().definition,
                target: try await tables.target.describe().definition
            )
            definitions.withLock { $0 = found }
            let limits = try UnitLimits(asked, source: found.source, target: found.target)
            driver.setLimits(read: limits.read, write: limits.write)
        } catch {
            note("the tables' capacity could not be looked up again: \(error)")
        }
    }
}
