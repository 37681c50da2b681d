import CommandLine
import Flow
import Jobs
import Pacing
import Status
import System
import Transfer

/// Where a job stands at one moment, to be shown.
///
/// Amounts are of this run, items those of all runs. Totals are estimates, which are corrected on
/// the way.
package struct ProgressSnapshot: Sendable {
    package enum Phase: String, Sendable {
        case copying
        /// Both sides are read only; of a copy all that is left is its verification.
        case verifying
        /// Every item of a copy has arrived, and the target's settings and indexes follow.
        case finishing
        case paused
        case stopping
        case stopped
        case finished
    }

    /// Both sides, as the command names them.
    package var source: String
    package var target: String
    package var status: JobStatus
    /// Of all tables together.
    package var progress: FlowProgress
    /// How much of what has been copied has been read again in the target; nil where nothing is.
    package var verifying: FlowProgress?

    package init(source: String, target: String, _ status: JobStatus) {
        self.source = source
        self.target = target
        self.status = status
        progress = status.progress
        verifying = status.verifying
    }

    /// Nothing is written, but where a repair does.
    var isComparing: Bool { status.kind == .verify }

    package var phase: Phase {
        if status.hasEnded { return status.outcome == .completed ? .finished : .stopped }
        if status.isStopping { return .stopping }
        if status.isPaused { return .paused }
        if isComparing { return .verifying }
        guard progress.hasEnded else { return .copying }
        return verifying == nil ? .finishing : .verifying
    }

    /// The phase that a job of its kind is in mostly.
    var isUsual: Bool { phase == (isComparing ? .verifying : .copying) }

    /// Of a copy, that all its items have arrived and are compared.
    var verifiesOnly: Bool { !isComparing && phase == .verifying }

    /// Items that nothing is left to be done about; of a copy of what differs, while it compares,
    /// those that were read.
    var items: Int {
        let counters = progress.counters
        return progress.itemsEarlier
            + (progress.isComparing ? counters.itemsRead : counters.itemsSettled)
    }

    var bytes: Int {
        isComparing
            ? progress.counters.bytesRead
            : progress.bytesEarlier + progress.counters.storedBytesWritten
    }

    /// Whole per cent, rounded down, and never more than 99 before all is done.
    package var percent: Int { Self.percent(progress.fraction, isDone: phase == .finished) }

    static func percent(_ fraction: Double, isDone: Bool) -> Int {
        let percent = fraction.isFinite ? Int(clamping: min(max(fraction, 0), 1) * 100) : 0
        return isDone ? percent : min(99, percent)
    }

    /// How many tables stand how: `3 of 19 tables done`, `4 running`, `1 failed`; nil for one
    /// table.
    var tableCounts: (done: StyledText, running: StyledText?, failed: StyledText?)? {
        guard status.tables.count > 1 else { return nil }
        func count(_ state: TableStatus.State) -> Int { status.tables.count { $0.state == state } }
        let (done, running, failed) = (count(.done), count(.running), count(.failed))
        return (
            StyledText(
                "\(done.grouped) of \(status.tables.count.counted("table")) done",
                done > 0 ? .good : .plain),
            running > 0 ? StyledText("\(running.grouped) running") : nil,
            failed > 0 ? StyledText("\(failed.grouped) failed", .bad) : nil
        )
    }

    /// What holds the job back, or what it is about besides the usual, in words; nil for what is
    /// the normal course.
    package var waiting: String? {
        isComparing || worksElsewhere ? status.tables.waiting : progress.hold?.text
    }

    /// DynamoDB does all of it by itself, and does not say how far it has come.
    var worksElsewhere: Bool { status.tables.allSatisfy { !$0.requests.isEmpty } }
}

extension WaitReason {
    /// In words; nil for what is the normal course.
    var text: String? {
        switch self {
        case .targetReplies, .paused: nil
        case .sourceThrottled, .targetThrottled, .sourceUnreachable, .targetUnreachable: rawValue
        case .writeLimit, .readLimit, .sharedWriteLimit, .sharedReadLimit, .sourcePages, .memory:
            "waiting: \(rawValue)"
        case .lateRequests: "waiting: earlier requests may still take effect"
        }
    }
}

extension [TableStatus] {
    /// What all that are under way wait for.
    fileprivate var waiting: String? {
        let waiting = Set(filter { $0.state == .running }.map(\.waiting))
        return waiting.count == 1 ? waiting.first! : nil
    }
}

extension TableStatus {
    fileprivate var waiting: String? {
        let doing: String? =
            switch stage {
            case .checking: "reading all files first"
            case .readingAgain: "reading again what differs"
            case .looking: "reading items that differ by their keys"
            case .repairing: "repairing items that differ"
            case .exporting: "DynamoDB is exporting"
            case .importing: "DynamoDB is importing"
            case .waiting, .copying, .summing, .ended: nil
            }
        let sides = [(comparison?.source, "source"), (comparison?.target, "target")]
        let holds = sides.compactMap { progress, side in
            progress?.hold.map { hold -> String in
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
}

extension FlowProgress {
    /// The estimate, never less than what has been done already.
    func itemsTotal(done: Int) -> Int? { itemsEstimated.map { max($0, done) } }
}
