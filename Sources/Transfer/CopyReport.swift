/// How a copy went.
package struct CopyReport: Equatable, Sendable {
    package var outcome: CopyOutcome
    package var counters: CopyCounters
    package var elapsed: Duration
    package var segments: Int
    package var jobID: String
    /// Processes that have run the job, this one included, and what they have done together.
    package var runs: Int
    package var inAll: JobProgress
    /// nil when there are no dead letters.
    package var deadLettersPath: String?
}
