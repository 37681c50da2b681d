import AWS
import Connectors
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Pacing
import System

/// What comes after the passes: items that differ are read by their keys on both sides, and
/// repaired.
extension TableVerification {
    /// How often an item that keeps changing is looked at.
    private static let rounds = 3

    /// Reads what differs by its keys, and repairs it when that was asked for.
    /// - Parameter superseded: lines of files that don't count.
    func look(_ difference: PassDifference, but superseded: Set<LinePlace>) async throws {
        enter(subject.repaired == nil ? .looking : .repairing)
        let runs = difference.spill.runs
        state.withLock { $0.comparison.runsSpilled = runs }
        var merge = try CauseMerge(difference)
        let trustsAbsence = subject.repaired != nil
        var unsettled = try await look(
            round: 1, but: superseded,
            PairFeed { () throws(FlowFailure) in
                try merge.next().map { AskedPair($0, trustsAbsence: trustsAbsence) }
            })
        for round in 2...Self.rounds where !unsettled.isEmpty {
            unsettled = try await look(round: round, but: superseded, PairFeed(unsettled))
        }
    }

    /// Reports what differs as the passes have found it, by the keys that items are compared by.
    func tell(_ difference: PassDifference) async throws {
        enter(.looking)
        let runs = difference.spill.runs
        state.withLock { $0.comparison.runsSpilled = runs }
        // A disk may be slow.
        try await OwnThread.run { [self] in
            Result { () throws(FlowFailure) in
                var merge = try CauseMerge(difference)
                while let found = try merge.next() {
                    let kind: VerifyFinding.Kind =
                        found.source == nil
                        ? .onlyInTarget : found.target == nil ? .onlyInSource : .different
                    let finding = VerifyFinding(kind: kind, key: found.key)
                    state.withLock { $0.comparison.counters.add(finding) }
                    try emit(finding)
                }
            }
        }.get()
    }

    /// - Returns: what has to be looked at once more.
    private func look(
        round: Int, but superseded: Set<LinePlace>, _ feed: PairFeed
    ) async throws -> [AskedPair] {
        guard let side = fileSide else {
            return try await look(round: round) { queue in
                PairSource(
                    subject.source.place.table, subject.target.place.table, comparison, on: queue
                ) { () throws(FlowFailure) in try feed.next() }
            }
        }
        return try await look(round: round, feed, filesOn: side, but: superseded)
    }

    /// The side that is files; nil: both are tables.
    private var fileSide: WantedKeys.FileSide? {
        if subject.source.place.export != nil { return .source }
        return subject.target.place.export == nil ? nil : .target
    }

    private var comparison: PairComparison {
        PairComparison(
            schema: subject.schema, key: digestKey,
            expiry: (subject.source.expiry, subject.target.expiry),
            now: Int(clamping: time.secondsSinceEpoch), transform: options.transform)
    }

    /// Files can't be asked for a key. They are read as often as it takes, each time for as many
    /// items as memory has room to want; what they do not have is looked up in the table alone.
    private func look(
        round: Int, _ feed: PairFeed, filesOn side: WantedKeys.FileSide,
        but superseded: Set<LinePlace>
    ) async throws -> [AskedPair] {
        let (export, table) =
            side == .source
            ? (subject.source.place.export, subject.target.place.table)
            : (subject.target.place.export, subject.source.place.table)
        guard let export, let table else {
            throw FlowFailure(
                .giveUp, code: "TwoExports", message: "two exports can't be compared by keys")
        }
        var unsettled: [AskedPair] = []
        // Half is for what the feed holds.
        let room = memory.keyBytes / 4
        var wanted = WantedKeys(on: side, bytesMax: room)
        while true {
            let taken = try await take(from: feed, into: wanted, aloneMax: room / Self.bytesOfPair)
            wanted = taken.keys
            if !taken.alone.isEmpty {
                let alone = PairFeed(taken.alone)
                unsettled += try await look(round: round) { queue in
                    PairSource(
                        side == .source ? nil : table, side == .source ? table : nil, comparison,
                        on: queue
                    ) { () throws(FlowFailure) in try alone.next() }
                }
            }
            // Files are read only for as many as there is room for.
            guard taken.isLast || wanted.isFull else { continue }
            if !wanted.isEmpty {
                unsettled += try await look(
                    round: round, at: wanted, in: export, but: superseded, table)
                wanted = WantedKeys(on: side, bytesMax: room)
            }
            if taken.isLast { return unsettled }
        }
    }

