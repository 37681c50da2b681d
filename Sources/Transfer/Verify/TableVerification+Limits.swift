import Flow
import Pacing

/// What a verification is held to, and what it has in common with others.
extension TableVerification {
    /// See ``TableWork/limiting(by:)``.
    func limiting(by asked: AskedLimits) throws(CopyRefusal) -> () -> Void {
        let limits = try VerifyLimits(asked, subject)
        return { [self] in
            state.withLock { state in
                (state.asked, state.limits) = (asked, limits)
                state.tellLimits()
            }
        }
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
        state.withLock { state in
            // What the user has asked for meanwhile is newer.
            guard state.asked == asked else { return }
            state.limits = limits
            state.tellLimits()
        }
    }
}
