import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Engine
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
    private let driver: CopyDriver
    private let asked: Locked<AskedLimits>
    /// Both tables as they were looked up last.
    private let definitions: Locked<(source: TableDefinition, target: TableDefinition)>
    private let tables: (source: SourceTable, target: TargetTable)
    private let time: any TimeSource
    private let note: @Sendable (String) -> Void

    /// - Throws: when a percentage is asked for of a table that has nothing to take it of.
    init(
        _ options: CopyOptions, _ subject: Subject, from table: OpenTable, journal: JobJournal,
        isResumed: Bool, digest: CopyDigest?, shared: (limits: SharedLimits, number: Int),
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
        var configuration = CopyConfiguration(segments: segments, memory: subject.memory)
        if let scansMax = options.scansMax { configuration.scansMax = scansMax }
        if let writesMax = options.limits.writesMax { configuration.writesMax = writesMax }
        configuration.itemBytesReported = source.itemBytes ?? table.first?.itemBytes
        configuration.spent = table.first?.spent ?? SpentReads()
        configuration.isConsistentRead = options.isConsistentRead
        configuration.read = limits.read
        configuration.write = limits.write
        configuration.keepsItems = options.keepsItems
        configuration.deadLettersMax = options.deadLettersMax
        configuration.giveUpAfter = options.giveUpAfter
        configuration.earlier = table.positions
        driver = CopyDriver(
            from: tables.source, to: tables.target, schema: source.schema, configuration,
            expiry: subject.expiryAttribute.map { ExpiryRule(attribute: $0) },
            cursors: table.cursors, first: table.first?.page, isResumed: isResumed,
            itemsReported: source.itemCount,
            journal: journal, digest: digest, shared: shared, time: time, seed: seed)
        self.limits = limits
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
    func run() async -> (outcome: CopyOutcome, progress: CopyProgress) {
        let watch = CapacityWatch { [weak self] in await self?.lookUpLimits() }
        let outcome = await withCheckedContinuation { continuation in
            driver.start { continuation.resume(returning: $0) }
        }
        watch.stop()
        return (outcome, driver.progress)
    }

    /// Asks for an orderly end: no new scans, what is in flight comes home in bounded time.
    func stop() { driver.stop() }

    /// Where it stands.
    var progress: CopyProgress { driver.progress }

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
