import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import Pacing
import System

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
        let begun = limits
        let look = SecondLook(
            source: keyReader(subject.source, "source", begun.source, seed &+ 1),
            target: keyReader(subject.target, "target", begun.target, seed &+ 2),
            expiry: (subject.source.expiry, subject.target.expiry),
            now: Int(clamping: time.secondsSinceEpoch))
        let repair = subject.repaired.map { repaired in
            let units = RepairUnits(begun.repair, share: writeShare, time: time)
            return (repair: itemRepair(repaired, look, units), units: units)
        }
        let (limits, isPaused, isStopping) = state.withLock { state in
            state.byKeys = ByKeys(look: look, repair: repair?.units)
            return (state.limits, state.isPaused, state.isStopping)
        }
        // What was asked for a moment ago found nobody to be told.
        if limits != begun { setLimits(limits) }
        if isPaused { setPaused(true) }
        if isStopping { stop() }
        defer { endByKeys() }
        try await settle(&merge, look, repair)
        if self.isStopping { throw Stopped() }
    }

    private func itemRepair(
        _ repaired: Repaired, _ look: SecondLook, _ units: RepairUnits
    ) -> ItemRepair {
        ItemRepair(
            repaired.table, readers: (look.source, look.target), schema: subject.schema,
            repaired.options, units, giveUpAfter: options.giveUpAfter, time: time,
            seed: seed &+ 3)
    }

    private func endByKeys() {
        state.withLock { state in
            guard let byKeys = state.byKeys else { return }
            state.byKeys = nil
            state.source.counters.readUnits += byKeys.look.source.counters.readUnits
            state.target.counters.readUnits += byKeys.look.target.counters.readUnits
            if let repair = byKeys.repair { state.verdict.progress.count(repair.consumed) }
        }
    }

    /// What came of one of those that are under way.
    private enum Settled {
        case found([VerifyFinding])
        case mended(VerifyFinding?)
        case failed(any Error)
    }

    /// Looks at what differs and repairs what is found, some of each at a time. What has been
    /// written is told, whatever else fails.
    private func settle(
        _ merge: inout CauseMerge, _ look: SecondLook,
        _ mending: (repair: ItemRepair, units: RepairUnits)?
    ) async throws {
        var found: [VerifyFinding] = []
        var (looks, repairs) = (0, 0)
        var failure: (any Error)?
        await withTaskGroup(of: Settled.self) { group in
            while true {
                do {
                    // Items wait in memory: no more than two batches of them.
                    while failure == nil, looks < Self.lookWidth,
                        found.count + (looks + 1) * ServiceLimits.batchGetKeysMax
                            <= Self.lookWidth * ServiceLimits.batchGetKeysMax,
                        !isStopping,
                        let batch = try nextBatch(&merge)
                    {
                        group.addTask { await Self.look(at: batch, look) }
                        looks += 1
                        state.withLock { $0.verdict.progress.itemsLookedAt += batch.count }
                    }
                    while failure == nil, let (repair, units) = mending,
                        repairs < units.itemsAtOnce, let next = found.popLast()
                    {
                        group.addTask { await Self.mend(next, repair) }
                        repairs += 1
                    }
                    switch await group.next() {
                    case nil: return
                    case .found(let findings)?:
                        looks -= 1
                        if mending == nil { try keep(findings) } else { found += findings }
                    case .mended(let finding)?:
                        repairs -= 1
                        if let finding { try keep([finding]) }
                    case .failed(let error)?: throw error
                    }
                } catch {
                    failure = failure ?? error
                }
            }
        }
        if let failure { throw failure }
    }

    private static func look(at batch: [KeyDifference], _ look: SecondLook) async -> Settled {
        do {
            return .found(try await look.look(batch) ?? [])
        } catch {
            return .failed(error)
        }
    }

    private static func mend(_ finding: VerifyFinding, _ repair: ItemRepair) async -> Settled {
        do {
            return .mended(try await repair.repair(finding))
        } catch {
            return .failed(error)
        }
    }

    private func nextBatch(_ merge: inout CauseMerge) throws(FlowFailure) -> [KeyDifference]? {
        var batch: [KeyDifference] = []
        while batch.count < ServiceLimits.batchGetKeysMax, let next = try merge.next() {
            batch.append(next)
        }
        return batch.isEmpty ? nil : batch
    }

    private func keep(_ findings: [VerifyFinding]) throws(FlowFailure) {
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
            throw FlowFailure(
                .giveUp, code: letter.code,
                message: "\(letters) items were refused, the last with: \(letter.reason)",
                hint: "mend the cause, or raise --max-dead-letters")
        }
    }

    private func keyReader(
        _ side: Side, _ name: String, _ limit: ReadLimit, _ seed: UInt64
    ) -> KeyReader {
        KeyReader(
            side.table, side: name, schema: subject.schema, digestKey: digestKey, limit: limit,
            share: readShare, itemBytes: side.description.itemBytes ?? 1024,
            giveUpAfter: options.giveUpAfter, time: time, seed: seed)
    }
}

extension VerifyProgress {
    /// What a repair has come to.
    mutating func count(_ consumed: RepairUnits.Consumed) {
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
