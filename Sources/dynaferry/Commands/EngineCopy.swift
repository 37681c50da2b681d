import AWS
import CommandLine
import Dispatch
import DynamoDB
import Flow
import JSON
import Pacing
import System
import Transfer

/// A copy by the engine, as ``CopyCommand`` wants to see it.
struct EngineCopy: RunningCopy {
    private let copy: CopyJob
    private let arguments: CopyArguments
    private let ending: Ending

    /// Resolves both sides, passes every refusal, creates the target when there is none, and lets
    /// the items move. Blocks until they do; call it on a thread that may wait.
    static func start(
        _ arguments: CopyArguments, _ voice: CopyVoice, environment: [String: String]
    ) throws -> any RunningCopy {
        let copy = try Blocking.run {
            try await prepare(arguments, voice, environment: environment)
        }
        return EngineCopy(copy, arguments)
    }

    private init(_ copy: CopyJob, _ arguments: CopyArguments) {
        self.copy = copy
        self.arguments = arguments
        let ending = Ending()
        self.ending = ending
        Task { ending.tell(await copy.run()) }
    }

    private static func prepare(
        _ arguments: CopyArguments, _ voice: CopyVoice, environment: [String: String]
    ) async throws -> CopyJob {
        try await CommandFailure.wrapping {
            let sides = try Sides(arguments, environment: environment)
            var job = try jobOptions(arguments, environment)
            job.maxCost = try maxCost(arguments)
            let tables = try await pairs(arguments, sides, voice, &job)
            var policy = CopyJob.Policy()
            policy.width = arguments.tables
            policy.isFailFast = arguments.failFast
            return try await CopyJob.prepare(
                try options(of: tables, arguments), job: job, tables: tables, policy: policy,
                consent: { arguments.yes ? true : TerminalQuestion.ask($0) },
                note: { voice.note($0) }, willWrite: voice.willWrite, seed: anySeed())
        }
    }

    /// The tables that the arguments select, by their names at the source where there are patterns.
    /// - Parameters:
    ///   - job: where an unfinished one is looked for that has selected them; it is told of what
    ///     has.
    ///   - purpose: what they are for, in words that tell commands apart.
    static func pairs(
        _ arguments: CopyArguments, _ sides: Sides, _ voice: CopyVoice, _ job: inout JobOptions,
        purpose: String? = nil
    ) async throws -> [CopyJob.Pair] {
        let source = ReadOnlyClient(try await sides.client(sides.source, arguments, voice))
        let target = try await sides.client(sides.target, arguments, voice)
        let sourceScaling = try await sides.scaling(sides.source, arguments, voice)
        let targetScaling = try await sides.scaling(sides.target, arguments, voice)
        let selection = TableSelection(arguments)
        let purpose = purpose ?? arguments.purpose
        if selection.needsNames { job.selection = selection.text(for: purpose) }
        let selected = try await SelectedTables(
            selection, purpose: purpose, jobs: job.folder, id: arguments.job, source: source,
            target: ReadOnlyClient(target))
        for note in selected.notes { voice.note(note) }
        return selected.pairs.map {
            (
                SourceTable(
                    name: $0.source, reader: source,
                    scaling: sourceScaling.map(ScalingReader.init)),
                TargetTable(name: $0.target, client: target, scaling: targetScaling)
            )
        }
    }

    /// What holds for each table.
    static func options(
        of tables: [CopyJob.Pair], _ arguments: CopyArguments
    ) throws(CommandFailure) -> [CopyOptions] {
        try tables.map { table throws(CommandFailure) in
            let own = arguments.own(ofTable: table.source.name)
            try own.deadLetters.map { path throws(CommandFailure) in
                try OutputFile.checkFolder(of: path, "--dead-letters")
            }
            return try CopyOptions(own)
        }
    }

    private func phase(_ now: FlowProgress) -> ProgressSnapshot.Phase {
        if now.hasEnded {
            return now.counters.segmentsFinished == now.segments ? .finished : .stopped
        }
        return now.isEnding ? .stopping : now.isPaused ? .paused : .copying
    }

