import Arguments
import CommandLine

/// Runs a copy from the terminal.
package struct CopyCommand: Sendable {
    package typealias Start = (CopyArguments, JobConsole) throws -> any RunningJob

    let arguments: CopyArguments
    let console: Console

    package init(_ arguments: CopyArguments, console: Console) {
        self.arguments = arguments
        self.console = console
    }

    /// Call it before any thread is started, for the signals' sake.
    package func run(_ control: ProcessControl, start: Start) throws -> ExitCode {
        let words = JobRun.Words(nothingDone: "stopped: nothing was written") { hasWork in
            hasWork ? "what is in flight finishes" : "once the targets have been made"
        }
        return try JobRun(
            arguments: arguments, console: console, reportVersion: CopySummary.formatVersion
        ).run(
            control, words, start: { try start(arguments, $0) },
            finish: { CopySummary(arguments, $0, $1) })
    }
}
