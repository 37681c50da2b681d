import AWS
import Connectors
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import Pacing
import System

/// What comes after the passes: items that differ are read by their keys on both sides, and
/// repaired.
extension TableVerification {
    /// How often an item that keeps changing is looked at.
    private static let rounds = 3

    /// Reads what differs by its keys, and repairs it when that was asked for.
    func look(_ difference: PassDifference) async throws {
        enter(subject.repaired == nil ? .looking : .repairing)
        let runs = difference.spill.runs
        state.withLock { $0.comparison.runsSpilled = runs }
        var merge = try CauseMerge(difference)
        let trustsAbsence = subject.repaired != nil
        var unsettled = try await look(round: 1) { () throws(FlowFailure) in
            try merge.next().map { AskedPair($0, trustsAbsence: trustsAbsence) }
        }
        for round in 2...Self.rounds where !unsettled.isEmpty {
            var left = unsettled[...]
            unsettled = try await look(round: round) { left.popFirst() }
        }
    }

    /// - Returns: what has to be looked at once more.
    private func look(
        round: Int, _ feed: @escaping PairSource.Feed
    ) async throws -> [AskedPair] {
        let begun = state.withLock { $0.limits }
        let queue = HTTPEngine.queue("verify.look", lane: shared.number)
        let sink = findingSink(isLastRound: round == Self.rounds, on: queue)
        var parts = FlowParts(
            PairSource(
                subject.source.table, subject.target.table, schema: subject.schema, key: digestKey,
                expiry: (subject.source.expiry, subject.target.expiry),
                now: Int(clamping: time.secondsSinceEpoch), on: queue, feed: feed),
            to: sink)
        if subject.repaired != nil {
            parts.journal = journal.part(of: self) { [self] entry throws(JobError) in
                TableSave(
                    letters: try DeadLetter.all(of: entry, schema: subject.schema),
                    repairs: state.withLock { $0.repairs })
            }
        }
        let driver = FlowDriver(
            parts, configuration(parts, begun), shared: shared, on: queue, time: time,
            seed: seed &+ UInt64(round))
        state.withLock { state in
            state.looking = driver
            start([driver], in: &state, limits: begun)
        }
        let outcome = await driver.run()
        let progress = driver.progress
        state.withLock { state in
            state.looking = nil
            state.comparison.looks.append(progress)
            state.comparison.looks.rest()
        }
        switch outcome {
        case .completed: return sink.unsettled
        case .stopped: throw Stopped()
        case .failed(let failure): throw failure
        }
    }

    private func findingSink(isLastRound: Bool, on queue: DispatchQueue) -> FindingSink {
        let mending = subject.repaired.map { repaired in
            FindingSink.Mending(
                ConditionalSink(
                    repaired.table, schema: subject.schema,
                    indexes: subject.target.description.definition.globalIndexes.map(\.name),
                    conflict: .isChange, memoryBytes: memory.look.batchBytes, on: queue),
                deletesExtra: repaired.options.deletesExtra)
        }
        return FindingSink(
            mending, isLastRound: isLastRound, isSlow: emitsSlowly,
            on: queue
        ) { [self] finding throws(FlowFailure) in
            state.withLock { state in
                state.comparison.counters.add(finding)
                if finding.isMended { state.repairs.add(finding) }
            }
            try emit(finding)
        }
    }

    private func configuration(_ parts: FlowParts, _ limits: VerifyLimits) -> FlowConfiguration {
        var configuration = parts.configuration(memory.look)
        configuration.read = limits.source
        configuration.readElsewhere = limits.target
        configuration.write = limits.write
        configuration.writesMax = limits.writesMax
        configuration.itemBytesReported = subject.source.description.itemBytes ?? 1_024
        configuration.giveUpAfter = options.giveUpAfter
        configuration.deadLettersMax = subject.repaired?.options.deadLettersMax ?? 0
        return configuration
    }
}

extension FlowDriver {
    /// Of a flow that looks at both sides.
    func setLimits(_ limits: VerifyLimits) {
        setLimits(
            read: limits.source, elsewhere: limits.target, write: limits.write,
            writesMax: limits.writesMax)
    }
}

extension VerifyFinding {
    /// It differs no more.
    fileprivate var isMended: Bool { repair == .written || repair == .deleted }
}
