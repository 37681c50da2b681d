import Flow
import Pacing

/// What a verification is held to while the tables' capacity changes.
extension TableVerification {
    /// Looks up the tables' capacity; a look that fails changes nothing.
    func lookUpLimits() async {
        let orders = state.withLock { $0.orders }
        let asked = options.limits.updated(by: orders.throttle)
        let isRepaired = subject.repaired != nil
        guard
            asked.readUnits.followsTable || asked.targetReadUnits.followsTable
                || isRepaired && asked.writeUnits.followsTable,
            let source = try? await subject.source.table.describeIfExists(),
            let target = try? await subject.target.table.describeIfExists(),
            let limits = try? VerifyLimits(
                asked, source: source.definition, target: target.definition,
                isRepaired: isRepaired)
        else { return }
        state.withLock { state in
            // What the user has asked for meanwhile is newer.
            guard state.orders.throttle == orders.throttle else { return }
            state.limits = limits
            state.tellLimits()
        }
    }
}
