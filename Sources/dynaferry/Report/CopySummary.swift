import Arguments
import CommandLine
import Flow
import JSON
import Jobs
import Pacing
import Status
import System
import Transfer

/// All that there is to say about a copy once it has ended.
struct CopySummary: JobSummary {
    enum Outcome: String {
        case complete
        /// Everything arrived but the dead letters.
        case deadLetters
        /// Some items got the same key, so that not all can have arrived.
        case collisions
        /// Everything arrived that the source has, but it lacks some of the keys that were named.
        case missing
        /// Everything arrived, but something was to be changed that no item has.
        case unmet
        /// Everything arrived, but its verification found differences.
        case different
        /// Everything arrived, but not all settings, which was asked for.
        case unlike
        case interrupted
        case failed

        var exitCode: ExitCode {
            switch self {
            case .complete: .success
            case .deadLetters, .collisions, .missing, .unmet, .different, .unlike: .differs
            case .interrupted: .interrupted
            case .failed: .failure
            }
        }
    }

    let arguments: CopyArguments
    let status: JobStatus
    /// Of the process that copied.
    let usage: ProcessUsage
    /// Of this run, over all tables.
    let progress: FlowProgress
    /// What to do next.
    private let nextSteps: [String]

    init(_ arguments: CopyArguments, _ status: JobStatus, _ usage: ProcessUsage) {
        self.arguments = arguments
        self.status = status
        self.usage = usage
        progress = status.progress
        nextSteps = Self.nextSteps(arguments, status, progress.counters)
    }

    var counters: FlowCounters { progress.counters }

    /// Keys that the source does not have, in all runs.
    private var missing: Int { max(counters.itemsMissing, status.inAll.counters.itemsMissing) }

    var outcome: Outcome {
        switch status.outcome {
        case .stopped: return .interrupted
        case .failed: return .failed
        case .completed:
            if counters.deadLetters > 0 { return .deadLetters }
            if status.tables.contains(where: { $0.collisions.count > 0 }) { return .collisions }
            if missing > 0 { return .missing }
            if status.tables.contains(where: { !$0.unmet.isEmpty }) { return .unmet }
            let isDifferent = status.tables.contains { $0.comparison?.result == .different }
            if counters.itemsChanging > 0 || isDifferent { return .different }
            return arguments.strictSettings && status.lacksSettings ? .unlike : .complete
        }
    }

    var outcomeText: String { outcome.rawValue }
    var exitCode: ExitCode { outcome.exitCode }

    var itemsPerSecond: Double { perSecond(counters.itemsWritten) }
    var bytesPerSecond: Double { perSecond(counters.storedBytesWritten) }

    private func perSecond(_ count: Int) -> Double {
        status.elapsed > .zero ? Double(count) / status.elapsed.inSeconds : 0
    }

    var cpuMicrosecondsPerItem: Double {
        counters.itemsRead > 0 ? usage.cpuSeconds * 1e6 / Double(counters.itemsRead) : 0
    }

    // MARK: What to do next

    var errors: [(text: String, hints: [String])] {
        guard case .failed(let failure) = status.outcome else { return [] }
        let text = status.tables.count > 1 ? failure.message : failure.headline
        return [(text, status.causes.hints + nextSteps)]
    }

    var hints: [String] { outcome == .failed ? [] : nextSteps }

    private static func nextSteps(
        _ arguments: CopyArguments, _ status: JobStatus, _ counters: FlowCounters
    ) -> [String] {
        let letters = status.deadLettersPaths.map { "items that did not arrive are in \($0)" }
        if arguments.leavesNextStepsOut { return letters }
        var hints: [String] = []
        if status.outcome != .completed, !status.isBeyondResuming, status.id != nil {
            let job = status.id ?? ""
            let command = ShellWords.command(arguments.wordsToResume)
            hints.append(
                status.cost?.isReached == true
                    ? "with a higher --max-cost the same command resumes job \(job):"
                        + " \(command)"
                    : "the same command resumes job \(job): \(command)")
        }
        let verifying = VerifyArguments.words(afterCopy: arguments.words)
        if status.outcome == .completed {
            if status.lacksSettings {
                hints.append(
                    "not all settings and indexes of the source are in the target: see"
                        + " \"not carried\" and \"left as it is\" above")
            }
            if arguments.part != .schema, !arguments.verifies, !arguments.hasStream,
                arguments.native.since == nil,
                !arguments.listsKeys,
                // Files of changes can't be compared.
                !arguments.files.appliesDeletes,
                let verifying
            {
                // What has just been written is the newest of several exports.
                let which =
                    arguments.filesSide == .target && !verifying.contains("--latest")
                    ? ["--latest"] : []
                hints.append("to compare every item: \(ShellWords.command(verifying + which))")
            }
        }
        if counters.itemsChanging > 0 {
            hints.append(
                counters.itemsChanging.counted(
                    "item changed while it was copied and was not written",
                    "items changed while they were copied and were not written")
                    + ": the same command copies what differs then")
        }
        if counters.itemsOnlyInTarget > 0 {
            var text =
                counters.itemsOnlyInTarget.counted(
                    "item only in target is left alone",
                    "items only in target are left alone")
            if let verifying {
                let command = ShellWords.command(verifying + ["--repair", "--delete-extra"])
                text += "; \(command) deletes them"
            }
            hints.append(text)
        }
        hints += status.tables.flatMap(\.unmetHints)
        return hints
            + status.tables.flatMap {
                $0.collisionHints(
                    ofFiles: arguments.filesSide == .source,
                    changesItems: arguments.transform.texts.set != nil)
            } + letters + retry(arguments, status)
    }

