import AWS
import DynamoDB
import Pacing
import Transfer

/// A verification by the engine, as ``VerifyCommand`` wants to see it.
struct EngineVerify: RunningVerification {
    private let job: VerifyJob
    private let arguments: VerifyArguments
    private let verdicts: Task<[TableVerdict], Never>

    /// Resolves both sides, passes every refusal, and lets both be read. Blocks until they are;
    /// call it on a thread that may wait.
    static func start(
        _ arguments: VerifyArguments, _ voice: CopyVoice, environment: [String: String],
        emit: @escaping VerifyJob.Emit
    ) throws -> any RunningVerification {
        let job = try Blocking.run {
            try await CommandFailure.wrapping {
                let sides = try Sides(arguments.copy, environment: environment)
                let tables = try await EngineCopy.pairs(
                    arguments.copy, sides, voice, done: "compared")
                return try await VerifyJob.prepare(
                    VerifyOptions(arguments, environment),
                    tables: tables.map {
                        ($0.source, SourceTable(name: $0.target.name, reader: $0.target.reader))
                    }, width: arguments.tables, seed: anySeed(), emit: emit)
            }
        }
        return EngineVerify(job, arguments)
    }

    private init(_ job: VerifyJob, _ arguments: VerifyArguments) {
        self.job = job
        self.arguments = arguments
        verdicts = Task { await job.run() }
    }

    func stop() { job.stop() }

    func wait() throws -> [TableVerdict] {
        let verdicts = verdicts
        return try Blocking.run { await verdicts.value }
    }

    var progress: ProgressSnapshot {
        let verdicts = job.verdicts
        let isOver = verdicts.allSatisfy { $0.outcome != nil }
        var snapshot = ProgressSnapshot(
            source: arguments.copy.source.name, target: arguments.copy.target.name,
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
            snapshot.waiting = verdicts[0].progress.waiting
        }
        let estimates = verdicts.flatMap { [$0.progress.source, $0.progress.target] }
            .map(\.itemsEstimated)
        if !estimates.contains(nil) { snapshot.itemsEstimate = estimates.reduce(0) { $0 + $1! } }
        snapshot.fraction =
            verdicts.reduce(0) { $0 + $1.progress.fraction } / Double(verdicts.count)
        return snapshot
    }
}

extension VerifyProgress {
    /// What it waits for, or what is gone about besides the first pass; nil otherwise.
    fileprivate var waiting: String? {
        let doing: String? =
            switch stage {
            case .readingAgain: "reading again what differs"
            case .looking: "reading items that differ by their keys"
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
            case .equal, .different: .done
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
    fileprivate init(_ arguments: VerifyArguments, _ environment: [String: String]) {
        self.init()
        if arguments.count { mode = .count }
        if let sample = arguments.sample { mode = .sample(sample.share) }
        segments = arguments.copy.segments
        scansMax = arguments.copy.scanConcurrency ?? scansMax
        sourceUnits = arguments.sourceUnits
        targetUnits = arguments.targetUnits
        memory = arguments.memory
        isConsistentRead = arguments.copy.consistentRead
        giveUpAfter = arguments.copy.giveUpAfter
        if let folder = environment["TMPDIR"], !folder.isEmpty { scratchFolder = folder }
    }
}
