import Flow
import Pacing

/// What a verification is held to, and what it has in common with others.
extension TableVerification {
    /// See ``TableWork/limiting(by:)``.
    func limiting(by asked: AskedLimits) throws(CopyRefusal) -> () -> Void {
        let limits = try VerifyLimits(asked, subject)
        return { [self] in
            state.withLock { $0.asked = asked }
            setLimits(limits)
        }
    }

    /// Sets them from now on.
    func setLimits(_ limits: VerifyLimits) {
        let (flows, looking) = state.withLock { state in
            state.limits = limits
            return (state.flows, state.looking)
        }
        for (flow, limit) in zip(flows, [limits.source, limits.target]) {
            flow.driver.setLimits(read: limit)
        }
        looking?.setLimits(
            read: limits.source, elsewhere: limits.target, write: limits.write,
            writesMax: limits.writesMax)
    }

    /// Those that hold now.
    var limits: VerifyLimits { state.withLock { $0.limits } }

    /// Looks up the tables' capacity; a look that fails changes nothing.
    func lookUpLimits() async {
        let asked = state.withLock { $0.asked }
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
        setLimits(limits)
    }
}
