import Arguments
import CommandLine
import Flow
import Jobs
import Status
import Transfer

/// All that there is to say about a verification once it has ended.
struct VerifySummary: JobSummary {
    let arguments: VerifyArguments
    let status: JobStatus
    /// Of the process.
    let usage: ProcessUsage
    /// Items that differ, as far as they are shown.
    let shown: [DifferenceList.Shown]
    /// Where all differences are listed.
    var outputFile: String?

    init(
        _ arguments: VerifyArguments, _ status: JobStatus, _ usage: ProcessUsage,
        shown: [DifferenceList.Shown]
    ) {
        self.arguments = arguments
        self.status = status
        self.usage = usage
        self.shown = shown
    }

    var tables: [TableStatus] { status.tables }

    /// Of both sides, over all tables.
    var counters: FlowCounters { status.counters }

    /// Of the tables whose comparison has a result: what was found of others is not certain.
    var found: VerifyCounters { Self.sum(tables.filter { $0.comparison?.result != nil }) }

    /// Of all tables, whether they were compared to their end or not: differences and repairs that
    /// were met.
    var met: VerifyCounters { Self.sum(tables) }

    private static func sum(_ tables: [TableStatus]) -> VerifyCounters {
        tables.compactMap(\.comparison?.counters).reduce(VerifyCounters(), +)
    }

    /// Tables that were not compared to their end.
    var inconclusive: [TableStatus] { tables.filter { $0.comparison?.result == nil } }

    /// The comparison of every table has a result.
    var isConclusive: Bool { inconclusive.isEmpty }

    var errors: [(text: String, hints: [String])] {
        status.causes.groups.map { group in
            (tables.count > 1 ? group.text : group.message, group.hint.map { [$0] } ?? [])
        }
    }

    var hints: [String] {
        guard let job = status.id, !isConclusive else { return [] }
        let command = ShellWords.command(arguments.copy.wordsToResume)
        return ["the same command resumes job \(job): \(command)"]
    }

    var exitCode: ExitCode {
        if !errors.isEmpty { return .failure }
        guard isConclusive else { return .interrupted }
        return tables.contains { $0.comparison?.result == .different } ? .differs : .success
    }

    var outcomeText: String { outcome }

    var outcome: String {
        switch exitCode {
        case .success:
            tables.contains { $0.comparison?.result == .repaired } ? "repaired" : "equal"
        case .differs: "different"
        case .interrupted: "interrupted"
        case .failure, .usage: "failed"
        }
    }

    /// Microseconds of CPU for each item of a side that was read, whichever pass it was for.
    var cpuMicrosecondsPerItem: Double {
        counters.itemsRead > 0 ? usage.cpuSeconds * 1e6 / Double(counters.itemsRead) : 0
    }

    /// What this verification can't have seen.
    var limits: [String] {
        var limits = [
            "items that changed while it ran, after they had been read",
            arguments.copy.comparesSettings
                ? "what a copy does not carry over: replicas, policies, Kinesis destinations"
                : "settings other than keys and indexes",
        ]
        if arguments.count { limits.insert("the contents of items", at: 0) }
        if let sample = tables.lazy.compactMap(\.comparison?.sample).first {
            limits.insert(
                "\(((1 - sample.share) * 100).fixed(2)) % of the segments: were"
                    + " \(sample.itemsSeen.counted("item")) or more damaged anywhere, it would have"
                    + " seen one with a probability of 95 %", at: 0)
        }
        return limits
    }
}
