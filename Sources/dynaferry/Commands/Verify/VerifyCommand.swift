import CommandLine
import Flow
import JSON
import Pacing
import System
import Transfer

/// A verification under way, as the console sees it. Any thread may call it.
package protocol RunningVerification: Stoppable {
    /// Where it stands; asked for up to ten times a second.
    var progress: ProgressSnapshot { get }
    /// Blocks until it has ended, by itself or because it was asked to.
    func wait() throws -> VerifyReport
}

/// Runs a verification from the terminal: progress, signals, report, exit code.
package struct VerifyCommand: Sendable {
    package typealias Start =
        (VerifyArguments, CopyVoice, @escaping VerifyJob.Emit) throws -> any RunningVerification

    let arguments: VerifyArguments
    let console: Console

    package init(_ arguments: VerifyArguments, console: Console) {
        self.arguments = arguments
        self.console = console
    }

    /// Call it before any thread is started, for the signals' sake.
    package func run(_ control: ProcessControl, start: Start) throws -> ExitCode {
        let reportFile = try arguments.copy.report.map { path throws(CommandFailure) in
            try OutputFile(path)
        }
        let log = try arguments.copy.log.map { path throws(CommandFailure) in try LineFile(path) }
        let differences = DifferenceList(
            shown: arguments.show, showsValues: arguments.values,
            file: try arguments.output.map { path throws(CommandFailure) in try ListFile(path) })
        let stop = StopRequest()
        control.watchSignals { [console, arguments] _ in
            switch stop.ask() {
            case .nothingWritten:
                console.note("stopped: nothing was read to its end, nothing was written")
                control.leave(.interrupted)
            case .stopping:
                let stand =
                    arguments.repair ? "what is in flight finishes" : "nothing has been written"
                console.note("stopping: \(stand); a second signal ends it at once")
            case .askedBefore: control.leave(.interrupted)
            }
        }
        let started = MonotonicTime().now
        let verification = try start(
            arguments, CopyVoice(console: console, log: log)
        ) { (finding) throws(FlowFailure) in try differences.add(finding) }
        stop.willWrite()
        stop.deliver(to: verification)
        let display = ProgressDisplay(arguments.copy.progress, console: console) {
            verification.progress
        }
        display.start()
        let report = try verification.wait()
        display.stop()
        var summary = VerifySummary(arguments, report, shown: differences.sample)
        summary.usage = control.usage()
        summary.seconds = (MonotonicTime().now - started).inSeconds
        summary.outputFile = try differences.finish(isWhole: summary.isConclusive)
        let code = try finish(summary, reportFile)
        try log?.check()
        return code
    }

    private func finish(_ summary: VerifySummary, _ report: OutputFile?) throws -> ExitCode {
        let json = summary.json.prettyText
        console.show(arguments.json ? json : summary.lines.joined(separator: "\n"))
        for failure in summary.failures {
            console.fail(failure.message, hints: failure.hint.map { [$0] } ?? [])
        }
        if let job = summary.job, !summary.isConclusive {
            console.note("the same command goes on with job \(job): \(summary.command)")
        }
        try report?.write(json)
        return summary.exitCode
    }
}
