import AWS
import Connectors
import DynamoDB
import Flow
import Jobs
import Pacing
import System

/// Everything that comes before the first item of a verification is read.
package struct VerifyPreparation {
    package typealias Pair = (source: CopySource, target: Target)

    /// What a side is compared with: only a table that is to be repaired can be written.
    package enum Target: Sendable {
        case compared(SourceTable)
        case repaired(TargetTable, RepairOptions)
        case export(ExportedSource)

        var side: ComparedSide {
            switch self {
            case .compared(let table): .table(table)
            case .repaired(let table, _): .table(table)
            case .export(let export): .export(export)
            }
        }

        fileprivate var repair: RepairOptions? {
            if case .repaired(_, let options) = self { options } else { nil }
        }
    }

    /// Receives each item that differs, on one thread at a time for each table.
    package typealias Emit = @Sendable (Finding) throws(FlowFailure) -> Void

    /// An item that differs, and of which table.
    package struct Finding: Sendable {
        package let table: Int
        package let source: String
        package let target: String
        package let item: VerifyFinding
    }

    private let options: [VerifyOptions]
    private let tables: [Pair]
    private let policy: Job.Policy
    private let consent: CopyConsent
    private let note: @Sendable (String) -> Void
    private let time: any TimeSource
    private let seed: UInt64
    private let emit: Emit

    /// Looks at all tables, and finds the job or makes it. A table that can't be verified is
    /// reported in its status; if it is the only one, that is thrown.
    /// - Parameters:
    ///   - options: one for each table.
    ///   - job: nil keeps nothing: what is interrupted is begun anew.
    ///   - consent: is asked before a table is repaired that may be a source.
    /// - Throws: ``CopyRefusal``, ``JobError``.
    package static func prepare(
        _ options: [VerifyOptions], job jobOptions: JobOptions? = nil, tables: [Pair],
        policy: Job.Policy = Job.Policy(), consent: @escaping CopyConsent = { _ in nil },
        note: @escaping @Sendable (String) -> Void = { _ in },
        time: any TimeSource = MonotonicTime(), seed: UInt64, emit: @escaping Emit
    ) async throws -> Job {
        precondition(options.count == tables.count, "\(options.count) for \(tables.count) tables")
        let preparation = VerifyPreparation(
            options: options, tables: tables, policy: policy, consent: consent, note: note,
            time: time, seed: seed, emit: emit)
        let isRepair = tables.contains { $0.target.repair != nil }
        var locks: PairLocks?
        if let jobOptions {
            locks = try await PairLocks.take(
                tables.map { PairLocks.Pair(ComparedSide($0.source), $0.target.side) },
                for: isRepair ? .writing : .comparing,
                in: jobOptions.folder)
        }
        do {
            return try await preparation.job(jobOptions, locks)
        } catch {
            locks?.release()
            throw error
        }
    }

    private func job(_ jobOptions: JobOptions?, _ locks: PairLocks?) async throws -> Job {
        let looked = try await looks()
        let numbers = tables.indices.filter { (try? looked[$0].get()) != nil }
        var looks = try numbers.map { try looked[$0].get() }
        try await checkConsent(looks)
        var open: OpenJob?
        if let jobOptions, !looks.isEmpty {
            var generator = SeededGenerator(seed: seed)
            var opening = VerifyOpening(
                looks: looks, reading: numbers.map { options[$0] }, options: jobOptions,
                time: time, note: note)
            var job = try await opening.run(using: &generator)
            looks = opening.looks
            job.locks = locks
            locks?.keep(job)
            open = job
        } else {
            looks = try await VerifyLook.readFirst(looks, numbers.map { options[$0] }, nil)
        }
        for table in tables {
            table.source.begin()
            table.target.side.table?.begin()
        }
        if let limits = open?.record.throttle.description {
            note("limits of the last jobs throttle hold: \(limits)")
        }
        return try make(looked, looks, open)
    }

    private func looks() async throws -> [Result<VerifyLook, CopyRefusal>] {
        let looks = try await AtOnce.map(Array(zip(options, tables))) {
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

    private func checkConsent(_ looks: [VerifyLook]) async throws {
        for (_, doubt) in try await SourceGuard(looks).doubts() {
            guard consent("\(doubt). Repair it?") == true else {
                throw CopyRefusal(
                    "\(doubt): nothing was repaired", hint: "--yes repairs it all the same")
            }
            note(doubt)
        }
    }

    /// The job itself: nothing stands in its way.
    /// - Parameters:
    ///   - looked: of each table.
    ///   - looks: of those that can be verified, in the same order, with what was read since.
    private func make(
        _ looked: [Result<VerifyLook, CopyRefusal>], _ looks: [VerifyLook], _ open: OpenJob?
    ) throws -> Job {
        let asked = options[0].limits
        let run = open.map { Job.Run($0) } ?? Job.Run(kind: .verify)
        let totals = asked.updated(by: run.throttle).totals
        let shared = SharedLimits(totals, time: time)
        let scratchFolder = options[0].scratchFolder
        let keeper =
            open.map { JobKeeper($0, totals, scratchFolder: scratchFolder, time: time) }
            ?? JobKeeper(
                tables: looks.count, totals, scratchFolder: scratchFolder, time: time)
        var all: [Job.Table] = []
        var place = 0
        for (number, look) in looked.enumerated() {
            if case .failure(let refusal) = look {
                let (source, target) = (tables[number].source, tables[number].target.side)
                let task = RefusedTask(source: source.name, target: target.name, refusal)
                all.append(Job.Table(task: task))
                continue
            }
            let orders = JobOrders(throttle: run.throttle)
            let task = try verification(
                number, looks[place], orders, shared, keeper, place: place)
            all.append(
                Job.Table(
                    task: task, place: place,
                    bytes: looks[place].subject.source.description.sizeBytes,
                    deadLettersPath: tables[number].target.repair?.deadLettersPath))
            place += 1
        }
        return Job(
            run, all, keeper, policy, shared: shared, asked: asked, note: note, time: time)
    }

    /// - Parameters:
    ///   - number: the table's.
    ///   - place: its number in the job's store.
    private func verification(
        _ number: Int, _ look: VerifyLook, _ orders: JobOrders, _ shared: SharedLimits,
        _ keeper: JobKeeper, place: Int
    ) throws -> TableVerification {
        let earlier = try keeper.verifyState(ofTable: place) ?? keeper.beginVerify(table: place)
        let names = look.status
        return try TableVerification(
            options[number], look, orders, shared: (shared, number), from: earlier,
            journal: VerifyJournal(keeper: keeper, table: place), emitsSlowly: true,
            emit: { [emit] (finding) throws(FlowFailure) in
                try emit(
                    Finding(
                        table: number, source: names.source, target: names.target, item: finding))
            }, time: time, seed: seed &+ UInt64(number))
    }
}
