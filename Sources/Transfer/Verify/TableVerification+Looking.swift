import AWS
import DynamoDB
import DynamoModel
import Engine
import Pacing

/// What comes after the passes: items that differ are read by their keys, and repaired.
extension TableVerification {
    /// Requests for items by their keys that are under way at a time, on each side.
    private static let lookWidth = 2

    /// Reads what differs by its keys, and repairs it when that was asked for.
    func look(_ difference: PassDifference) async throws {
        enter(subject.repaired == nil ? .looking : .repairing)
        let runs = difference.spill.runs
        state.withLock { $0.verdict.progress.runsSpilled = runs }
        var merge = try CauseMerge(difference)
        let look = SecondLook(
            source: keyReader(subject.source, "source", seed &+ 1),
            target: keyReader(subject.target, "target", seed &+ 2),
            expiry: (subject.source.expiry, subject.target.expiry),
            now: Int(time.secondsSinceEpoch))
        let repair = subject.repaired.map { itemRepair($0, look) }
        let limits = state.withLock { state in
            state.byKeys = (look, repair)
            return state.limits
        }
        if let limits { setLimits(limits) }
        defer { endByKeys() }
        try await withThrowingTaskGroup(of: [VerifyFinding].self) { group in
            var underWay = 0
            while !isStopping, let batch = try nextBatch(&merge) {
                await waitWhilePaused()
                if underWay == Self.lookWidth {
                    try await settle(try await group.next() ?? [], repair)
                    underWay -= 1
                }
                group.addTask { try await look.look(batch) }
                underWay += 1
                state.withLock { $0.verdict.progress.itemsLookedAt += batch.count }
            }
            while let findings = try await group.next() { try await settle(findings, repair) }
        }
        if isStopping { throw Stopped() }
    }

    private func itemRepair(_ repaired: Repaired, _ look: SecondLook) -> ItemRepair {
        ItemRepair(
            repaired.table, readers: (look.source, look.target), schema: subject.schema,
            repaired.options, limits: repaired.limits, giveUpAfter: options.giveUpAfter,
            time: time, seed: seed &+ 3
        ) { [self] in
            await waitWhilePaused()
            return isStopping
        }
    }

    private func endByKeys() {
        state.withLock { state in
            guard let (look, repair) = state.byKeys else { return }
            state.byKeys = nil
            state.source.counters.readUnits += look.source.counters.readUnits
            state.target.counters.readUnits += look.target.counters.readUnits
            if let repair { state.verdict.progress.count(repair.consumed) }
        }
    }

    /// Repairs what a look has found, some at a time, and keeps it.
    private func settle(_ findings: [VerifyFinding], _ repair: ItemRepair?) async throws {
        guard let repair else { return try keep(findings) }
        var rest = findings[...]
        var failure: (any Error)?
        await withTaskGroup(of: Result<VerifyFinding?, CopyFailure>.self) { group in
            var underWay = 0
            while true {
                while underWay < repair.itemsAtOnce, failure == nil, let next = rest.popFirst() {
                    group.addTask {
                        do throws(CopyFailure) {
                            return .success(try await repair.repair(next))
                        } catch {
                            return .failure(error)
                        }
                    }
                    underWay += 1
                }
                guard let result = await group.next() else { return }
                underWay -= 1
                do {
                    // What has been written is told, whatever else fails.
                    if let finding = try result.get() { try keep([finding]) }
                } catch {
                    failure = failure ?? error
                }
            }
        }
        if let failure { throw failure }
    }

    private func nextBatch(_ merge: inout CauseMerge) throws(CopyFailure) -> [KeyDifference]? {
        var batch: [KeyDifference] = []
        while batch.count < ServiceLimits.batchGetKeysMax, let next = try merge.next() {
            batch.append(next)
        }
        return batch.isEmpty ? nil : batch
    }

    private func keep(_ findings: [VerifyFinding]) throws(CopyFailure) {
        for finding in findings {
            let (letters, repairs) = state.withLock { state in
                state.verdict.counters.add(finding)
                if finding.isMended { state.repairs.add(finding) }
                return (state.verdict.counters.deadLetters, state.repairs)
            }
            try emit(finding)
            if let repair = finding.repair {
                try journal?.save(repairs: repairs, repair.letter, verdict)
            }
            guard case .refused(let letter) = finding.repair,
                letters > subject.repaired?.options.deadLettersMax ?? 0
            else { continue }
            throw CopyFailure(
                .remedy(.giveUp), code: letter.code,
                message: "\(letters) items were refused, the last with: \(letter.reason)",
                hint: "mend the cause, or raise --max-dead-letters")
        }
    }

    private func keyReader(_ side: Side, _ name: String, _ seed: UInt64) -> KeyReader {
        KeyReader(
            side.table, side: name, schema: subject.schema, digestKey: digestKey,
            limit: side.limit, itemBytes: side.description.itemBytes ?? 1024,
            giveUpAfter: options.giveUpAfter, time: time, seed: seed)
    }
}

extension VerifyProgress {
    /// What a repair has come to.
    mutating func count(_ consumed: ItemRepair.Consumed) {
        (writes, writeUnits, writesThrottled) = (
            consumed.writes, consumed.units, consumed.throttles
        )
        (writeUnitsPerSecond, writeLimit) = (consumed.unitsPerSecond, consumed.limit)
    }
}

extension VerifyFinding {
    /// It differs no more.
    fileprivate var isMended: Bool { repair == .written || repair == .deleted }
}

extension VerifyFinding.Repair {
    fileprivate var letter: DeadLetter? {
        if case .refused(let letter) = self { letter } else { nil }
    }
}
