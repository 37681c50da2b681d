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
    package let jobID: String
    private let driver: CopyDriver
    private let journal: JobJournal
    private let socketPath: String
    private let deadLetters: DeadLetterFile
    private let options: Locked<CopyOptions>
    /// Both tables as they were looked up last.
    private let definitions: Locked<(source: TableDefinition, target: TableDefinition)>
    private let tables: (source: SourceTable, target: TargetTable)
    private let runs: Int
    private let started: Instant
    private let time: any TimeSource
    private let note: @Sendable (String) -> Void

    /// How often limits that follow the tables' own capacity are looked up again.
    private static let limitsEvery = DispatchTimeInterval.seconds(60)

    private init(
        _ options: CopyOptions, _ findings: CopyPreflight.Findings, target: TableDescription,
        limits: UnitLimits, tables: (source: SourceTable, target: TargetTable), job: OpenJob,
        note: @escaping @Sendable (String) -> Void, time: any TimeSource, seed: UInt64
    ) {
        self.options = Locked(options)
        definitions = Locked((findings.source.definition, target.definition))
        self.tables = tables
        self.limits = limits
        self.note = note
        self.target = target
        self.time = time
        started = time.now
        source = findings.source
        segments = job.table.segments
        jobID = job.record.id
        runs = job.record.runs
        var configuration = CopyConfiguration(segments: segments, memory: findings.memory)
        if let scansMax = options.scansMax { configuration.scansMax = scansMax }
        if let writesMax = options.writesMax { configuration.writesMax = writesMax }
        configuration.itemBytesReported = source.itemBytes
        configuration.isConsistentRead = options.isConsistentRead
        configuration.read = limits.read
        configuration.write = limits.write
        configuration.deadLettersMax = options.deadLettersMax
        configuration.giveUpAfter = options.giveUpAfter
        configuration.earlier = job.positions
        let name = target.definition.name
        deadLetters = DeadLetterFile(
            path: options.deadLettersPath ?? DeadLetterFile.defaultPath(table: name), table: name)
        journal = JobJournal(job, table: 0, time: time)
        socketPath = job.socketPath
        driver = CopyDriver(
            from: tables.source, to: tables.target, schema: findings.source.schema, configuration,
            cursors: job.cursors, itemsReported: source.itemCount, journal: journal, time: time,
            seed: seed)
    }

    /// Passes every refusal, finds the job that this copy goes on with or makes a new one, and
    /// creates the target when there is none.
    /// - Parameter note: is told of what the user should know before and while items move.
    /// - Throws: ``CopyRefusal`` or ``JobError``. Nothing was changed, unless the target could not
    ///   be created or did not become active: then the job stands, to be resumed.
    package static func prepare(
        _ options: CopyOptions, job jobOptions: JobOptions, from source: SourceTable,
        to target: TargetTable, note: @escaping @Sendable (String) -> Void,
        time: any TimeSource = MonotonicTime(), seed: UInt64
    ) async throws -> TableCopy {
        let preflight = CopyPreflight(source: source, target: target, options: options)
        let findings = try await preflight.run()
        var opening = JobOpening(
            preflight: preflight, findings: findings, options: jobOptions, time: time, note: note,
            generator: SeededGenerator(seed: seed))
        var job = try await opening.run()
        let options = options.throttled(by: job.record.throttle)
        if let limits = job.record.throttle.description {
            note("limits of the last jobs throttle hold: \(limits)")
        }
        let description = try await existing(target, findings, &job, note)
        let limits = try UnitLimits(
            options, source: findings.source.definition, target: description.definition)
        note(
            limits.description(
                source: findings.source.definition, target: description.definition))
        return TableCopy(
            options, findings, target: description, limits: limits, tables: (source, target),
            job: job, note: note, time: time, seed: seed)
    }

    /// The target as it is once it is there.
    private static func existing(
        _ target: TargetTable, _ findings: CopyPreflight.Findings, _ job: inout OpenJob,
        _ note: @Sendable (String) -> Void
    ) async throws -> TableDescription {
        do {
            if findings.target == nil {
                var definition = findings.source.definition
                definition.name = target.name
                note("creating \(target.name) as \(findings.source.definition.name) is defined")
                try await target.create(definition)
            } else if let found = findings.target, found.status != "CREATING" {
                try job.found(found)
                return found
            }
            let made = try await target.waitUntilActive { looks in
                await Pause.lasting(.milliseconds(min(20 << min(looks, 8), 5_000)))
            }
            guard made.schema == findings.source.schema else {
                throw CopyRefusal("\(target.name) was created by someone else, with other keys")
            }
            try job.found(made)
            return made
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
        let watch = watchLimits()
        let control = listen()
        let outcome = await withCheckedContinuation { continuation in
            driver.start { continuation.resume(returning: $0) }
        }
        watch.cancel()
        control?.stop()
        let progress = driver.progress
        let path = exportDeadLetters(outcome)
        end(outcome)
        return CopyReport(
            outcome: outcome, counters: progress.counters, elapsed: time.now - started,
            segments: segments, jobID: jobID, runs: runs, inAll: journal.saved,
            deadLettersPath: path)
    }

    /// Without its socket a job runs all the same, but can't be asked anything.
    private func listen() -> JobControl? {
        do {
            return try JobControl(socketPath) { [weak self] command throws(JobError) in
                try self?.perform(command)
            }
        } catch {
            note("dynaferry jobs can't reach job \(jobID): \(error.message)")
            return nil
        }
    }

    private func perform(_ command: JobCommand) throws(JobError) {
        switch command {
        case .pause: try setPaused(true)
        case .resume: try setPaused(false)
        case .stop:
            note("stopping: asked by dynaferry jobs stop")
            stop()
        case .throttle(let limits): try throttle(limits)
        }
    }

    /// The job's rows are the record of dead letters; the file is for its user to read. While the
    /// job may go on by itself there is none yet.
    private func exportDeadLetters(_ outcome: CopyOutcome) -> String? {
        guard outcome != .stopped else { return nil }
        do {
            for letter in try journal.deadLetters() { try deadLetters.append(letter) }
            try deadLetters.sync()
        } catch let failure as CopyFailure {
            note("\(failure.message); they stand in job \(jobID)")
        } catch {
            note("dead letters can't be read: \(error)")
        }
        return deadLetters.path
    }

    private func end(_ outcome: CopyOutcome) {
        do {
            switch outcome {
            case .completed: try journal.end(.finished)
            case .stopped: try journal.end(.stopped)
            case .failed(let failure): try journal.end(.failed, reason: failure.message)
            }
        } catch {
            note("\(error.message); the job's last state is not kept")
        }
    }

    /// Asks for an orderly end: no new scans, what is in flight comes home in bounded time.
    package func stop() { driver.stop() }

    /// Where it stands.
    package var progress: CopyProgress { driver.progress }

    /// Holds the copy once what is in flight has come home, or lets it go on.
    private func setPaused(_ paused: Bool) throws(JobError) {
        try journal.setState(paused ? .paused : .running)
        driver.setPaused(paused)
        note(paused ? "paused: dynaferry jobs resume \(jobID) goes on" : "going on")
    }

    /// Sets limits from now on, for this process and those that go on with the job.
    /// - Throws: ``JobError`` for a percentage of nothing, or when it can't be kept.
    private func throttle(_ throttle: JobThrottle) throws(JobError) {
        let wanted = options.withLock { $0.throttled(by: throttle) }
        let definitions = definitions.withLock { $0 }
        let limits: UnitLimits
        do throws(CopyRefusal) {
            limits = try UnitLimits(
                wanted, source: definitions.source, target: definitions.target)
        } catch {
            throw JobError(error.message, hint: error.hint)
        }
        try journal.addThrottle(throttle)
        options.withLock { $0 = wanted }
        driver.setLimits(read: limits.read, write: limits.write, writesMax: wanted.writesMax)
        if let text = throttle.description { note("limits from now on: \(text)") }
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
