import DynamoDB
import Transfer

/// Looks at the tables of a copy that is planned.
enum EnginePlan {
    /// Blocks until all have been looked at; call it on a thread that may wait.
    static func make(
        _ arguments: CopyArguments, _ prices: PriceTable, _ voice: CopyVoice,
        environment: [String: String]
    ) throws -> CopyPlan {
        let jobs = try JobFolder(arguments.stateFolder, environment: environment)
        return try Blocking.run {
            try await CommandFailure.wrapping {
                let sides = try Sides(arguments, environment: environment)
                let source = try await sides.client(sides.source, arguments, voice)
                let target = try await sides.client(sides.target, arguments, voice)
                let tables = try await EngineCopy.pairs(
                    arguments, source: ReadOnlyClient(source), target: target, voice)
                return try await CopyPlan.make(
                    EngineCopy.options(of: tables, arguments), tables: tables, prices: prices,
                    jobs: jobs)
            }
        }
    }
}
