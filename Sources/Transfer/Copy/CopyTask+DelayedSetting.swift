import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Schema

/// What is done to a target besides writing its items: its units raised before them and set back
/// after them, and then its settings.
extension CopyTask {
    private var work: TableProvisioner {
        TableProvisioner(
            target: subject.tables.target, note: note,
            isStopping: { [state] in state.withLock { $0.orders.isStopping } })
    }

    private var targetName: String { target.definition.name }

    // MARK: Units

    /// The target as it is while it is loaded: with its units raised, when that was asked for.
    func boosted() async throws -> TableDescription {
        let target = subject.target
        guard let units = options.boostWrites, !open.hasNothingLeft else { return target }
        guard
            let boost = state.withLock({ $0.boost }) ?? UnitBoost(of: target.definition, to: units)
        else {
            if target.definition.billing.isOnDemand, open.record.targetWas != .created {
                note("the target is on demand: it has no units to be raised")
            }
            return target
        }
        state.withLock { $0.boost = boost }
        try context.keeper.setBoost(table: number, boost)
        note("write units of \(targetName) are \(units) until its items are there")
        return try await work.raise(boost, to: units)
    }

    /// However the copy has ended: raised units are paid for by the hour.
    private func setBack() async throws {
        guard let boost = state.withLock({ $0.boost }) else { return }
        try await work.setBack(boost)
        try context.keeper.setBoost(table: number, nil)
        state.withLock { $0.boost = nil }
        note("write units of \(targetName) are \(boost.table.writeUnits ?? 0) again")
    }

    // MARK: Settings

    /// Ends what a copy has left to do of its target besides items.
    /// - Parameter outcome: what became of the items.
    /// - Returns: what became of all.
    func settle(_ outcome: FlowOutcome) async -> FlowOutcome {
        let name = targetName
        do {
            try await setBack()
        } catch {
            let failure = FlowFailure(
                settling: error, "the units of \(name) could not be set back")
            guard case .failed = outcome else { return .failed(failure) }
            note(failure.message)
        }
        guard outcome == .completed else { return outcome }
        let verified = await verify()
        guard verified == .completed else { return verified }
        do {
            let lacking = try await work.perform(subject.plan.steps, of: target)
            state.withLock { $0.status.settings.lack(lacking) }
            return .completed
        } catch is TableProvisioner.Stopped {
            return .stopped
        } catch let failure as TableProvisioner.Failure {
            var failed = FlowFailure(
                settling: failure.error,
                "all items of \(name) arrived, but not its \(failure.step.title)")
            if let setting = failure.step.setting {
                failed.hint =
                    (failed.hint.map { "\($0) Or leave" } ?? "leave")
                    + " it out with --no-\(setting.rawValue)"
            }
            return .failed(failed)
        } catch {
            return .failed(
                FlowFailure(settling: error, "all items of \(name) arrived, but not its settings"))
        }
    }
}

extension SettingsReport {
    /// The target's endpoint has no operation for these.
    fileprivate mutating func lack(_ lacking: [NotCarried]) {
        carried.removeAll { title in lacking.contains { $0.name == title } }
        notCarried += lacking.map(\.text)
    }
}

extension OpenTable {
    /// Every segment is finished: what a killed run may have left to do is not items.
    var hasNothingLeft: Bool {
        segments.count == record.segments && segments.allSatisfy(\.isFinished)
    }
}

extension FlowFailure {
    /// Nothing of the table was copied yet.
    init(beforeItems error: any Error) {
        switch error {
        case let refusal as CopyRefusal: self.init(refusal)
        default: self.init(settling: error, "the target could not be made ready")
        }
    }

    /// - Parameter what: what did not come about, in words.
    fileprivate init(settling error: any Error, _ what: String) {
        switch error {
        case let error as AWSError:
            self.init(
                .giveUp, code: error.code,
                message: "\(what): \(error.operation): \(error.headline)", hint: error.hint)
        case let error as TableNotActive:
            self.init(
                .giveUp, code: "TableNotActive",
                message: "\(what): \(error.table) is \(error.status)",
                hint: "run the same command again when it is ACTIVE")
        case let error as JobError:
            self.init(
                .giveUp, code: "JobState", message: "\(what): \(error.message)",
                hint: error.hint)
        default: self.init(.giveUp, code: "Failed", message: "\(what): \(error)")
        }
    }
}
