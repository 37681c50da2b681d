import Flow
import Pacing

/// Limits over all tables of a job.
extension CopyJob {
    /// Tables that are copied at a time unless the user says how many.
    package static let widthUsual = 4

    /// Those that hold now.
    package var totals: UnitTotals { UnitTotals(state.withLock { $0.options }) }

    /// Has the totals hold from now on, for what runs and what will.
    func setTotals(_ totals: UnitTotals) {
        shared.set(totals)
        store.setTotals(totals)
    }
}

extension UnitTotals {
    /// - Parameter options: of each table; limits of all are the same in every one.
    init(_ options: [CopyOptions]) { self = options.first?.limits.totals ?? UnitTotals() }
}
