import Flow
import Jobs
import Pacing
import Status

/// Where a job stands in this run, or what the run has come to.
package struct JobStatus: Sendable {
    package var kind: JobRecord.Kind
    /// nil where nothing is kept of it.
    package var id: String?
    /// Processes that have run the job, this one included, and what they have done together as of
    /// the last save.
    package var runs = 1
    package var inAll = JobProgress()
    package var elapsed: Duration
    package var isPaused = false
    package var isStopping = false
    /// In the job's order.
    package var tables: [TableStatus]
    /// What all tables are held to together.
    package var totals = UnitTotals()
    /// What the job has cost, over all its runs, where there is a limit to it, and whether that is
    /// reached.
    package var cost: (dollars: Double, isReached: Bool)?
    /// Files of items that targets have refused; empty while it runs.
    package var deadLettersPaths: [String] = []

    package init(_ kind: JobRecord.Kind, _ tables: [TableStatus], elapsed: Duration) {
        self.kind = kind
        self.tables = tables
        self.elapsed = elapsed
    }

    package var hasEnded: Bool { tables.allSatisfy { $0.outcome != nil } }

    /// What has become of all tables; that of a job that still runs is "stopped".
    package var outcome: FlowOutcome {
        if let failure = tables.lazy.compactMap(\.failure).first {
            return .failed(tables.count > 1 ? failure.of(causes, among: tables.count) : failure)
        }
        return tables.allSatisfy { $0.outcome == .completed } ? .completed : .stopped
    }

    /// Why tables have failed, those with one cause together.
    package var causes: CauseGroups { CauseGroups(tables.compactMap(\.failureCase)) }

    /// Of all tables together.
    package var progress: FlowProgress {
        var sum = FlowProgress.sum(tables.map(\.progress), within: totals)
        sum.isPaused = isPaused
        return sum
    }

    /// Of this run, over all tables.
    package var counters: FlowCounters { progress.counters }

    /// How far what is being read to verify copies is; nil where nothing is.
    package var verifying: FlowProgress? {
        guard kind == .copy else { return nil }
        let targets = tables.filter { $0.outcome == nil }.compactMap(\.comparison?.target)
            .filter { $0.segments > 0 }
        guard !targets.isEmpty else { return nil }
        var sum = FlowProgress.sum(targets)
        sum.fraction = targets.reduce(0) { $0 + $1.fraction } / Double(targets.count)
        return sum
    }

    /// The source has settings or indexes that a target has not, for whatever reason.
    package var lacksSettings: Bool {
        tables.contains { !$0.settings.notCarried.isEmpty || !$0.settings.differences.isEmpty }
    }

    /// The same command would come to the same end: a table is gone, or what DynamoDB has loaded by
    /// itself is not all of it.
    package var isBeyondResuming: Bool {
        let code = tables.first { $0.failure != nil }?.failure?.code
        return ["ResourceNotFoundException", "BulkPutErrors", "OtherCount"].contains(code)
    }
}

extension FlowFailure {
    /// Of a job of several tables: how many have failed, and why most of them.
    fileprivate func of(_ causes: CauseGroups, among count: Int) -> FlowFailure {
        guard let most = causes.groups.first else { return self }
        let failed = causes.groups.lazy.map(\.cases.count).clampedSum
        var failure = self
        failure.hint = most.hint
        failure.message = "\(failed.grouped) of \(count.counted("table")) failed"
        failure.message +=
            causes.groups.count == 1
            ? ": \(most.message)" : "; \(most.cases.count.grouped) with: \(most.message)"
        return failure
    }
}
