import DynamoModel
import Status
import System

/// What `--boost-write` does, or would do, for the copy of one table.
package struct PlannedBoost: Equatable, Sendable {
    /// Write units a second.
    package var units: Int
    /// It was asked for; else it is only worth a thought.
    package var isAsked: Bool
    /// Of the copy with it, and without.
    package var seconds: Double
    package var secondsWithout: Double
    /// What it costs more, in US dollars; nil where nobody knows.
    package var dollars: Double?

    /// A copy that takes less is fast enough, and a boost that makes it that is as well.
    static let worthSeconds = 600.0

    /// Units that would have the writes take no longer than the reads, or than is worth a thought,
    /// in whole thousands; nil where what holds the writes back is not what a boost raises.
    /// - Parameter reading: seconds that the reads take; nil for files.
    static func worthwhile(
        _ time: PlannedTime, _ plan: TablePlan, reading: Double?, as definition: TableDefinition
    ) -> Int? {
        guard time.seconds >= worthSeconds, time.part != .source, time.bound != .limit,
            plan.creates || !definition.billing.isOnDemand,
            // A maximum of one on demand is its owner's wish.
            !(definition.billing.isOnDemand && time.bound == .capacity)
        else { return nil }
        let writes = max(plan.writeUnits ?? 0, plan.indexUnits.map(\.units).max() ?? 0)
        let seconds = max(reading ?? 0, worthSeconds)
        let rate = min(writes / seconds, Double(ServiceLimits.onDemandUnitsMax))
        return Int(clamping: (rate / 1_000).rounded(.up) * 1_000)
    }
}