    /// How dead letters are written after all: where a job keeps them, and what they are of.
    private static func retry(_ arguments: CopyArguments, _ status: JobStatus) -> [String] {
        guard status.outcome == .completed, !status.deadLettersPaths.isEmpty, let job = status.id,
            arguments.filesSide == nil
        else { return [] }
        let place = arguments.stateFolder.map { ["--state-dir", $0] } ?? []
        let command = ShellWords.command(["jobs", "retry", job] + place)
        return ["once their cause is fixed, this writes them: \(command)"]
    }

    // MARK: For programs

    /// The version of the report's form; it grows when a name or a meaning changes.
    static let formatVersion = 3

    var json: JSON {
        var json = progress.json
        json["version"] = JSON(Self.formatVersion)
        json["outcome"] = .string(outcome.rawValue)
        json["exitCode"] = JSON(Int(exitCode.rawValue))
        json["source"] = .string(arguments.sourceText)
        json["target"] = .string(arguments.targetText)
        ReportSides(status.tables).add(to: &json)
        json["job"] = status.id.map { .string($0) } ?? nil
        json["runs"] = JSON(status.runs)
        json["crashes"] = JSON(status.inAll.crashes)
        json["itemsInAll"] = JSON(status.inAll.itemsDone)
        json["itemsWrittenInAll"] = JSON(status.inAll.counters.itemsWritten)
        json["error"] = errors.first.map { .string($0.text) } ?? nil
        json["hints"] = .array((errors.first?.hints ?? hints).map { .string($0) })
        json["deadLettersFiles"] = .array(status.deadLettersPaths.map { .string($0) })
        json["dollars"] = status.cost.map { JSON($0.dollars) } ?? nil
        json["seconds"] = JSON(status.elapsed.inSeconds)
        json["itemsPerSecond"] = JSON(itemsPerSecond)
        json["bytesPerSecond"] = JSON(bytesPerSecond)
        json["cpuSeconds"] = JSON(usage.cpuSeconds)
        json["peakMemoryBytes"] = JSON(usage.peakMemoryBytes)
        json["tables"] = .array(status.tables.map(\.copyJSON))
        return json
    }
}

extension TableStatus {
    /// For the report of a copy.
    fileprivate var copyJSON: JSON {
        var json = json
        json["outcome"] = .string(copyOutcomeText)
        json["settings"] = settings.json
        json["verification"] = comparison?.json ?? nil
        return json
    }

    /// The outcome of its copy, whatever a verification has found.
    var copyOutcomeText: String { outcome == .completed ? "complete" : outcomeText }
}

extension TableStatus {
    /// What was to be changed and is in no item.
    fileprivate var unmetHints: [String] {
        unmet.map { "\($0): no item of \(source) has this; check its spelling" }
    }

    /// Which items got the same key.
    fileprivate func collisionHints(ofFiles: Bool, changesItems: Bool) -> [String] {
        guard collisions.count > 0 else { return [] }
        let more = collisions.count - collisions.examples.count
        return [
            ofFiles && !changesItems
                ? collisions.count.counted(
                    "key of \(target) is in more than one line",
                    "keys of \(target) are in more than one line")
                    + ", and the table has one of these: with --check-first and --merge the last"
                    + " line of each key counts"
                : collisions.count.counted(
                    "key of \(target) belongs to more than one item",
                    "keys of \(target) belong to more than one item")
                    + ", and the table has one of these: change how --set computes the key"
        ]
            + collisions.examples.map { "same key: \($0.joined(separator: " and "))" }
            + (more > 0 ? ["and \(more.grouped) more"] : [])
    }
}
