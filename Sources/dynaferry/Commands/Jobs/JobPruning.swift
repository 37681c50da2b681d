import Jobs
import System

/// Which jobs `dynaferry jobs prune` removes.
struct JobPruning {
    /// Jobs last updated before this go; seconds since 1970.
    var before: Double
    /// Also those that could be resumed.
    var takesAll: Bool

    enum Verdict: Equatable {
        case remove
        /// It is not old enough, or runs.
        case keep
        /// It is old, but has something left to do, in words.
        case keepFor(String)
    }

    func verdict(on view: JobView) -> Verdict {
        guard !view.isRunning, view.record.updated < before else { return .keep }
        // What its job does not set back is paid for until someone notices.
        if let raised = view.tables.first(where: { $0.boost != nil }) {
            return .keepFor("the write units of \(raised.target) are still raised")
        }
        if !takesAll, view.deadLetters > 0 {
            return .keepFor(
                "it has \(view.deadLetters.counted("dead letter")), which jobs retry can write;"
                    + " --all removes it too")
        }
        if view.record.state.isOver || takesAll { return .remove }
        return .keepFor("it can be resumed; --all removes it too")
    }
}