    static func jobOptions(
        _ arguments: CopyArguments, _ environment: [String: String]
    ) throws(CommandFailure) -> JobOptions {
        var options = JobOptions(
            folder: try JobFolder(arguments.stateFolder, environment: environment),
            request: arguments.wordsToResume)
        options.id = arguments.job
        options.resumesOld = arguments.resume
        options.restarts = arguments.restart
        return options
    }

    /// What a job may cost.
    private static func maxCost(_ arguments: CopyArguments) throws -> CostLimit? {
        let prices = try PriceTable(of: arguments)
        return arguments.maxCost.map { CostLimit(dollars: $0, prices: prices) }
    }

    // MARK: RunningCopy

    func stop() { copy.stop() }

    func wait() -> CopySummary {
        let report = ending.wait()
        return CopySummary(report, of: arguments)
    }

    var progress: ProgressSnapshot {
        let reports = copy.progress
        let now = FlowProgress.sum(reports.map(\.progress), within: copy.totals)
        let counters = now.counters
        let verification = VerificationSnapshot(copy.verifications)
        var snapshot = ProgressSnapshot(
            source: arguments.sourceText, target: arguments.targetText,
            phase: now.hasEnded && verification != nil ? .verifying : phase(now),
            elapsed: copy.elapsed)
        snapshot.verification = verification
        if reports.count > 1 { snapshot.tables = reports.map(TableSnapshot.init) }
        snapshot.itemsEarlier = now.itemsEarlier
        snapshot.items =
            now.itemsEarlier
            + (arguments.onlyChanged ? counters.itemsRead : counters.itemsWritten)
        snapshot.itemsEstimate = now.itemsEstimated
        snapshot.bytes = now.bytesEarlier + counters.storedBytesWritten
        snapshot.fraction = now.fraction
        snapshot.readUnits = counters.readUnits
        snapshot.writeUnits = counters.writeUnits
        snapshot.readLimit = now.readLimit
        snapshot.writeLimit = now.writeLimit
        snapshot.scansInFlight = now.scansInFlight
        snapshot.writesInFlight = now.writesInFlight
        snapshot.segmentsDone = counters.segmentsFinished
        snapshot.segmentsTotal = now.segments
        snapshot.sourceThrottles = counters.scansThrottled
        snapshot.targetThrottles = counters.writesThrottled
        snapshot.itemsRetried = counters.itemsRetried
        snapshot.deadLetters = counters.deadLetters
        snapshot.itemsLeftOut = counters.itemsLeftOut
        snapshot.itemsKept = counters.itemsKept
        snapshot.itemsWritten = arguments.onlyChanged ? counters.itemsWritten : nil
        snapshot.waiting = now.hold?.text
        return snapshot
    }
}

extension VerificationSnapshot {
    /// nil of none.
    fileprivate init?(_ verifications: [VerifyProgress]) {
        guard !verifications.isEmpty else { return nil }
        self.init()
        let targets = verifications.map(\.target)
        items = targets.reduce(0) { $0 + $1.counters.itemsRead }
        let estimates = targets.compactMap(\.itemsEstimated)
        if estimates.count == targets.count { itemsEstimate = estimates.reduce(0, +) }
        fraction = targets.reduce(0) { $0 + $1.fraction } / Double(targets.count)
    }
}

extension TableSnapshot {
    fileprivate init(_ report: TableReport) {
        let progress = report.progress
        let state: State =
            switch report.outcome {
            case .completed: .done
            case .failed: .failed
            case .stopped: .stopped
            case nil: progress.elapsed > .zero ? .running : .waiting
            }
        self.init(name: report.source, state: state)
        items =
            progress.itemsEarlier + progress.counters.itemsWritten + progress.counters.itemsEqual
        fraction = state == .done ? 1 : progress.fraction
    }
}

extension FlowHold {
    /// What the progress says of it; nil for what is the normal course.
    fileprivate var text: String? {
        switch self {
        case .targetReplies, .paused: nil
        case .sourceThrottled, .targetThrottled, .sourceUnreachable, .targetUnreachable: rawValue
        case .writeLimit, .readLimit, .sharedWriteLimit, .sharedReadLimit, .sourcePages, .memory:
            "waiting: \(rawValue)"
        }
    }
}

