import Arguments
import CommandLine
import Connectors
import DynamoDB
import Glibc
import Jobs
import Status
import Transfer

/// Looks at the tables of a copy that is planned.
enum EnginePlan {
    /// Where the tables of each side are, as far as the settings tell.
    static func places(
        _ arguments: CopyArguments, environment: [String: String]
    ) throws(CommandFailure) -> (source: IAMPolicies.Place, target: IAMPolicies.Place) {
        let resolver: SideResolver
        do {
            resolver = try SideResolver(envFile: arguments.sides.envFile, environment: environment)
        } catch {
            throw CommandFailure(error.message, hints: error.hint.map { [$0] } ?? [])
        }
        let settings = resolver.settings(
            source: arguments.sourceSide, target: arguments.targetSide)
        return (IAMPolicies.Place(settings.source), IAMPolicies.Place(settings.target))
    }

    /// Blocks until all have been looked at; call it on a thread that may wait.
    static func make(
        _ plan: PlanArguments, _ prices: PriceTable, _ voice: JobConsole,
        environment: [String: String]
    ) throws -> CopyPlan {
        let (arguments, survey) = (plan.copy, plan.survey)
        guard !arguments.native.exports else {
            throw UsageError(
                "a plan looks at tables: what an export by DynamoDB takes is in the plan of a copy",
                hints: ["dynaferry plan \(arguments.sourceText) TARGET compares the ways"])
        }

        return try Blocking.run {
            try await CommandFailure.wrapping {
                var job = try EngineCopy.jobOptions(arguments, environment)
                if arguments.filesSide == .target {
                    let sides = try EngineFiles.sidesOfExport(arguments, environment)
                    let pairs = try await EngineFiles.exportPairs(arguments, sides, voice, &job)
                    return try await CopyPlan.exporting(
                        try EngineFiles.options(of: pairs, arguments, environment), pairs,
                        prices: prices, jobs: job.folder, width: arguments.tables, survey: survey)
                }
                let tables = try await EngineCopy.intoTables(arguments, environment, voice, &job)
                let plan = try await CopyPlan.make(
                    try EngineCopy.options(
                        of: tables, arguments.native.via == nil ? arguments : arguments.unloaded,
                        environment), tables: tables,
                    prices: prices, jobs: job.folder,
                    mayAsk: arguments.yes || Terminal.isTerminal(STDIN_FILENO),
                    width: arguments.tables, survey: survey)
                guard arguments.native.via != nil else { return plan }
                return plan.via { arguments.own(of: $0.source, into: $0.target).native.load }
            }
        }
    }
}

extension PlanArguments {
    /// nil: nobody asks what would become of items.
    fileprivate var survey: ItemSurvey.Options? {
        let hasRules = ([copy] + copy.entries.map(\.arguments))
            .contains { $0.transform.rulesFile != nil }
        guard show != nil || hasRules else { return nil }
        var options = ItemSurvey.Options()
        options.examples = show ?? 0
        (options.showsRaw, options.isFull) = (showsRaw, isFull)
        return options
    }
}
