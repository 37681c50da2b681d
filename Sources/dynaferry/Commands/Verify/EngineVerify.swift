import AWS
import CommandLine
import Connectors
import DynamoDB
import Pacing
import System
import Transfer

/// A verification by the engine, as ``VerifyCommand`` wants to see it.
struct EngineVerify: RunningVerification {
    private let job: VerifyJob
    private let arguments: VerifyArguments
    private let report: Task<VerifyReport, Never>

    /// Resolves both sides, passes every refusal, and lets both be read. Blocks until they are;
    /// call it on a thread that may wait.
    static func start(
        _ arguments: VerifyArguments, _ voice: CopyVoice, environment: [String: String],
        emit: @escaping VerifyJob.Emit
    ) throws -> any RunningVerification {
        try checkConsent(arguments)
        let job = try Blocking.run {
            try await CommandFailure.wrapping {
                let sides = try Sides(arguments.copy, environment: environment)
                var jobOptions = try EngineCopy.jobOptions(arguments.copy, environment)
                let tables = try await EngineCopy.pairs(
                    arguments.copy, sides, voice, &jobOptions, purpose: arguments.purpose)
                let own = tables.map { arguments.copy.own(ofTable: $0.source.name) }
                return try await VerifyJob.prepare(
                    try own.map { try VerifyOptions(arguments, $0, environment) },
                    job: jobOptions,
                    tables: zip(tables, own).map { ($0.source, target($0.target, arguments, $1)) },
                    width: arguments.copy.tables,
                    consent: { arguments.copy.yes ? true : TerminalQuestion.ask($0) },
                    note: { voice.note($0) }, seed: anySeed(), emit: emit)
            }
        }
        return EngineVerify(job, arguments)
    }

    /// Deleting is asked for twice.
    private static func checkConsent(_ arguments: VerifyArguments) throws(CommandFailure) {
        guard arguments.deleteExtra, !arguments.copy.yes else { return }
        let question =
            "items of \(arguments.copy.targetText) that \(arguments.copy.sourceText) does not have"
            + " will be deleted"
        switch TerminalQuestion.ask("\(question). Go on?") {
        case true?: break
        case false?: throw CommandFailure("nothing was read, and nothing deleted")
        case nil: throw CommandFailure(question, hints: ["--yes deletes them all the same"])
        }
    }

    /// - Parameter own: what holds for this table.
    private static func target(
        _ table: TargetTable, _ arguments: VerifyArguments, _ own: CopyArguments
    ) -> VerifyJob.Target {
        guard arguments.repair else {
            return .compared(
                SourceTable(name: table.name, reader: table.reader, scaling: table.scalingReader))
        }
        var repair = RepairOptions()
        repair.deletesExtra = arguments.deleteExtra
        repair.deadLettersPath = own.deadLetters
        repair.deadLettersMax = own.maxDeadLetters
        return .repaired(table, repair)
    }

    private init(_ job: VerifyJob, _ arguments: VerifyArguments) {
        self.job = job
        self.arguments = arguments
        report = Task { await job.run() }
    }

    func stop() { job.stop() }

    func wait() throws -> VerifyReport {
        let report = report
        return try Blocking.run { await report.value }
    }

