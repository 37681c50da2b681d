import Flow

/// How a job went, or its run.
package struct CopyReport: Sendable {
    package var outcome: FlowOutcome
    /// In the job's order.
    package var tables: [TableReport]
    package var elapsed: Duration
    package var jobID: String
    /// Processes that have run the job, this one included, and what they have done together.
    package var runs: Int
    package var inAll: JobProgress
    /// What the job has cost, over all its runs, where there was a limit to it, and whether that
    /// is reached.
    package var cost: (dollars: Double, isReached: Bool)?
    /// Empty when there are no dead letters.
    package var deadLettersPaths: [String]

    /// The source has settings or indexes that a target has not, for whatever reason.
    package var lacksSettings: Bool {
        tables.contains { !$0.settings.notCarried.isEmpty || !$0.settings.differences.isEmpty }
    }

    /// A table is gone: the same command would be refused.
    package var hasLostTable: Bool {
        if case .failed(let failure) = outcome {
            failure.code == "ResourceNotFoundException"
        } else {
            false
        }
    }

    /// Of this run, over all tables.
    package var counters: FlowCounters { FlowProgress.sum(tables.map(\.progress)).counters }
}

/// How one table of a job went, or goes.
package struct TableReport: Equatable, Sendable {
    /// Bare names.
    package var source: String
    package var target: String
    /// nil while it has not ended, or when it has not begun.
    package var outcome: FlowOutcome?
    package var progress: FlowProgress
    package var settings: SettingsReport
    /// nil unless it has been verified.
    package var verdict: CopyVerdict?
}
