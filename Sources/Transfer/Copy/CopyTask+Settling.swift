import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow

/// What is done to a target besides writing its items: its units raised before them and set back
/// after them, and then its settings.
extension CopyJob {
    private func work(_ number: Int) -> TargetWork {
        TargetWork(
            target: tables[number].subject.tables.target, note: note(of: number),
            isStopping: { [state] in state.withLock { $0.isStopping } })
    }

    // MARK: Units

    /// The target as it is while it is loaded: with its units raised, when that was asked for.
    func boosted(_ number: Int) async throws -> TableDescription {
        let table = tables[number]
        let target = table.subject.target
        let (asked, kept) = state.withLock { ($0.options[number].boostWrites, $0.boosts[number]) }
        guard let units = asked, !table.open.hasNothingLeft else { return target }
        guard let boost = kept ?? UnitBoost(of: target.definition, to: units) else {
            if target.definition.billing.isOnDemand, table.open.record.targetWas != .created {
                note(of: number)("the target is on demand: it has no units to be raised")
            }
            return target
        }
        state.withLock { $0.boosts[number] = boost }
        try store.setBoost(table: number, boost)
        note(of: number)(
            "write units of \(target.definition.name) are \(units) until its items are there")
        return try await work(number).raise(boost, to: units)
    }

    /// However the copy has ended: raised units are paid for by the hour.
    private func setBack(_ number: Int) async throws {
        guard let boost = state.withLock({ $0.boosts[number] }) else { return }
        try await work(number).setBack(boost)
        try store.setBoost(table: number, nil)
        state.withLock { $0.boosts[number] = nil }
        note(of: number)(
            "write units of \(tables[number].subject.target.definition.name) are"
                + " \(boost.table.writeUnits ?? 0) again")
    }

    // MARK: Settings

    /// Ends what a copy has left to do of its target besides items.
    /// - Parameter outcome: what became of the items.
    /// - Returns: what became of all.
    func settle(_ number: Int, _ outcome: FlowOutcome) async -> FlowOutcome {
        let table = tables[number]
        let name = table.subject.target.definition.name
        do {
            try await setBack(number)
        } catch {
            let failure = FlowFailure(
                settling: error, "the units of \(name) could not be set back")
            if case .failed = outcome {
                note(of: number)(failure.message)
            } else {
                return .failed(failure)
            }
        }
        guard outcome == .completed else { return outcome }
        let verified = await verify(number)
        guard verified == .completed else { return verified }
        do {
            let lacking = try await work(number).perform(
                table.subject.plan.steps, of: table.subject.target)
            state.withLock { $0.lacking[number] = lacking }
            try store.setSettings(table: number, settingsReport(of: number))
            return .completed
        } catch is TargetWork.Stopped {
            return .stopped
        } catch let failure as TargetWork.Failure {
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

    /// What became of a table's settings, or will.
    func settingsReport(of number: Int) -> SettingsReport {
        let table = tables[number]
        // One that an earlier run has finished was reported by it.
        if table.open.record.isFinished { return table.open.record.settings }
        var report = SettingsReport(table.subject.plan)
        let lacking = state.withLock { $0.lacking[number] ?? [] }
        report.carried.removeAll { title in lacking.contains { $0.name == title } }
        report.notCarried += lacking.map(\.text)
        return report
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
        case let refusal as CopyRefusal:
            self.init(
                .giveUp, code: "Refused", message: refusal.message, hint: refusal.hint)
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
