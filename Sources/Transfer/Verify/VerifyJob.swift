import AWS
import DynamoDB
import DynamoModel
import Pacing

/// One table or many, verified some at a time. Nothing is written. Any thread may call its methods.
package final class VerifyJob: Sendable {
    package typealias Pair = (source: SourceTable, target: SourceTable)

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

    private init(_ tables: [Table], width: Int, time: any TimeSource) {
        self.tables = tables
        self.width = width
        self.time = time
        started = time.now
        state = Locked(State())
    }

    /// Looks at all tables. One that can't be verified is told in its verdict, unless it is the
    /// only one.
    /// - Throws: ``CopyRefusal``.
    package static func prepare(
        _ options: VerifyOptions, tables: [Pair], width: Int,
        time: any TimeSource = MonotonicTime(), seed: UInt64, emit: @escaping Emit
    ) async throws -> VerifyJob {
        guard let memory = VerifyMemory(total: options.memory) else {
            let least = (VerifyMemory.totalMin + (1 << 20) - 1) >> 20
            throw CopyRefusal(
                "--memory: \(options.memory) bytes do not hold an item of 400 KB of each side",
                hint: "give at least \(least)MiB")
        }
        let looks = try await CopyJob.each(tables) { pair -> Result<Look, CopyRefusal> in
            do throws(CopyRefusal) {
                return .success(try await Look(options, pair))
            } catch {
                return .failure(error)
            }
        }
        var prepared: [Table] = []
        for (number, look) in looks.enumerated() {
            let (source, target) = tables[number]
            switch look {
            case .failure(let refusal):
                if tables.count == 1 { throw refusal }
                var verdict = TableVerdict(source: source.name, target: target.name)
                verdict.outcome = .failed(CopyFailure(refusal))
                verdict.progress.stage = .ended
                prepared.append(.refused(verdict))
            case .success(let look):
                prepared.append(
                    .ready(
                        TableVerification(
                            options, look.subject, memory: memory, verdict: look.verdict,
                            emit: { (finding) throws(CopyFailure) in
                                try emit(
                                    Finding(
                                        table: number, source: look.verdict.source,
                                        target: look.verdict.target, item: finding))
                            }, time: time, seed: seed &+ UInt64(number))))
            }
        }
        return VerifyJob(prepared, width: width, time: time)
    }

    /// Verifies all tables; returns when they are, or the job was stopped.
    package func run() async -> [TableVerdict] {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, min(width, tables.count)) {
                group.addTask { await self.verifyTables() }
            }
        }
        return verdicts
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

/// What there is to a pair of tables before any item is read.
private struct Look: Sendable {
    let subject: TableVerification.Subject
    let verdict: TableVerdict

    init(_ options: VerifyOptions, _ pair: VerifyJob.Pair) async throws(CopyRefusal) {
        async let left = Self.describe(pair.source, "source")
        async let right = Self.describe(pair.target, "target")
        let (source, target): (TableDescription, TableDescription)
        do {
            (source, target) = (try await left, try await right)
        } catch {
            throw error as? CopyRefusal ?? CopyRefusal("\(error)")
        }
        guard source.schema == target.schema else {
            throw CopyRefusal(
                "the keys differ: \(source.definition.name) has \(source.schema),"
                    + " \(target.definition.name) has \(target.schema)",
                hint: "items without a common key can't be compared")
        }
        var verdict = TableVerdict(source: source.definition.name, target: target.definition.name)
        verdict.schemaDifferences =
            SchemaComparison(source.definition, target.definition).differences
        let expiry = (
            source: await Self.expiry(pair.source, "source", &verdict),
            target: await Self.expiry(pair.target, "target", &verdict)
        )
        let segments =
            options.segments
            ?? Self.segments(forBytes: max(source.sizeBytes, target.sizeBytes), options.mode)
        verdict.progress.segments = segments
        self.verdict = verdict
        subject = TableVerification.Subject(
            source: .init(
                table: pair.source, description: source,
                limit: try ReadLimit(options.sourceUnits, of: source.definition),
                expiry: expiry.source),
            target: .init(
                table: pair.target, description: target,
                limit: try ReadLimit(options.targetUnits, of: target.definition),
                expiry: expiry.target),
            segments: segments)
    }

    /// Segments of a sample must be many enough that some tens are drawn.
    private static func segments(forBytes bytes: Int, _ mode: VerifyOptions.Mode) -> Int {
        let usual = CopyOptions.segments(forBytes: bytes)
        guard case .sample(let share) = mode else { return usual }
        var segments = usual
        while Double(segments) * share < 64, segments < 1 << 19 { segments *= 2 }
        return segments
    }

    private static func describe(
        _ table: SourceTable, _ side: String
    ) async throws(CopyRefusal) -> TableDescription {
        let place = "\(table.reader.endpoint.url) (\(table.reader.endpoint.region))"
        do {
            guard let found = try await table.describeIfExists() else {
                throw CopyRefusal(
                    "there is no \(side) table \(table.name) at \(place)",
                    hint: "check its name, the region and the account")
            }
            guard found.status == "ACTIVE" || found.status == "UPDATING" else {
                throw CopyRefusal(
                    "the \(side) table \(table.name) is \(found.status)",
                    hint: "wait until it is ACTIVE")
            }
            return found
        } catch let refusal as CopyRefusal {
            throw refusal
        } catch let error as AWSError {
            throw CopyRefusal(error, side: side, table.reader.endpoint)
        } catch {
            throw CopyRefusal(
                "the \(side) \(table.name): \(error)",
                hint: "is \(table.reader.endpoint.url) a DynamoDB endpoint?")
        }
    }

    /// Without it items that are past their time to live count as differences, no more.
    private static func expiry(
        _ table: SourceTable, _ side: String, _ verdict: inout TableVerdict
    ) async -> String? {
        do throws(AWSError) {
            return try await table.timeToLive()
        } catch {
            verdict.notes.append(
                "the time to live of the \(side) could not be read (\(error.code)): items that"
                    + " expired on one side only count as differences")
            return nil
        }
    }
}

extension CopyFailure {
    fileprivate init(_ refusal: CopyRefusal) {
        self.init(
            .remedy(.giveUp), code: "Refused", message: refusal.message, hint: refusal.hint)
    }
}
