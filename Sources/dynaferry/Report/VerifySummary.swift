import CommandLine
import Flow
import Transfer

/// All that there is to say about a verification once it has ended.
struct VerifySummary {
    let source: String
    let target: String
    let verdicts: [TableVerdict]
    let shown: [DifferenceList.Shown]
    let showsValues: Bool
    let isCountOnly: Bool
    let isRepair: Bool
    let comparesSettings: Bool
    let deadLettersPaths: [String]
    let job: String?
    let runs: Int
    /// The command that goes on with it.
    let command: String
    var seconds = 0.0
    /// Where all differences are listed.
    var outputFile: String?
    /// Of the process.
    var usage = ProcessUsage(cpuSeconds: 0, peakMemoryBytes: 0)

    init(_ arguments: VerifyArguments, _ report: VerifyReport, shown: [DifferenceList.Shown]) {
        source = arguments.copy.sourceText
        target = arguments.copy.targetText
        verdicts = report.verdicts
        deadLettersPaths = report.deadLettersPaths
        (job, runs) = (report.jobID, report.runs)
        command = ShellWords.command(arguments.copy.wordsToResume)
        isRepair = arguments.repair
        comparesSettings = arguments.copy.comparesSettings
        self.shown = shown
        showsValues = arguments.values
        isCountOnly = arguments.count
    }

    /// Of the tables that it could tell of: what was found of others is not established.
    var counters: VerifyCounters {
        verdicts.filter(\.isConclusive).reduce(VerifyCounters()) { $0 + $1.counters }
    }

    /// Tables that were not compared to their end.
    var inconclusive: [TableVerdict] { verdicts.filter { !$0.isConclusive } }

    var failures: [FlowFailure] {
        verdicts.compactMap { verdict in
            guard case .failed(var failure) = verdict.outcome else { return nil }
            let headline = failure.message.prefix { !$0.isNewline }
            let prefix = verdicts.count > 1 ? "\(verdict.source): " : ""
            failure.message = prefix + "\(failure.code): \(headline)"
            return failure
        }
    }

    /// It can tell, of all tables.
    var isConclusive: Bool {
        verdicts.allSatisfy(\.isConclusive)
    }

    var exitCode: ExitCode {
        if !failures.isEmpty { return .failure }
        guard isConclusive else { return .interrupted }
        return verdicts.contains { $0.outcome == .different } ? .differs : .success
    }

    var outcome: String {
        switch exitCode {
        case .success: verdicts.contains { $0.outcome == .repaired } ? "repaired" : "equal"
        case .differs: "different"
        case .interrupted: "interrupted"
        case .failure, .usage: "failed"
        }
    }

    /// Microseconds of CPU for each item of a side that was read, whichever pass it was for.
    var cpuMicrosecondsPerItem: Double {
        let items = verdicts.reduce(0) {
            $0 + $1.progress.source.counters.itemsRead + $1.progress.target.counters.itemsRead
        }
        return items > 0 ? usage.cpuSeconds * 1e6 / Double(items) : 0
    }

    /// Of repairs.
    var writeUnits: Double { verdicts.reduce(0) { $0 + $1.progress.writeUnits } }

    var readUnits: (source: Double, target: Double) {
        verdicts.reduce((0, 0)) {
            (
                $0.0 + $1.progress.source.counters.readUnits,
                $0.1 + $1.progress.target.counters.readUnits
            )
        }
    }

    /// What this verification can't have seen.
    var limits: [String] {
        var limits = [
            "items that changed while it ran, after they had been read",
            comparesSettings
                ? "what a copy does not carry over: replicas, policies, Kinesis destinations"
                : "settings other than keys and indexes",
        ]
        if isCountOnly { limits.insert("the contents of items", at: 0) }
        for case let sample? in verdicts.map(\.sample) {
            limits.insert(
                "\(((1 - sample.share) * 100).fixed(2)) % of the segments: were"
                    + " \(sample.itemsSeen.grouped) items or more damaged anywhere, it would have"
                    + " seen one with a probability of 95 %", at: 0)
            break
        }
        return limits
    }
}
