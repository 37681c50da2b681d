import Arguments
import DynamoDB
import Jobs
import Transfer

/// Tries a job's dead letters again, between the tables of the job's command.
enum EngineRetry {
    /// Blocks until all have been tried; call it on a thread that may wait.
    static func run(
        _ arguments: CopyArguments, folder: JobFolder, id: String, environment: [String: String]
    ) throws -> DeadLetterRetry.Findings {
        let voice = JobConsole(console: nil, log: nil)
        return try Blocking.run {
            try await CommandFailure.wrapping {
                let sides = try Sides(arguments, environment: environment)
                let source = try await sides.client(sides.source, arguments, voice)
                let target = try await sides.client(sides.target, arguments, voice)
                let retry = DeadLetterRetry(
                    from: ReadOnlyClient(source), to: target,
                    keepsItems: { arguments.own(ofTable: $0).merge == .keep })
                return try await retry.run(id, in: folder)
            }
        }
    }
}
