/// How a copy went.
package struct CopyReport: Equatable, Sendable {
    package var outcome: CopyOutcome
    package var counters: CopyCounters
    package var elapsed: Duration
    package var segments: Int
    /// nil when there are no dead letters.
    package var deadLettersPath: String?
}
