import CommandLine
import System

/// Where a copy stands at one moment, for whoever shows it.
///
/// Amounts count from the start of the run. Totals are estimates, which are corrected on the way.
package struct ProgressSnapshot: Equatable, Sendable {
    package enum Phase: String, Sendable {
        case preparing
        case copying
        /// All that is left is the verification of what has been copied.
        case verifying
        case paused
        case stopping
        case stopped
        case finished
    }

    /// What is done with the tables. Where both sides are read only, what is said of writes is said
    /// of the target's scans.
    package enum Work: Equatable, Sendable {
        case copying
        case verifying
    }

    package var work = Work.copying
    package var source: String
    package var target: String
    package var phase: Phase
    package var elapsed: Duration

    /// Items that the target has acknowledged, and those of them that earlier runs of the job had
    /// settled.
    package var items = 0
    package var itemsEarlier = 0
    /// nil while there is nothing to estimate by.
    package var itemsEstimate: Int?
    /// Their size as DynamoDB counts it.
    package var bytes = 0
    /// How much of the work is done, 0 to 1.
    package var fraction = 0.0

    /// Units consumed.
    package var readUnits = 0.0
    package var writeUnits = 0.0
    /// Units a second allowed, nil without a limit.
    package var readLimit: Double?
    package var writeLimit: Double?

    package var scansInFlight = 0
    package var writesInFlight = 0
    package var segmentsDone = 0
    package var segmentsTotal = 0

    /// Requests that were refused, or served in part, for want of capacity.
    package var sourceThrottles = 0
    package var targetThrottles = 0
    package var itemsRetried = 0
    package var deadLetters = 0
    /// Of a verification: those that are known.
    package var differences = 0
    /// Items that were not to be copied, since they had expired.
    package var itemsLeftOut = 0
    /// Items that were not put, since the target has one of the same key that was to stay.
    package var itemsKept = 0
    /// Where items are compared and those that differ are written: those.
    package var itemsWritten: Int?

    /// What holds the copy back, in words: `waiting: write limit`, `throttled by target`.
    package var waiting: String?

    /// Of tables of a copy that are verified now; nil where there is none.
    package var verification: VerificationSnapshot?

    /// Each table's own, where there are several.
    package var tables: [TableSnapshot] = []

    package init(source: String, target: String, phase: Phase, elapsed: Duration) {
        self.source = source
        self.target = target
        self.phase = phase
        self.elapsed = elapsed
    }
}

/// How much of what has been copied has been read again in the target.
package struct VerificationSnapshot: Equatable, Sendable {
    package var items = 0
    /// nil while there is nothing to estimate by.
    package var itemsEstimate: Int?
    /// 0 to 1.
    package var fraction = 0.0

    package init() {}

    package var percent: Int { Int(clamping: min(max(fraction, 0), 1) * 100) }

    /// The estimate, never less than what has been read already.
    package var itemsTotal: Int? { itemsEstimate.map { max($0, items) } }
}

/// Where one of several tables stands.
package struct TableSnapshot: Equatable, Sendable {
    package enum State: String, Sendable {
        case waiting
        case running
        case done
        case failed
        case stopped
    }

    package var name: String
    package var state: State
    package var items = 0
    /// 0 to 1.
    package var fraction = 0.0

    package init(name: String, state: State) {
        self.name = name
        self.state = state
    }

    package var percent: Int {
        let percent = Int(clamping: (min(max(fraction, 0), 1) * 100))
        return state == .done ? 100 : min(99, percent)
    }
}

extension ProgressSnapshot {
    /// How many tables stand how: `3 of 19 tables done, 4 running`; nil for one table.
    package var tableCounts: String? {
        guard !tables.isEmpty else { return nil }
        func count(_ state: TableSnapshot.State) -> Int { tables.count { $0.state == state } }
        var parts = ["\(count(.done).grouped) of \(tables.count.grouped) tables done"]
        for state in [TableSnapshot.State.running, .failed] where count(state) > 0 {
            parts.append("\(count(state).grouped) \(state.rawValue)")
        }
        return parts.joined(separator: ", ")
    }

    /// Whole per cent, rounded down, and never more than 99 before all is done.
    package var percent: Int {
        let percent = fraction.isFinite ? Int(clamping: (min(max(fraction, 0), 1) * 100)) : 0
        return phase == .finished ? percent : min(99, percent)
    }

    /// The estimate, never less than what has been copied already.
    package var itemsTotal: Int? { itemsEstimate.map { max($0, items) } }
}