/// The end of a copy, told once and waited for by any number.
private final class Ending: @unchecked Sendable {
    // @unchecked: written before the semaphore is signalled, read after it was waited for.
    private var report: CopyReport?
    private let semaphore = DispatchSemaphore(value: 0)

    func tell(_ report: CopyReport) {
        self.report = report
        semaphore.signal()
    }

    func wait() -> CopyReport {
        semaphore.wait()
        semaphore.signal()
        return report!
    }
}

extension CopyOptions {
    /// - Throws: when the file of a policy can't be read.
    init(_ arguments: CopyArguments) throws(CommandFailure) {
        self.init()
        part = arguments.part
        settings = try arguments.settingChoice
        indexes = arguments.indexes
        boostWrites = arguments.boostWrite
        segments = arguments.segments
        scansMax = arguments.scanConcurrency
        limits = arguments.askedLimits
        memory = arguments.memory
        verifies = arguments.verifies
        isConsistentRead = arguments.consistentRead
        skipsExpired = arguments.skipExpired
        mergesIntoItems = arguments.merge != nil || arguments.onlyChanged
        onlyChanged = arguments.onlyChanged
        keepsItems = arguments.merge == .keep
        deadLettersPath = arguments.deadLetters
        deadLettersMax = arguments.maxDeadLetters
        giveUpAfter = arguments.giveUpAfter
    }
}

extension CopyArguments {
    /// What tells copies of the same tables apart.
    var purpose: String {
        let merging = onlyChanged ? "only-changed" : merge?.rawValue ?? "empty"
        return "copy \(merging) \(part.rawValue)\(skipExpired ? " skip-expired" : "")"
    }

    /// What is asked for of limits.
    var askedLimits: AskedLimits {
        var limits = AskedLimits()
        limits.readUnits = readUnits
        limits.targetReadUnits = targetReadUnits
        limits.writeUnits = writeUnits
        limits.totalReadUnits = totalReadUnits
        limits.totalWriteUnits = totalWriteUnits
        limits.writesMax = writeConcurrency
        return limits
    }

    /// What is asked for of settings, the policy's file read.
    var settingChoice: SettingChoice {
        get throws(CommandFailure) {
            var choice = settings
            choice.policy = try policyFile.map { path throws(CommandFailure) in
                guard let json = try JSON(fileAt: path), json.members != nil else {
                    throw CommandFailure(
                        "\(path) is no policy",
                        hints: ["it is a JSON object, as IAM's policies are"])
                }
                return json.text
            }
            return choice
        }
    }
}

extension TableSummary {
    fileprivate init(_ report: TableReport) {
        let progress = report.progress
        self.init(source: report.source, target: report.target, outcome: "waiting")
        switch report.outcome {
        case .completed: outcome = "complete"
        case .stopped: outcome = "interrupted"
        case .failed(let failure):
            outcome = "failed"
            error = "\(failure.code): \(failure.message.prefix { !$0.isNewline })"
        case nil: break
        }
        itemsInAll =
            progress.itemsEarlier + progress.counters.itemsWritten + progress.counters.itemsEqual
        itemsWritten = progress.counters.itemsWritten
        itemsLeftOut = progress.counters.itemsLeftOut
        itemsKept = progress.counters.itemsKept
        itemsEqual = progress.counters.itemsEqual
        itemsChanging = progress.counters.itemsChanging
        itemsOnlyInTarget = progress.counters.itemsOnlyInTarget
        deadLetters = progress.counters.deadLetters
        bytes = progress.counters.storedBytesWritten
        seconds = progress.elapsed.inSeconds
        readUnits = progress.counters.readUnits
        writeUnits = progress.counters.writeUnits
        throttles = progress.counters.scansThrottled + progress.counters.writesThrottled
        settings = report.settings
        verdict = report.verdict
    }
}

extension TableSelection {
    fileprivate init(_ arguments: CopyArguments) {
        let renamed = arguments.renamings.map { Rule($0.source.text, $0.target.text) }
        self.init(
            rules: renamed + arguments.selection.map { Rule($0.source.text, $0.target.text) },
            excluded: arguments.excluded.map { NamePattern($0.text) })
    }
}

