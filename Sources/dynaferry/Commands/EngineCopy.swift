import AWS
import Dispatch
import DynamoDB
import Pacing
import Transfer

/// A copy by the engine, as ``CopyCommand`` wants to see it.
struct EngineCopy: RunningCopy {
    private let copy: TableCopy
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

    private init(_ copy: TableCopy, _ arguments: CopyArguments) {
        self.copy = copy
        self.arguments = arguments
        let ending = Ending()
        self.ending = ending
        Task { ending.tell(await copy.run()) }
    }

    private static func prepare(
        _ arguments: CopyArguments, _ voice: CopyVoice, environment: [String: String]
    ) async throws -> TableCopy {
        try await CommandFailure.wrapping {
            let sides = try Sides(arguments, environment: environment)
            let source = try await sides.client(sides.source, arguments, voice)
            let target = try await sides.client(sides.target, arguments, voice)
            return try await TableCopy.prepare(
                CopyOptions(arguments), job: try jobOptions(arguments, environment),
                from: SourceTable(name: arguments.source.text, reader: ReadOnlyClient(source)),
                to: TargetTable(name: arguments.target.text, client: target),
                note: { voice.note($0) }, seed: anySeed())
        }
    }

    private func phase(_ now: CopyProgress) -> ProgressSnapshot.Phase {
        if now.hasEnded {
            return now.counters.segmentsFinished == now.segments ? .finished : .stopped
        }
        return now.isEnding ? .stopping : now.isPaused ? .paused : .copying
    }

    private static func jobOptions(
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

    // MARK: RunningCopy

    func stop() { copy.stop() }

    func wait() -> CopySummary {
        let report = ending.wait()
        return CopySummary(report, of: arguments)
    }

    var progress: ProgressSnapshot {
        let now = copy.progress
        let counters = now.counters
        var snapshot = ProgressSnapshot(
            source: arguments.source.name, target: arguments.target.name,
            phase: phase(now),
            elapsed: now.elapsed)
        snapshot.itemsEarlier = now.itemsEarlier
        snapshot.items = now.itemsEarlier + counters.itemsWritten
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
        snapshot.waiting = now.hold?.text
        return snapshot
    }
}

extension CopyHold {
    /// What the progress says of it; nil for what is the normal course.
    fileprivate var text: String? {
        switch self {
        case .targetReplies, .paused: nil
        case .sourceThrottled, .targetThrottled, .sourceUnreachable, .targetUnreachable: rawValue
        case .writeLimit, .readLimit, .sourcePages, .memory: "waiting: \(rawValue)"
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
    fileprivate init(_ arguments: CopyArguments) {
        self.init()
        segments = arguments.segments
        scansMax = arguments.scanConcurrency
        writesMax = arguments.writeConcurrency
        readUnits = arguments.readUnits
        writeUnits = arguments.writeUnits
        memory = arguments.memory
        isConsistentRead = arguments.consistentRead
        mergesIntoItems = arguments.merge != nil
        deadLettersPath = arguments.deadLetters
        deadLettersMax = arguments.maxDeadLetters
        giveUpAfter = arguments.giveUpAfter
    }
}

extension CopySummary {
    fileprivate init(_ report: CopyReport, of arguments: CopyArguments) {
        let counters = report.counters
        let outcome: Outcome =
            switch report.outcome {
            case .completed: counters.deadLetters > 0 ? .deadLetters : .complete
            case .stopped: .interrupted
            case .failed: .failed
            }
        self.init(
            source: arguments.source.name, target: arguments.target.name, outcome: outcome)
        if case .failed(let failure) = report.outcome {
            error = "\(failure.code): \(failure.message.prefix { !$0.isNewline })"
            if let hint = failure.hint { hints.append(hint) }
        }
        job = report.jobID
        runs = report.runs
        itemsInAll = report.inAll.itemsDone
        itemsWrittenInAll = report.inAll.counters.itemsWritten
        crashes = report.inAll.crashes
        if outcome != .complete, outcome != .deadLetters {
            hints.append(
                "the same command goes on with job \(report.jobID):"
                    + " \(ShellWords.command(arguments.wordsToResume))")
        }
        if let path = report.deadLettersPath {
            hints.append("items that the target refused are in \(path)")
        }
        seconds = report.elapsed.inSeconds
        segments = report.segments
        itemsRead = counters.itemsRead
        itemsWritten = counters.itemsWritten
        deadLetters = counters.deadLetters
        deadLettersFile = report.deadLettersPath
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
}
