import AWS
import Connectors
import DynamoDB
import Flow
import Pacing
import System

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
    package typealias Emit = @Sendable (Finding) throws(FlowFailure) -> Void

    /// An item that differs, and of which table.
    package struct Finding: Sendable {
        package let table: Int
        package let source: String
        package let target: String
        package let item: VerifyFinding
    }

    private let width: Int
    private let tables: [Table]
    private let shared: SharedLimits
    private let letters: RepairLetters
    private let kept: Kept?
    let note: @Sendable (String) -> Void
    private let state: Locked<State>
    private let started: Instant
    private let time: any TimeSource

    enum Table: Sendable {
        case ready(TableVerification)
        /// It can't be verified.
        case refused(TableVerdict)
    }

    /// Where it is kept how far it has come.
    struct Kept: Sendable {
        let id: String
        let runs: Int
        let store: JobStore
        let socketPath: String
        /// Of the table's number here, that in the job: one that is refused is not in it.
        let numbers: [Int: Int]
    }

    private struct State {
        /// Of each table.
        var options: [VerifyOptions]
        var next = 0
        var isStopping = false
    }

    /// Tables that are verified at a time unless the user says how many.
    package static let widthUsual = 2

    init(
        _ tables: [Table], _ options: [VerifyOptions], _ shared: SharedLimits,
        _ letters: RepairLetters, _ kept: Kept?, width: Int?,
        note: @escaping @Sendable (String) -> Void, time: any TimeSource
    ) {
        self.tables = tables
        self.letters = letters
        self.kept = kept
        self.shared = shared
        self.width = width ?? Self.width(of: tables, options)
        self.note = note
        self.time = time
        started = time.now
        state = Locked(State(options: options))
    }

    /// So many that they could use what all may read and write together.
    private static func width(of tables: [Table], _ options: [VerifyOptions]) -> Int {
        let limits = tables.compactMap { table in
            if case .ready(let verification) = table { verification.limits.units } else { nil }
        }
        return UnitTotals(options).width(of: limits, usual: widthUsual)
    }

    /// Verifies all tables; returns when they are, or the job was stopped.
    package func run() async -> VerifyReport {
        let control = kept.flatMap { listen(on: $0.socketPath, id: $0.id, $0.store) }
        if let text = totals.description { note(text) }
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

    /// Limits over all tables that hold now.
    package var totals: UnitTotals { UnitTotals(state.withLock { $0.options }) }

    /// Sets limits from now on, for this process and those that go on with the job.
    /// - Throws: ``JobError`` for a percentage of nothing, or when it can't be kept.
    func throttle(_ asked: AskedLimits) throws(JobError) {
        let options = state.withLock { $0.options.map { $0.throttled(by: asked) } }
        var changes: [() -> Void] = []
        do throws(CopyRefusal) {
            for case (.ready(let verification), let options) in zip(tables, options) {
                changes.append(try verification.limiting(by: options.limits))
            }
        } catch {
            throw JobError(error.message, hint: error.hint)
        }
        try kept?.store.addThrottle(asked)
        let totals = UnitTotals(options)
        shared.set(totals)
        kept?.store.setTotals(totals)
        state.withLock { $0.options = options }
        for change in changes { change() }
        if let text = asked.description { note("limits from now on: \(text)") }
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

extension UnitTotals {
    /// - Parameter options: of each table; limits of all are the same in every one.
    init(_ options: [VerifyOptions]) {
        self = options.first?.limits.totals ?? UnitTotals()
    }
}
