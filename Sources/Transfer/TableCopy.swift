import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Pacing

/// The copy of one table, from the first question to the last item.
///
/// ``prepare(_:from:to:note:time:)`` refuses what must be refused and creates the target;
/// ``run()`` moves the items. Any thread may call its methods.
package final class TableCopy: Sendable {
    package let source: TableDescription
    package let target: TableDescription
    package let limits: UnitLimits
    package let segments: Int
    private let driver: CopyDriver
    private let deadLetters: DeadLettersPath
    private let options: CopyOptions
    private let tables: (source: SourceTable, target: TargetTable)
    private let time: any TimeSource
    private let started: Instant
    private let note: @Sendable (String) -> Void

    /// How often limits that follow the tables' own capacity are looked up again.
    private static let limitsEvery = DispatchTimeInterval.seconds(60)

    private init(
        _ options: CopyOptions, _ findings: CopyPreflight.Findings, target: TableDescription,
        limits: UnitLimits, tables: (source: SourceTable, target: TargetTable),
        note: @escaping @Sendable (String) -> Void, time: any TimeSource, seed: UInt64
    ) {
        self.options = options
        self.tables = tables
        self.limits = limits
        self.note = note
        self.time = time
        self.target = target
        source = findings.source
        started = time.now
        segments = findings.segments
        var configuration = CopyConfiguration(segments: segments, memory: findings.memory)
        if let scansMax = options.scansMax { configuration.scansMax = scansMax }
        if let writesMax = options.writesMax { configuration.writesMax = writesMax }
        configuration.itemBytesReported = source.itemBytes
        configuration.isConsistentRead = options.isConsistentRead
        configuration.read = limits.read
        configuration.write = limits.write
        configuration.deadLettersMax = options.deadLettersMax
        configuration.giveUpAfter = options.giveUpAfter
        let name = target.definition.name
        let file = DeadLetterFile(
            path: options.deadLettersPath ?? DeadLetterFile.defaultPath(table: name), table: name)
        deadLetters = DeadLettersPath(file)
        driver = CopyDriver(
            from: tables.source, to: tables.target, schema: findings.source.schema, configuration,
            deadLetters: file, time: time, seed: seed)
    }

    /// Passes every refusal, then creates the target when there is none.
    /// - Parameter note: is told of what the user should know before and while items move.
    /// - Throws: ``CopyRefusal`` when nothing was changed.
    package static func prepare(
        _ options: CopyOptions, from source: SourceTable, to target: TargetTable,
        note: @escaping @Sendable (String) -> Void, time: any TimeSource = MonotonicTime(),
        seed: UInt64
    ) async throws -> TableCopy {
        let findings = try await CopyPreflight(source: source, target: target, options: options)
            .run()
        let description = try await existing(target, findings, note)
        guard description.schema == findings.source.schema else {
            throw CopyRefusal("\(target.name) was created by someone else, with other keys")
        }
        let limits = try UnitLimits(
            options, source: findings.source.definition, target: description.definition)
        note(
            limits.description(
                source: findings.source.definition, target: description.definition))
        return TableCopy(
            options, findings, target: description, limits: limits, tables: (source, target),
            note: note, time: time, seed: seed)
    }

    private static func existing(
        _ target: TargetTable, _ findings: CopyPreflight.Findings,
        _ note: @Sendable (String) -> Void
    ) async throws -> TableDescription {
        do {
            if findings.target == nil {
                var definition = findings.source.definition
                definition.name = target.name
                note("creating \(target.name) as \(findings.source.definition.name) is defined")
                try await target.create(definition)
            } else if let found = findings.target, found.status != "CREATING" {
                return found
            }
            return try await target.waitUntilActive { looks in
                await Pause.lasting(.milliseconds(min(20 << min(looks, 8), 5_000)))
            }
        } catch let error as AWSError {
            throw CopyRefusal(error, side: "target", target.reader.endpoint)
        } catch let error as TableNotActive {
            throw CopyRefusal(
                "the target table \(error.table) did not become active; it is \(error.status)",
                hint: "run the same command again when it is")
        }
    }

    /// Moves the items; returns when all are safe, or the copy stopped or failed.
    package func run() async -> CopyReport {
        let watch = limits.followTables ? watchLimits() : nil
        let outcome = await withCheckedContinuation { continuation in
            driver.start { continuation.resume(returning: $0) }
        }
        watch?.cancel()
        return CopyReport(
            outcome: outcome, counters: driver.inspect { scheduler, _ in scheduler.counters },
            elapsed: time.now - started, segments: segments, deadLettersPath: deadLetters.path)
    }

    /// Asks for an orderly end: no new scans, what is in flight comes home in bounded time.
    package func stop() { driver.stop() }

    /// Where it stands.
    package var progress: CopyProgress {
        let reported = source.itemCount
        let segments = segments
        let elapsed = time.now - started
        return driver.inspect { scheduler, now in
            CopyProgress(
                &scheduler, itemsReported: reported, segments: segments, elapsed: elapsed, at: now)
        }
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
        do {
            let source = try await tables.source.describe()
            let target = try await tables.target.describe()
            let limits = try UnitLimits(
                options, source: source.definition, target: target.definition)
            driver.setLimits(read: limits.read, write: limits.write)
        } catch {
            note("the tables' capacity could not be looked up again: \(error)")
        }
    }
}

/// The dead letters' path, which the driver's queue finds out and others ask for at the end.
private final class DeadLettersPath: @unchecked Sendable {
    // @unchecked: the file is written on the driver's queue only, and asked for its path only after
    // the driver has ended, which its completion has told through that queue.
    private let file: DeadLetterFile

    init(_ file: DeadLetterFile) { self.file = file }

    var path: String? { file.path }
}

/// Waits without holding a thread.
enum Pause {
    private static let queue = DispatchQueue(label: "copy.pause")

    static func lasting(_ duration: Duration) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            queue.asyncAfter(deadline: .now() + .nanoseconds(Int(duration.inNanoseconds))) {
                continuation.resume()
            }
        }
    }
}