    /// Reads all files for some keys that they had when they were read before.
    private func look(
        round: Int, at wanted: WantedKeys, in export: ExportedSource,
        but superseded: Set<LinePlace>, _ table: any ReadableTable
    ) async throws -> [AskedPair] {
        let source = Locked<FilePairSource?>(nil)
        var keys = wanted
        keys.sort()
        let unsettled = try await look(round: round, reading: export) { [keys] queue in
            let made = FilePairSource(
                export.source(schema: subject.schema, for: .comparing, on: queue), keys,
                but: superseded, table, comparison, on: queue)
            source.withLock { $0 = made }
            return made
        }
        let found = source.withLock { $0?.found } ?? 0
        guard found >= keys.count else {
            throw FlowFailure(
                .giveUp, code: "FilesChanged",
                message: (keys.count - found).counted("item is", "items are")
                    + " no longer in \(export.title): files were changed while they were compared",
                hint: "run the same command again once nobody changes them")
        }
        return unsettled
    }

    /// As many of the feed as there is room for: those that the files have, and those that the
    /// table alone has.
    /// - Parameter keys: that are wanted already.
    private func take(
        from feed: PairFeed, into keys: WantedKeys, aloneMax: Int
    ) async throws -> (keys: WantedKeys, alone: [AskedPair], isLast: Bool) {
        // A disk may be slow.
        try await OwnThread.run {
            Result { () throws(FlowFailure) in
                var keys = keys
                var alone: [AskedPair] = []
                while !keys.isFull, alone.count < max(1, aloneMax) {
                    guard let asked = try feed.next() else { return (keys, alone, true) }
                    let difference = asked.difference
                    let there = keys.side == .source ? difference.source : difference.target
                    if there == nil { alone.append(asked) } else { keys.add(asked) }
                }
                return (keys, alone, false)
            }
        }.get()
    }

    /// What a pair and its key take in memory, about.
    private static let bytesOfPair = 1_024

    /// - Returns: what has to be looked at once more.
    /// - Parameter export: files that the source reads; nil: it reads none.
    private func look(
        round: Int, reading export: ExportedSource? = nil,
        at source: (DispatchQueue) -> any PageSource
    ) async throws -> [AskedPair] {
        let begun = state.withLock { $0.limits }
        let queue = HTTPEngine.queue("verify.look", lane: shared.number)
        let sink = findingSink(isLastRound: round == Self.rounds, on: queue)
        var parts = FlowParts(source(queue), to: sink)
        if subject.repaired != nil {
            parts.journal = journal.part(of: self) { [self] entry throws(JobError) in
                TableSave(
                    letters: try DeadLetter.all(of: entry, schema: subject.schema),
                    repairs: state.withLock { $0.repairs })
            }
        }
        let driver = FlowDriver(
            parts, configuration(parts, begun, export), shared: shared, on: queue, time: time,
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
            FindingSink.RepairPlan(
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

    private func configuration(
        _ parts: FlowParts, _ limits: VerifyLimits, _ export: ExportedSource?
    ) -> FlowConfiguration {
        let openMax = export?.openMax(of: memory.look.pageBytes)
        let readersBytes = (openMax ?? 0) * (export?.memoryOfFile ?? 0)
        var configuration = parts.configuration(
            MemoryBudget(
                pageBytes: max(
                    memory.look.pageBytes - readersBytes, MemoryBudget.pairMin.pageBytes),
                batchBytes: memory.look.batchBytes))
        if let openMax { configuration.openMax = openMax }
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

/// Pairs to be looked at, one after the other.
private final class PairFeed: @unchecked Sendable {
    // @unchecked: one thread at a time asks for the next, after the one before has it.
    private let take: PairSource.Feed

    init(_ take: @escaping PairSource.Feed) { self.take = take }

    convenience init(_ pairs: [AskedPair]) {
        var left = pairs[...]
        self.init { left.popFirst() }
    }

    func next() throws(FlowFailure) -> AskedPair? { try take() }
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