    var progress: ProgressSnapshot {
        let verdicts = job.verdicts
        let isOver = verdicts.allSatisfy { $0.outcome != nil }
        var snapshot = ProgressSnapshot(
            source: arguments.copy.sourceText, target: arguments.copy.targetText,
            phase: isOver ? .finished : .copying, elapsed: job.elapsed)
        snapshot.work = .verifying
        if verdicts.count > 1 { snapshot.tables = verdicts.map(TableSnapshot.init) }
        for verdict in verdicts {
            for side in [verdict.progress.source, verdict.progress.target] {
                snapshot.items += side.counters.itemsRead
                snapshot.bytes += side.counters.bytesRead
                snapshot.segmentsDone += side.counters.segmentsFinished
                snapshot.segmentsTotal += side.segments
                snapshot.itemsRetried += side.counters.requestsFailed
            }
            let (source, target) = (verdict.progress.source, verdict.progress.target)
            snapshot.readUnits += source.counters.readUnits
            snapshot.writeUnits += target.counters.readUnits
            snapshot.scansInFlight += source.scansInFlight
            snapshot.writesInFlight += target.scansInFlight
            snapshot.sourceThrottles += source.counters.scansThrottled
            snapshot.targetThrottles += target.counters.scansThrottled
            snapshot.differences += verdict.counters.differences
        }
        if verdicts.count == 1 {
            snapshot.readLimit = verdicts[0].progress.source.readLimit
            snapshot.writeLimit = verdicts[0].progress.target.readLimit
        }
        snapshot.waiting = verdicts.waiting
        if let total = job.totals.read {
            snapshot.readLimit = min(snapshot.readLimit ?? total, total)
        }
        let estimates = verdicts.flatMap { [$0.progress.source, $0.progress.target] }
            .map(\.itemsEstimated)
        if !estimates.contains(nil) {
            snapshot.itemsEstimate = estimates.compactMap(\.self).clampedSum
        }
        snapshot.fraction =
            verdicts.reduce(0) { $0 + $1.progress.fraction } / Double(verdicts.count)
        return snapshot
    }
}

extension VerifyArguments {
    /// What tells verifications of the same tables apart.
    fileprivate var purpose: String {
        let reading = count ? "count" : sample.map { "sample \($0.share)" } ?? "all"
        let mending = deleteExtra ? "repair-delete" : repair ? "repair" : "compare"
        return "verify \(reading) \(mending)"
    }
}

extension [TableVerdict] {
    /// What all that are under way wait for.
    fileprivate var waiting: String? {
        let underWay = filter { $0.outcome == nil && $0.progress.stage != .waiting }
        let waiting = Set(underWay.map(\.progress.waiting))
        return waiting.count == 1 ? waiting.first! : nil
    }
}

extension VerifyProgress {
    /// What it waits for, or what is gone about besides the first pass; nil otherwise.
    fileprivate var waiting: String? {
        let doing: String? =
            switch stage {
            case .readingAgain: "reading again what differs"
            case .looking: "reading items that differ by their keys"
            case .repairing: "repairing items that differ"
            case .waiting, .summing, .ended: nil
            }
        let holds = [(source, "source"), (target, "target")].compactMap { progress, side in
            progress.hold.map { hold -> String in
                switch hold {
                case .readLimit: "\(side): read limit"
                case .sourceThrottled: "\(side): throttled"
                case .sourceUnreachable: "\(side) does not answer"
                default: "\(side): \(hold.rawValue)"
                }
            }
        }
        let parts = (doing.map { [$0] } ?? []) + holds
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// 0...1.
    fileprivate var fraction: Double {
        stage == .ended ? 1 : stage == .waiting ? 0 : (source.fraction + target.fraction) / 2
    }
}

extension TableSnapshot {
    fileprivate init(_ verdict: TableVerdict) {
        let state: State =
            switch verdict.outcome {
            case .equal, .repaired, .different: .done
            case .failed: .failed
            case .stopped: .stopped
            case nil: verdict.progress.stage == .waiting ? .waiting : .running
            }
        self.init(name: verdict.source, state: state)
        items =
            verdict.progress.source.counters.itemsRead + verdict.progress.target.counters.itemsRead
        fraction = verdict.progress.fraction
    }
}

extension VerifyOptions {
    /// - Parameter own: what holds for this table.
    fileprivate init(
        _ arguments: VerifyArguments, _ own: CopyArguments, _ environment: [String: String]
    ) throws(CommandFailure) {
        self.init()
        if arguments.count { mode = .count }
        if let sample = arguments.sample { mode = .sample(sample.share) }
        segments = own.segments
        scansMax = own.scanConcurrency ?? scansMax
        limits = own.askedLimits
        memory = own.memory
        isConsistentRead = own.consistentRead
        settings = own.comparesSettings ? try own.settingChoice : nil
        giveUpAfter = own.giveUpAfter
        if let folder = environment["TMPDIR"], !folder.isEmpty { scratchFolder = folder }
    }
}
