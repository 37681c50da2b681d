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
            let source = await lookedUp(subject.source),
            let target = await lookedUp(subject.target),
            let limits = try? VerifyLimits(
                asked, source: source, target: target, isRepaired: isRepaired)
        else { return }
        state.withLock { state in
            // What the user has asked for meanwhile is newer.
            guard state.orders.throttle == orders.throttle else { return }
            state.limits = limits
            state.tellLimits()
        }
    }

    /// As it is now; of files, as it was.
    private func lookedUp(_ side: Side) async -> VerifyLimits.Side? {
        guard let table = side.place.table else { return VerifyLimits.Side(side) }
        let found = try? await table.describeIfExists()
        return (found ?? nil).map { VerifyLimits.Side(definition: $0.definition) }
    }
}
