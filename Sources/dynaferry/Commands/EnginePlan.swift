import CommandLine
import DynamoDB
import Glibc
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
                let tables = try await EngineCopy.pairs(arguments, sides, voice)
                return try await CopyPlan.make(
                    try EngineCopy.options(of: tables, arguments), tables: tables, prices: prices,
                    jobs: jobs, mayAsk: arguments.yes || Terminal.isTerminal(STDIN_FILENO))
            }
        }
    }
}
