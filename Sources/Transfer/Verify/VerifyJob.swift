import AWS
import DynamoDB
import Engine
import Pacing

/// One table or many, verified some at a time. Nothing is written but in targets that are to be
/// repaired. Any thread may call its methods.
package final class VerifyJob: CommandedJob {
    package typealias Pair = (source: SourceTable, target: Target)

    /// What a table is compared with: only one that is to be repaired can be written.
    package enum Target: Sendable {
        case compared(SourceTable)
        case repaired(TargetTable, RepairOptions)
    }

    /// Is told of each item that differs, by one thread at a time for each table.
    package typealias Emit = @Sendable (Finding) throws(CopyFailure) -> Void

    /// An item that differs, and of which table.
    package struct Finding: Sendable {
        package let table: Int
        package let source: String
        package let target: String
        package let item: VerifyFinding
    }

    /// Tables that are verified at a time.
    private let width: Int
    private let tables: [Table]
    private let letters: DeadLetterFiles
    private let kept: Kept?
    let note: @Sendable (String) -> Void
    private let state: Locked<State>
    private let started: Instant
    private let time: any TimeSource

    private enum Table: Sendable {
        case ready(TableVerification)
        /// It can't be verified.
        case refused(TableVerdict)
    }

    /// Where it is kept how far it has come.
    private struct Kept: Sendable {
        let id: String
        let runs: Int
        let store: JobStore
        let socketPath: String
        /// Of the table's number here, that in the job: one that is refused is not in it.
        let numbers: [Int: Int]
    }

    private struct State {
        var next = 0
        var isStopping = false
    }

    private init(
        _ tables: [Table], _ letters: DeadLetterFiles, _ kept: Kept?, width: Int,
        note: @escaping @Sendable (String) -> Void, time: any TimeSource
    ) {
        self.tables = tables
        self.letters = letters
        self.kept = kept
        self.width = width
        self.note = note
        self.time = time
        started = time.now
        state = Locked(State())
    }

    /// Looks at all tables, and finds the job or makes it. A table that can't be verified is told
    /// in its verdict, unless it is the only one.
    /// - Parameters:
    ///   - options: one for each table.
    ///   - job: nil keeps nothing: what is interrupted is begun anew.
    /// - Throws: ``CopyRefusal``, ``JobError``.
    package static func prepare(
        _ options: [VerifyOptions], job jobOptions: JobOptions? = nil, tables: [Pair], width: Int,
        note: @escaping @Sendable (String) -> Void = { _ in },
        time: any TimeSource = MonotonicTime(), seed: UInt64, emit: @escaping Emit
    ) async throws -> VerifyJob {
        precondition(options.count == tables.count, "\(options.count) for \(tables.count) tables")
        let looks = try await CopyJob.each(Array(zip(options, tables))) {
            options, pair -> Result<VerifyLook, CopyRefusal> in
            do throws(CopyRefusal) {
                return .success(try await VerifyLook(options, pair))
            } catch {
                return .failure(error)
            }
        }
        if case .failure(let refusal)? = looks.first, looks.count == 1 { throw refusal }
        let ready = looks.enumerated().compactMap { number, look in
            (try? look.get()).map { (number: number, look: $0) }
        }
        try VerifyLook.checkSources(ready.map(\.look))
        var opened: VerifyOpening.Opened?
        if let jobOptions, !ready.isEmpty {
            var generator = SeededGenerator(seed: seed)
            opened = try VerifyOpening(
                looks: ready.map(\.look), mode: options[0].mode, options: jobOptions, time: time,
                note: note
            ).run(using: &generator)
        }
        let store = opened.map { JobStore($0.job, CopyJob.Totals([]), time: time) }
        let letters = DeadLetterFiles()
        var prepared: [Int: Table] = [:]
        for (number, look) in looks.enumerated() {
            guard case .failure(let refusal) = look else { continue }
            prepared[number] = .refused(TableVerdict(tables[number], refusal))
        }
        for (place, table) in ready.enumerated() {
            let journal = store.map { store in
                VerifyJournal(
                    store, table: place, earlier: opened!.job.tables[place].record.progress)
            }
            var generator = SystemRandomNumberGenerator()
            let (look, number) = (table.look, table.number)
            prepared[number] = .ready(
                TableVerification(
                    options[number], look,
                    from: opened?.states[place] ?? VerifyState(key: DigestKey(using: &generator)),
                    journal: journal,
                    emit: { (finding) throws(CopyFailure) in
                        try letters.keep(finding, of: look.subject)
                        try emit(
                            Finding(
                                table: number, source: look.verdict.source,
                                target: look.verdict.target, item: finding))
                    }, time: time, seed: seed &+ UInt64(number)))
        }
        let kept = opened.map { opened in
            Kept(
                id: opened.job.record.id, runs: opened.job.record.runs, store: store!,
                socketPath: opened.job.socketPath,
                numbers: Dictionary(
                    uniqueKeysWithValues: ready.enumerated().map { ($1.number, $0) }))
        }
        return VerifyJob(
            tables.indices.map { prepared[$0]! }, letters, kept, width: width, note: note,
            time: time)
    }

    /// Verifies all tables; returns when they are, or the job was stopped.
    package func run() async -> VerifyReport {
        let control = kept.flatMap { listen(on: $0.socketPath, id: $0.id, $0.store) }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, min(width, tables.count)) {
                group.addTask { await self.verifyTables() }
            }
        }
        control?.stop()
        let verdicts = verdicts
        end(verdicts)
        return VerifyReport(
            verdicts: verdicts, deadLettersPaths: letters.paths, jobID: kept?.id,
            runs: kept?.runs ?? 1)
    }

    private func verifyTables() async {
        while let number = takeNext() {
            guard case .ready(let verification) = tables[number] else { continue }
            ended(number, await verification.run())
        }
    }

    private func takeNext() -> Int? {
        state.withLock { state in
            guard !state.isStopping, state.next < tables.count else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    // MARK: The job

    private func ended(_ number: Int, _ verdict: TableVerdict) {
        guard let kept, let place = kept.numbers[number] else { return }
        var failure: String?
        if case .failed(let reason) = verdict.outcome { failure = reason.message }
        attempt { () throws(JobError) in
            try kept.store.setEnded(
                table: place, isFinished: verdict.isConclusive, failure: failure)
        }
    }

    private func end(_ verdicts: [TableVerdict]) {
        guard let kept else { return }
        let mine = verdicts.enumerated().filter { kept.numbers[$0.offset] != nil }.map(\.element)
        let failure = mine.lazy.compactMap { verdict -> String? in
            if case .failed(let failure) = verdict.outcome { failure.message } else { nil }
        }.first
        attempt { () throws(JobError) in
            if let failure {
                try kept.store.end(.failed, reason: failure)
            } else {
                try kept.store.end(mine.allSatisfy(\.isConclusive) ? .finished : .stopped)
            }
        }
    }

    private func attempt(_ body: () throws(JobError) -> Void) {
        do throws(JobError) {
            try body()
        } catch {
            note("\(error.message); the job's last state is not kept")
        }
    }

    func throttle(_: JobThrottle) throws(JobError) {
        throw JobError(
            "the limits of a verification can't be changed while it runs",
            hint: "stop it, and run its command with other limits: it goes on")
    }

    func holdTables(_ paused: Bool) {
        for case .ready(let verification) in tables { verification.setPaused(paused) }
    }

    /// Asks for an orderly end.
    package func stop() {
        state.withLock { $0.isStopping = true }
        for case .ready(let verification) in tables { verification.stop() }
    }

    /// Where each table stands, in the order that they were given in.
    package var verdicts: [TableVerdict] {
        tables.map { table in
            switch table {
            case .ready(let verification): verification.verdict
            case .refused(let verdict): verdict
            }
        }
    }

    /// Since the job began.
    package var elapsed: Duration { time.now - started }
}

extension VerifyJob.Target {
    var table: any ReadableTable {
        switch self {
        case .compared(let table): table
        case .repaired(let table, _): table
        }
    }
}

/// The files of what targets have refused: those of one name are one.
private final class DeadLetterFiles: Sendable {
    private let files = Locked<[(wanted: String, file: DeadLetterFile)]>([])

    func keep(
        _ finding: VerifyFinding, of subject: TableVerification.Subject
    ) throws(CopyFailure) {
        guard case .refused(let letter) = finding.repair else { return }
        let table = subject.target.description.definition.name
        let wanted =
            subject.repaired?.options.deadLettersPath ?? DeadLetterFile.defaultPath(table: table)
        try files.withLock { (files) throws(CopyFailure) in
            let known = files.first { $0.wanted == wanted }?.file
            let file = known ?? DeadLetterFile(path: wanted)
            if known == nil { files.append((wanted, file)) }
            try file.append(letter, table: table)
            try file.sync()
        }
    }

    var paths: [String] { files.withLock { $0.compactMap(\.file.path) } }
}

extension TableVerdict {
    /// Of a pair that can't be verified.
    fileprivate init(_ pair: VerifyJob.Pair, _ refusal: CopyRefusal) {
        self.init(source: pair.source.name, target: pair.target.table.name)
        outcome = .failed(CopyFailure(refusal))
        progress.stage = .ended
    }
}

extension CopyFailure {
    fileprivate init(_ refusal: CopyRefusal) {
        self.init(
            .remedy(.giveUp), code: "Refused", message: refusal.message, hint: refusal.hint)
    }
}
