import Arguments
import CommandLine
import Flow
import Transfer

/// Runs a verification from the terminal.
package struct VerifyCommand: Sendable {
    package typealias Start =
        (VerifyArguments, JobConsole, @escaping VerifyPreparation.Emit) throws -> any RunningJob

    let arguments: VerifyArguments
    let console: Console

    package init(_ arguments: VerifyArguments, console: Console) {
        self.arguments = arguments
        self.console = console
    }

    /// Call it before any thread is started, for the signals' sake.
    package func run(_ control: ProcessControl, start: Start) throws -> ExitCode {
        var list: DifferenceList?
        let stand = arguments.repair ? "what is in flight finishes" : "nothing has been written"
        let words = JobRun.Words(
            nothingDone: "stopped: nothing was read to its end, nothing was written"
        ) { _ in stand }
        return try JobRun(
            arguments: arguments.copy, console: console, showsJSON: arguments.json,
            reportVersion: VerifySummary.formatVersion
        ).run(
            control, words,
            start: { voice in
                let differences = try differences()
                list = differences
                return try start(arguments, voice) { (finding) throws(FlowFailure) in
                    try differences.add(finding)
                }
            },
            finish: { status, usage in
                var summary = VerifySummary(arguments, status, usage, shown: list?.sample ?? [])
                summary.outputFile = try list?.finish(isWhole: summary.isConclusive)
                return summary
            })
    }

    /// - Throws: when the file of `--output` can't be written.
    private func differences() throws(CommandFailure) -> DifferenceList {
        DifferenceList(
            shown: arguments.show, showsValues: arguments.values,
            file: try arguments.output.map { path throws(CommandFailure) in try ListFile(path) })
    }
}
