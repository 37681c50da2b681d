import AWS
import Arguments
import CommandLine
import Dispatch
import DynamoDB
import Flow
import JSON
import Jobs
import Pacing
import Schema
import Status
import System
import Transfer

/// A job by the engine, as commands want to see it.
final class EngineJob: RunningJob, @unchecked Sendable {
    // @unchecked: `end` is written before the semaphore is signalled, read after it was waited for.
    private let job: Job
    private var end: JobStatus?
    private let semaphore = DispatchSemaphore(value: 0)

    init(_ job: Job) {
        self.job = job
        Task { [self] in
            end = await job.run()
            semaphore.signal()
        }
    }

    var status: JobStatus { job.status }

    func stop() { job.stop() }

    func wait() -> JobStatus {
        semaphore.wait()
        semaphore.signal()
        return end!
    }
}

/// A copy by the engine.
enum EngineCopy {
    /// Resolves both sides, passes every refusal, creates the target when there is none, and lets
    /// the items move. Blocks until they do; call it on a thread that may wait.
    static func start(
        _ arguments: CopyArguments, _ voice: JobConsole, environment: [String: String]
    ) throws -> any RunningJob {
        if let via = arguments.native.via {
            return try EngineVia(
                arguments: arguments, via: via, voice: voice, environment: environment
            ).start()
        }
        return EngineJob(
            try Blocking.run { try await job(arguments, voice, environment: environment) })
    }

    static func job(
        _ arguments: CopyArguments, _ voice: JobConsole, environment: [String: String]
    ) async throws -> Job {
        try await CommandFailure.wrapping {
            if arguments.filesSide == .target {
                return try await EngineFiles.export(arguments, voice, environment: environment)
            }
            var job = try jobOptions(arguments, environment)
            job.maxCost = try maxCost(arguments)
            job.keepsNothing = arguments.selection.contains { $0.source.kind == .stream }
            let tables = try await intoTables(arguments, environment, voice, &job)
            return try await CopyPreparation.prepare(
                try options(of: tables, arguments, environment), job: job, tables: tables,
                policy: policy(arguments),
                consent: { arguments.yes ? true : TerminalQuestion.ask($0) },
                note: { voice.note($0) }, willWrite: voice.willWrite, seed: anySeed())
        }
    }

    /// What is copied into tables, from others or from files.
    static func intoTables(
        _ arguments: CopyArguments, _ environment: [String: String], _ voice: JobConsole,
        _ job: inout JobOptions
    ) async throws -> [CopyPreparation.Pair] {
        if arguments.filesSide == .source {
            let sides = try Sides(
                arguments, environment: environment,
                uses: arguments.usesBuckets ? .both : .target)
            return try await EngineFiles.tables(arguments, sides, voice, jobs: job.folder)
        }
        let sides = try Sides(arguments, environment: environment)
        return try await pairs(arguments, sides, voice, &job).map {
            (.table($0.source), $0.target)
        }
    }

    static func policy(_ arguments: CopyArguments) -> Job.Policy {
        var policy = Job.Policy()
        policy.width = arguments.tables
        policy.isFailFast = arguments.failFast
        return policy
    }

    /// A table, and what it is copied to or compared with.
    typealias TablePair = (source: SourceTable, target: TargetTable)

    /// The tables that the arguments select, by their names at the source where there are patterns.
    /// - Parameters:
    ///   - job: where an unfinished one is looked for that has selected them; its selection is set.
    ///   - purpose: what they are for, in words that distinguish commands.
    ///   - chosen: names that an earlier run has selected.
    static func pairs(
        _ arguments: CopyArguments, _ sides: Sides, _ voice: JobConsole, _ job: inout JobOptions,
        purpose: String? = nil, chosen: [String]? = nil
    ) async throws -> [TablePair] {
        let source = ReadOnlyClient(try await sides.client(sides.source, arguments, voice))
        let target = try await sides.client(sides.target, arguments, voice)
        let sourceScaling = try await sides.scaling(sides.source, arguments, voice)
        let targetScaling = try await sides.scaling(sides.target, arguments, voice)
        let selection = TableSelection(arguments)
        let purpose = purpose ?? arguments.purpose
        if selection.needsNames { job.selection = selection.text(for: purpose) }
        var pairs = try chosen.map { try selection.pairs(of: $0) } ?? []
        if chosen == nil {
            let selected = try await SelectedTables(
                selection, purpose: purpose, jobs: job.folder, id: arguments.job, source: source,
                target: ReadOnlyClient(target))
            for note in selected.notes { voice.note(note) }
            pairs = selected.pairs
        }
        return pairs.map {
            (
                SourceTable(
                    name: $0.source, reader: source,
                    scaling: sourceScaling.map(ScalingReader.init)),
                TargetTable(name: $0.target, client: target, scaling: targetScaling)
            )
        }
    }

    /// What holds for each table.
    static func options(
        of tables: [CopyPreparation.Pair], _ arguments: CopyArguments,
        _ environment: [String: String]
    ) throws(CommandFailure) -> [CopyOptions] {
        let named = tables.map { table in
            (
                name: table.source.tableName ?? table.target.name,
                own: arguments.own(of: table.source.name, into: table.target.name)
            )
        }
        try TransformArguments.checkRules(of: named.map { ($0.name, $0.own.transform) })
        return try named.map { name, own throws(CommandFailure) in
            try own.deadLetters.map { path throws(CommandFailure) in
                try OutputFile.checkFolder(of: path, "--dead-letters")
            }
            var options = try CopyOptions(own, ofTable: name)
            options.scratchFolder = ScratchFolder.parent(environment)
            return options
        }
    }

    static func jobOptions(
        _ arguments: CopyArguments, _ environment: [String: String]
    ) throws(CommandFailure) -> JobOptions {
        var options = JobOptions(
            folder: try JobFolder(arguments.stateFolder, environment: environment),
            request: arguments.wordsToResume)
        options.id = arguments.job
        options.resumesOld = arguments.resume
        options.restarts = arguments.restart
        return options
    }

    /// What a job may cost.
    private static func maxCost(_ arguments: CopyArguments) throws -> CostLimit? {
        let prices = try PriceTable(of: arguments)
        return arguments.maxCost.map { CostLimit(dollars: $0, prices: prices) }
    }
}

extension TableSelection {
    init(_ arguments: CopyArguments) {
        let renamed = arguments.renamings.map { Rule($0.source.text, $0.target.text) }
        self.init(
            rules: renamed + arguments.selection.map { Rule($0.source.text, $0.target.text) },
            excluded: arguments.excluded.map { NamePattern($0.text) })
    }
}
