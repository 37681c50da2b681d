import AWS
import Connectors
import DynamoModel
import Flow
import Pacing
import System

/// The copy of one table into one that holds most of it already: both are compared, and what
/// differs is written, item by item, while it is still as it was read. Nothing is deleted. Any
/// thread may call its methods.
final class ChangedCopy: TableWork {
    private let verification: TableVerification
    private let journal: VerifyJournal
    private let tally: ChangedTally

    /// - Parameter tally: what `verification` tells of each item.
    init(
        _ verification: TableVerification, journal: VerifyJournal, tally: ChangedTally
    ) {
        self.verification = verification
        self.journal = journal
        self.tally = tally
    }

    var limits: UnitLimits { verification.limits.units }

    var limitsText: String {
        limits.description(
            source: verification.subject.source.description.definition,
            target: verification.subject.target.description.definition)
    }

    func run() async -> (outcome: FlowOutcome, progress: FlowProgress) {
        let verdict = await verification.run()
        let outcome: FlowOutcome
        do throws(FlowFailure) {
            try journal.save(verdict)
            outcome =
                switch verdict.outcome {
                case .equal, .repaired, .different: .completed
                case .stopped, nil: .stopped
                case .failed(let failure): .failed(failure)
                }
        } catch {
            outcome = .failed(error)
        }
        return (outcome, progress)
    }

    func stop() { verification.stop() }

    var progress: FlowProgress {
        var progress = tally.progress(of: verification.verdict)
        progress.isEnding = verification.isStopping
        progress.isPaused = verification.isPaused
        return progress
    }

    func setPaused(_ paused: Bool) { verification.setPaused(paused) }

    func limiting(by asked: AskedLimits) throws(CopyRefusal) -> () -> Void {
        try verification.limiting(by: asked)
    }
}

/// Counts what a copy of what differs does, as a copy counts: an item that was read has been
/// written, is a dead letter, was left out, was equal, or kept changing.
final class ChangedTally: Sendable {
    private let segments: Int
    /// Items that earlier runs of the job have written.
    private let itemsEarlier: Int
    private let itemsReported: Int
    private let time: any TimeSource
    private let state: Locked<State>

    private struct State {
        var counters = FlowCounters()
        /// Items written.
        var written: RateWindow
    }

    init(segments: Int, itemsEarlier: Int, itemsReported: Int, time: any TimeSource) {
        self.segments = segments
        self.itemsEarlier = itemsEarlier
        self.itemsReported = itemsReported
        self.time = time
        state = Locked(State(written: RateWindow(at: time.now)))
    }

    /// Takes in what became of an item that differed.
    func take(_ finding: VerifyFinding) {
        state.withLock { state in
            let before = state.counters.itemsWritten
            state.counters.count(finding)
            state.written.add(Double(state.counters.itemsWritten - before), at: time.now)
        }
    }

    func progress(of verdict: TableVerdict) -> FlowProgress {
        var progress = FlowProgress(segments: segments)
        let found = verdict.progress
        progress.counters = counters(of: verdict)
        progress.itemsEarlier = itemsEarlier
        progress.elapsed = found.elapsed
        progress.itemsEstimated = max(itemsReported, progress.itemsEarlier + itemsRead(verdict))
        progress.readUnitsPerSecond = found.source.readUnitsPerSecond
        progress.readLimit = found.source.readLimit
        progress.writeUnitsPerSecond = found.writeUnitsPerSecond
        progress.writeLimit = found.writeLimit
        progress.scansInFlight = found.source.scansInFlight + found.target.scansInFlight
        progress.hasEnded = verdict.outcome != nil
        progress.isComparing = verdict.outcome == nil
        progress.hold = found.source.hold ?? found.target.hold
        progress.fraction =
            verdict.isConclusive ? 1 : (found.source.fraction + found.target.fraction) / 2
        return progress
    }

    /// What the job has come to.
    func jobProgress(of verdict: TableVerdict, after earlier: JobProgress) -> JobProgress {
        let now = progress(of: verdict)
        var progress = JobProgress()
        progress.counters = now.counters.after(earlier.counters)
        progress.seconds = earlier.seconds + now.elapsed.inSeconds
        progress.itemsDone = itemsEarlier + now.counters.itemsRead
        progress.itemsEstimated = now.itemsEstimated
        progress.fraction = now.fraction
        progress.itemsPerSecond = state.withLock { $0.written.perSecond(at: time.now) }
        progress.readUnitsPerSecond = now.readUnitsPerSecond
        progress.writeUnitsPerSecond = now.writeUnitsPerSecond
        progress.readLimit = now.readLimit
        progress.writeLimit = now.writeLimit
        progress.hold = now.hold?.rawValue
        return progress
    }

    /// Items of the source that this run accounts for, all but those that earlier ones have
    /// written.
    private func itemsRead(_ verdict: TableVerdict) -> Int {
        let read =
            verdict.counters.itemsInSource > 0
            ? verdict.counters.itemsInSource : verdict.progress.source.counters.itemsRead
        return max(0, read - itemsEarlier)
    }

    private func counters(of verdict: TableVerdict) -> FlowCounters {
        let (source, target) = (verdict.progress.source.counters, verdict.progress.target.counters)
        var counters = state.withLock { $0.counters }
        counters.readUnits = source.readUnits + target.readUnits
        counters.scans = source.scans + target.scans
        counters.bytesRead = source.bytesRead + target.bytesRead
        counters.scansThrottled = source.scansThrottled
        counters.writesThrottled = target.scansThrottled + verdict.progress.writesThrottled
        counters.requestsFailed = source.requestsFailed + target.requestsFailed
        counters.writes = verdict.progress.writes
        counters.storedBytesWritten = verdict.progress.storedBytesWritten
        counters.jsonBytesWritten = verdict.progress.jsonBytesWritten
        counters.bytesSent = verdict.progress.jsonBytesWritten
        counters.writeUnits = verdict.progress.writeUnits
        counters.segmentsFinished =
            verdict.isConclusive ? segments : min(source.segmentsFinished, segments)
        // What was put since the source was read has been read by its key.
        let unequal = counters.itemsSettled + counters.itemsChanging
        counters.itemsRead = max(itemsRead(verdict), unequal)
        if verdict.isConclusive { counters.itemsEqual = counters.itemsRead - unequal }
        return counters
    }
}

extension FlowCounters {
    fileprivate mutating func count(_ finding: VerifyFinding) {
        switch (finding.repair, finding.kind) {
        case (.written, _):
            itemsWritten += 1
        case (.refused, _): deadLetters += 1
        // Somebody else has deleted it on both sides.
        case (.deleted, _): break
        case (nil, .onlyInTarget): itemsOnlyInTarget += 1
        case (nil, .pastTTL) where finding.source == nil: itemsOnlyInTarget += 1
        case (nil, .pastTTL): itemsLeftOut += 1
        case (nil, .changing): itemsChanging += 1
        // It was to stop before this one was written.
        case (nil, .different), (nil, .onlyInSource): break
        }
    }
}

extension FlowProgress {
    /// What earlier runs have come to.
    mutating func take(_ record: JobTable) {
        itemsEarlier = record.isFinished ? record.progress.itemsDone : 0
        counters.segmentsFinished = record.isFinished ? segments : 0
        hasEnded = record.isFinished
        itemsEstimated = max(itemsEarlier, record.itemsReported)
    }
}
