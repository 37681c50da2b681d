import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Engine
import Pacing

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
    private let options: Locked<CopyOptions>
    /// Both tables as they were looked up last.
    private let definitions: Locked<(source: TableDefinition, target: TableDefinition)>
    private let tables: (source: SourceTable, target: TargetTable)
    private let time: any TimeSource
    private let note: @Sendable (String) -> Void

    /// How often limits that follow the tables' own capacity are looked up again.
    private static let limitsEvery = DispatchTimeInterval.seconds(60)

    /// - Throws: when a percentage is asked for of a table that has nothing to take it of.
    init(
        _ options: CopyOptions, _ subject: Subject, from table: OpenTable, journal: JobJournal,
        isResumed: Bool, digest: CopyDigest?, shared: (limits: SharedLimits, number: Int),
        note: @escaping @Sendable (String) -> Void, time: any TimeSource, seed: UInt64
    ) throws(CopyRefusal) {
        let limits = try UnitLimits(
            options, source: subject.source.definition, target: subject.target.definition)
        self.options = Locked(options)
        definitions = Locked((subject.source.definition, subject.target.definition))
        tables = subject.tables
        source = subject.source
        target = subject.target
        segments = table.record.segments
        self.note = note
        self.time = time
        var configuration = CopyConfiguration(segments: segments, memory: subject.memory)
        if let scansMax = options.scansMax { configuration.scansMax = scansMax }
        if let writesMax = options.writesMax { configuration.writesMax = writesMax }
        configuration.itemBytesReported = source.itemBytes
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
            cursors: table.cursors, isResumed: isResumed, itemsReported: source.itemCount,
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
        let watch = watchLimits()
        let outcome = await withCheckedContinuation { continuation in
            driver.start { continuation.resume(returning: $0) }
        }
        watch.cancel()
        return (outcome, driver.progress)
    }

    /// Asks for an orderly end: no new scans, what is in flight comes home in bounded time.
    func stop() { driver.stop() }

    /// Where it stands.
    var progress: CopyProgress { driver.progress }

    /// Holds the copy once what is in flight has come home, or lets it go on.
    func setPaused(_ paused: Bool) { driver.setPaused(paused) }

    // MARK: Limits

    /// What the tables' limits would be by these options.
    /// - Throws: for a percentage of nothing.
    func limits(_ options: CopyOptions) throws(CopyRefusal) -> UnitLimits {
        let definitions = definitions.withLock { $0 }
        return try UnitLimits(options, source: definitions.source, target: definitions.target)
    }

    /// Sets limits from now on.
    func setLimits(_ limits: UnitLimits, by options: CopyOptions) {
        self.options.withLock { $0 = options }
        driver.setLimits(read: limits.read, write: limits.write, writesMax: options.writesMax)
    }

    /// Looks up the tables' capacity now and then; a look that fails changes nothing.
    private func watchLimits() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "copy.limits"))
        timer.setEventHandler { [weak self] in
            guard let self else { return }
            Task { await self.lookUpLimits() }
        }
        timer.schedule(
            deadline: .now() + Self.limitsEvery, repeating: Self.limitsEvery,
            leeway: .seconds(1))
        timer.activate()
        return timer
    }

    private func lookUpLimits() async {
        let options = options.withLock { $0 }
        guard options.followsTables else { return }
        do {
            let found = (
                source: try await tables.source.describe().definition,
                target: try await tables.target.describe().definition
            )
            definitions.withLock { $0 = found }
            let limits = try UnitLimits(options, source: found.source, target: found.target)
            driver.setLimits(read: limits.read, write: limits.write)
        } catch {
            note("the tables' capacity could not be looked up again: \(error)")
        }
    }
}
