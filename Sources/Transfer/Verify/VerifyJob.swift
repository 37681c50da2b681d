import AWS
import DynamoDB
import Pacing

/// One table or many, verified some at a time. Nothing is written but in targets that are to be
/// repaired. Any thread may call its methods.
package final class VerifyJob: Sendable {
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
    private let state: Locked<State>
    private let started: Instant
    private let time: any TimeSource

    private enum Table: Sendable {
        case ready(TableVerification)
        /// It can't be verified.
        case refused(TableVerdict)
    }

    private struct State {
        var next = 0
        var isStopping = false
    }

    private init(
        _ tables: [Table], _ letters: DeadLetterFiles, width: Int, time: any TimeSource
    ) {
        self.tables = tables
        self.letters = letters
        self.width = width
        self.time = time
        started = time.now
        state = Locked(State())
    }

    /// Looks at all tables. One that can't be verified is told in its verdict, unless it is the
    /// only one.
    /// - Parameter options: one for each table.
    /// - Throws: ``CopyRefusal``.
    package static func prepare(
        _ options: [VerifyOptions], tables: [Pair], width: Int,
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
        try VerifyLook.checkSources(looks.compactMap { try? $0.get() })
        var prepared: [Table] = []
        let letters = DeadLetterFiles()
        for (number, look) in looks.enumerated() {
            switch look {
            case .failure(let refusal):
                if tables.count == 1 { throw refusal }
                let (source, target) = tables[number]
                var verdict = TableVerdict(source: source.name, target: target.table.name)
                verdict.outcome = .failed(CopyFailure(refusal))
                verdict.progress.stage = .ended
                prepared.append(.refused(verdict))
            case .success(let look):
                prepared.append(
                    .ready(
                        TableVerification(
                            options[number], look.subject, memory: look.memory,
                            verdict: look.verdict,
                            emit: { (finding) throws(CopyFailure) in
                                try letters.keep(finding, of: look.subject)
                                try emit(
                                    Finding(
                                        table: number, source: look.verdict.source,
                                        target: look.verdict.target, item: finding))
                            }, time: time, seed: seed &+ UInt64(number))))
            }
        }
        return VerifyJob(prepared, letters, width: width, time: time)
    }

    /// Verifies all tables; returns when they are, or the job was stopped.
    package func run() async -> VerifyReport {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, min(width, tables.count)) {
                group.addTask { await self.verifyTables() }
            }
        }
        return VerifyReport(verdicts: verdicts, deadLettersPaths: letters.paths)
    }

    private func verifyTables() async {
        while let table = takeNext() {
            guard case .ready(let verification) = table else { continue }
            _ = await verification.run()
        }
    }

    private func takeNext() -> Table? {
        state.withLock { state in
            guard !state.isStopping, state.next < tables.count else { return nil }
            state.next += 1
            return tables[state.next - 1]
        }
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

extension CopyFailure {
    fileprivate init(_ refusal: CopyRefusal) {
        self.init(
            .remedy(.giveUp), code: "Refused", message: refusal.message, hint: refusal.hint)
    }
}
