import AWS
import Arguments
import CommandLine
import Connectors
import DynamoDB
import Jobs
import Pacing
import System
import Transfer

/// A verification by the engine.
enum EngineVerify {
    /// Resolves both sides, passes every refusal, and lets both be read. Blocks until they are;
    /// call it on a thread that may wait.
    static func start(
        _ arguments: VerifyArguments, _ voice: JobConsole, environment: [String: String],
        emit: @escaping VerifyPreparation.Emit
    ) throws -> any RunningJob {
        try checkConsent(arguments)
        let job = try Blocking.run {
            try await CommandFailure.wrapping {
                var jobOptions = try EngineCopy.jobOptions(arguments.copy, environment)
                let tables = try await tables(arguments, environment, voice, &jobOptions)
                let own = tables.map {
                    arguments.copy.own(of: $0.source.name, into: $0.target.name)
                }
                let names = tables.map { $0.source.tableName ?? $0.target.name }
                try TransformArguments.checkRules(
                    of: Array(zip(names, own.map(\.transform))))
                var policy = Job.Policy()
                policy.width = arguments.copy.tables
                return try await VerifyPreparation.prepare(
                    try zip(names, own).map {
                        try VerifyOptions(arguments, $1, ofTable: $0, environment)
                    },
                    job: jobOptions,
                    tables: zip(tables, own).map {
                        switch $0.target {
                        case .table(let table): ($0.source, target(table, arguments, $1))
                        case .export(let export): ($0.source, .export(export))
                        }
                    },
                    policy: policy,
                    consent: { arguments.copy.yes ? true : TerminalQuestion.ask($0) },
                    note: { voice.note($0) }, seed: anySeed(), emit: emit)
            }
        }
        return EngineJob(job)
    }

    private typealias Found = (source: CopySource, target: FoundTarget)

    private enum FoundTarget {
        case table(TargetTable)
        case export(ExportedSource)

        var name: String {
            switch self {
            case .table(let table): table.name
            case .export(let export): export.title
            }
        }
    }

    private static func tables(
        _ arguments: VerifyArguments, _ environment: [String: String], _ voice: JobConsole,
        _ job: inout JobOptions
    ) async throws -> [Found] {
        let copy = arguments.copy
        switch copy.filesSide {
        case nil:
            let sides = try Sides(copy, environment: environment)
            return try await EngineCopy.pairs(
                copy, sides, voice, &job, purpose: arguments.purpose
            ).map { (.table($0.source), .table($0.target)) }
        case .source:
            let sides = try Sides(
                copy, environment: environment, uses: copy.usesBuckets ? .both : .target)
            return try await EngineFiles.tables(
                copy, sides, voice, jobs: job.folder, for: .comparing
            ).map {
                ($0.source, .table($0.target))
            }
        case .target:
            let sides = try Sides(
                copy, environment: environment, uses: copy.usesBuckets ? .both : .source)
            return try await EngineFiles.exports(
                copy, sides, voice, &job, purpose: arguments.purpose
            ).map { (.table($0.source), .export($0.target)) }
        }
    }

    /// Deleting is asked for twice.
    private static func checkConsent(_ arguments: VerifyArguments) throws(CommandFailure) {
        guard arguments.deleteExtra, !arguments.copy.yes else { return }
        let question =
            "items of \(arguments.copy.targetText) that \(arguments.copy.sourceText) does not have"
            + " will be deleted"
        switch TerminalQuestion.ask("\(question). Go on?") {
        case true?: break
        case false?: throw CommandFailure("nothing was read, and nothing deleted")
        case nil: throw CommandFailure(question, hints: ["--yes deletes them all the same"])
        }
    }

    /// - Parameter own: what holds for this table.
    private static func target(
        _ table: TargetTable, _ arguments: VerifyArguments, _ own: CopyArguments
    ) -> VerifyPreparation.Target {
        guard arguments.repair else {
            return .compared(
                SourceTable(name: table.name, reader: table.reader, scaling: table.scalingReader))
        }
        var repair = RepairOptions()
        repair.deletesExtra = arguments.deleteExtra
        repair.deadLettersPath = own.deadLetters
        repair.deadLettersMax = own.maxDeadLetters
        return .repaired(table, repair)
    }
}

extension VerifyArguments {
    /// What distinguishes verifications of the same tables.
    fileprivate var purpose: String {
        let reading = count ? "count" : sample.map { "sample \($0.share)" } ?? "all"
        let mending = deleteExtra ? "repair-delete" : repair ? "repair" : "compare"
        return "verify \(reading) \(mending)"
    }
}

extension VerifyOptions {
    /// - Parameter own: what holds for this table.
    fileprivate init(
        _ arguments: VerifyArguments, _ own: CopyArguments, ofTable table: String,
        _ environment: [String: String]
    ) throws(CommandFailure) {
        self.init()
        if arguments.count { mode = .count }
        if let sample = arguments.sample { mode = .sample(sample.share) }
        segments = own.segments
        scansMax = own.scanConcurrency ?? scansMax
        limits = own.askedLimits
        if let asked = own.memory { memory = asked }
        isConsistentRead = own.consistentRead
        transform = try own.transform.transform(ofTable: table, hasJob: false)
        if own.filesSide == nil { transform.keys = own.files.key?.keySchema }
        settings = own.comparesSettings ? try own.settingChoice : nil
        giveUpAfter = own.giveUpAfter
        scratchFolder = ScratchFolder.parent(environment)
    }
}