extension CopySummary {
    fileprivate init(_ report: CopyReport, of arguments: CopyArguments) {
        let sum = FlowProgress.sum(report.tables.map(\.progress))
        let counters = sum.counters
        let outcome: Outcome =
            switch report.outcome {
            case .completed:
                counters.deadLetters > 0
                    ? .deadLetters
                    : counters.itemsChanging > 0
                        || report.tables.contains { $0.verdict?.isEqual == false }
                        ? .different
                        : arguments.strictSettings && report.lacksSettings
                            ? .unlike : .complete
            case .stopped: .interrupted
            case .failed: .failed
            }
        self.init(
            source: arguments.sourceText, target: arguments.targetText, outcome: outcome)
        if case .failed(let failure) = report.outcome {
            error = "\(failure.code): \(failure.message.prefix { !$0.isNewline })"
            if let hint = failure.hint { hints.append(hint) }
        }
        job = report.jobID
        runs = report.runs
        dollars = report.cost?.dollars
        itemsInAll = report.inAll.itemsDone
        itemsWrittenInAll = report.inAll.counters.itemsWritten
        crashes = report.inAll.crashes
        hints += nextSteps(report, counters, arguments)
        if report.tables.count > 1 {
            tables = report.tables.map(TableSummary.init)
        } else if let table = report.tables.first {
            settings = table.settings
            verdict = table.verdict
        }
        seconds = report.elapsed.inSeconds
        segments = sum.segments
        itemsRead = counters.itemsRead
        itemsWritten = counters.itemsWritten
        itemsLeftOut = counters.itemsLeftOut
        itemsKept = counters.itemsKept
        itemsEqual = counters.itemsEqual
        itemsChanging = counters.itemsChanging
        itemsOnlyInTarget = counters.itemsOnlyInTarget
        deadLetters = counters.deadLetters
        deadLettersFile = report.deadLettersPaths.first
        bytes = counters.storedBytesWritten
        bytesReceived = counters.bytesRead
        bytesSent = counters.bytesSent
        readUnits = counters.readUnits
        writeUnits = counters.writeUnits
        scanRequests = counters.scans
        writeRequests = counters.writes
        sourceThrottles = counters.scansThrottled
        targetThrottles = counters.writesThrottled
        itemsRetried = counters.itemsRetried
        requestsRetried = counters.requestsFailed
    }

    /// What its user may do about how it went.
    private func nextSteps(
        _ report: CopyReport, _ counters: FlowCounters, _ arguments: CopyArguments
    ) -> [String] {
        var hints: [String] = []
        if outcome == .interrupted || outcome == .failed, !report.hasLostTable {
            let command = ShellWords.command(arguments.wordsToResume)
            hints.append(
                report.cost?.isReached == true
                    ? "with a higher --max-cost the same command goes on with job"
                        + " \(report.jobID): \(command)"
                    : "the same command goes on with job \(report.jobID): \(command)")
        }
        if report.outcome == .completed, report.lacksSettings {
            hints.append(
                "not all settings and indexes of the source are in the target: see \"not carried\""
                    + " and \"left as it is\" above")
        }
        if report.outcome == .completed, arguments.part != .schema, !arguments.verifies,
            let words = VerifyArguments.words(afterCopy: arguments.words)
        {
            hints.append("to compare every item: \(ShellWords.command(words))")
        }
        if counters.itemsChanging > 0 {
            hints.append(
                "\(counters.itemsChanging.grouped) items changed while they were copied and were"
                    + " not written: the same command copies what differs then")
        }
        if counters.itemsOnlyInTarget > 0 {
            var text =
                "\(counters.itemsOnlyInTarget.grouped) items only in the target are left alone"
            if let words = VerifyArguments.words(afterCopy: arguments.words) {
                text +=
                    "; \(ShellWords.command(words + ["--repair", "--delete-extra"])) deletes them"
            }
            hints.append(text)
        }
        for path in report.deadLettersPaths {
            hints.append("items that the target refused are in \(path)")
        }
        return hints
    }
}
