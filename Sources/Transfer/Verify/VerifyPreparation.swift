import AWS
import Connectors
import DynamoDB
import Flow
import Pacing
import System

/// Everything that comes before the first item is read.
extension VerifyJob {
    /// Looks at all tables, and finds the job or makes it. A table that can't be verified is told
    /// in its verdict, unless it is the only one.
    /// - Parameters:
    ///   - options: one for each table.
    ///   - job: nil keeps nothing: what is interrupted is begun anew.
    ///   - width: tables that are verified at a time; nil: as many as are needed to use what all
    ///     may together.
    ///   - consent: is asked before a table is repaired that may be a source.
    /// - Throws: ``CopyRefusal``, ``JobError``.
    package static func prepare(
        _ options: [VerifyOptions], job jobOptions: JobOptions? = nil, tables: [Pair],
        width: Int? = nil, consent: CopyConsent = { _ in nil },
        note: @escaping @Sendable (String) -> Void = { _ in },
        time: any TimeSource = MonotonicTime(), seed: UInt64, emit: @escaping Emit
    ) async throws -> VerifyJob {
        precondition(options.count == tables.count, "\(options.count) for \(tables.count) tables")
        let locks = try jobOptions.map { jobOptions in
            let isRepair = tables.contains { if case .repaired = $0.target { true } else { false } }
            return try PairLocks(
                tables.map { ($0.source, $0.target.table) }, for: isRepair ? .writing : .comparing,
                in: jobOptions.folder)
        }
        do {
            return try await prepare(
                options, jobOptions, tables, locks, width, consent, note, time, seed, emit)
        } catch {
            locks?.release()
            throw error
        }
    }

    private static func prepare(
        _ options: [VerifyOptions], _ jobOptions: JobOptions?, _ tables: [Pair],
        _ locks: PairLocks?, _ width: Int?, _ consent: CopyConsent,
        _ note: @escaping @Sendable (String) -> Void, _ time: any TimeSource, _ seed: UInt64,
        _ emit: @escaping Emit
    ) async throws -> VerifyJob {
        let looks = try await looks(options, tables)
        let ready = looks.enumerated().compactMap { number, look in
            (try? look.get()).map { (number: number, look: $0) }
        }
        for (_, doubt) in try await SourceGuard(ready.map(\.look)).doubts() {
            guard consent("\(doubt). Repair it?") == true else {
                throw CopyRefusal(
                    "\(doubt): nothing was repaired", hint: "--yes repairs it all the same")
            }
            note(doubt)
        }
        var opened: VerifyOpening.Opened?
        if let jobOptions, !ready.isEmpty {
            var generator = SeededGenerator(seed: seed)
            var opening = VerifyOpening(
                looks: ready.map(\.look), reading: ready.map { options[$0.number] },
                options: jobOptions, time: time, note: note)
            opened = try await opening.run(using: &generator)
            opened?.job.locks = locks
            if let job = opened?.job {
                locks?.keep(job.lock)
                locks?.write(job: job.record.id)
            }
        }
        for table in tables {
            table.source.begin()
            table.target.table.begin()
        }
        let throttle = opened?.job.record.throttle ?? AskedLimits()
        if let limits = throttle.description {
            note("limits of the last jobs throttle hold: \(limits)")
        }
        let options = options.map { $0.throttled(by: throttle) }
        let making = Making(
            options: options, shared: SharedLimits(UnitTotals(options), time: time),
            letters: RepairLetters(), opened: opened,
            store: opened.map { JobStore($0.job, UnitTotals(options), time: time) },
            emit: emit, time: time, seed: seed)
        var prepared: [Int: Table] = [:]
        for (number, look) in looks.enumerated() {
            guard case .failure(let refusal) = look else { continue }
            prepared[number] = .refused(TableVerdict(tables[number], refusal))
        }
        var found = ready.map(\.look)
        if let opened {
            found = opened.looks
        } else {
            found = try await VerifyLook.readFirst(found, ready.map { options[$0.number] }, nil)
        }
        for (place, table) in ready.enumerated() {
            prepared[table.number] = .ready(
                try making.verification(table.number, of: found[place], in: place))
        }
        return VerifyJob(
            tables.indices.map { prepared[$0]! }, options, making.shared, making.letters,
            making.kept(ready.map(\.number)), width: width, note: note, time: time)
    }

    private static func looks(
        _ options: [VerifyOptions], _ tables: [Pair]
    ) async throws -> [Result<VerifyLook, CopyRefusal>] {
        let looks = try await CopyJob.each(Array(zip(options, tables))) {
            options, pair -> Result<VerifyLook, CopyRefusal> in
            do throws(CopyRefusal) {
                return .success(try await VerifyLook(options, pair))
            } catch {
                return .failure(error)
            }
        }
        if case .failure(let refusal)? = looks.first, looks.count == 1 { throw refusal }
        return looks
    }

    /// What the verifications of a job are made of.
    private struct Making {
        let options: [VerifyOptions]
        let shared: SharedLimits
        let letters: RepairLetters
        let opened: VerifyOpening.Opened?
        let store: JobStore?
        let emit: Emit
        let time: any TimeSource
        let seed: UInt64

        /// - Parameters:
        ///   - number: the table's.
        ///   - place: its number in the job: one that is refused is not in it.
        func verification(
            _ number: Int, of look: VerifyLook, in place: Int
        ) throws(CopyRefusal) -> TableVerification {
            let journal = store.map { store in
                VerifyJournal(
                    store, table: place, earlier: opened!.job.tables[place].record.progress)
            }
            var generator = SystemRandomNumberGenerator()
            return try TableVerification(
                options[number], look, options[number].limits, shared: (shared, number),
                from: opened?.states[place] ?? VerifyState(key: DigestKey(using: &generator)),
                journal: journal, emitsSlowly: true,
                emit: { [letters, emit] (finding) throws(FlowFailure) in
                    try letters.keep(finding, of: look.subject)
                    try emit(
                        Finding(
                            table: number, source: look.verdict.source,
                            target: look.verdict.target, item: finding))
                }, time: time, seed: seed &+ UInt64(number))
        }

        /// - Parameter numbers: of the tables that are in the job.
        func kept(_ numbers: [Int]) -> Kept? {
            guard let opened, let store else { return nil }
            return Kept(
                id: opened.job.record.id, runs: opened.job.record.runs, store: store,
                socketPath: opened.job.socketPath,
                numbers: Dictionary(uniqueKeysWithValues: numbers.enumerated().map { ($1, $0) }))
        }
    }
}

extension TableVerdict {
    /// Of a pair that can't be verified.
    fileprivate init(_ pair: VerifyJob.Pair, _ refusal: CopyRefusal) {
        self.init(source: pair.source.name, target: pair.target.table.name)
        outcome = .failed(FlowFailure(refusal))
        progress.stage = .ended
    }
}

extension FlowFailure {
    fileprivate init(_ refusal: CopyRefusal) {
        self.init(
            .giveUp, code: "Refused", message: refusal.message, hint: refusal.hint)
    }
}
