import CommandLine
import Dispatch
import Glibc
import JSON
import Pacing
import System

/// A copy under way, as the console sees it. Any thread may call it.
package protocol RunningCopy: Stoppable {
    /// Where it stands; asked for up to ten times a second.
    var progress: ProgressSnapshot { get }
    /// Blocks until it has ended, by itself or because it was asked to. What the process has used
    /// is not its to tell.
    func wait() -> CopySummary
}

/// How a copy speaks while it runs. Any thread may call it.
package struct CopyVoice: Sendable {
    /// nil keeps it quiet.
    let console: Console?
    let log: LineFile?
    /// Something is about to be written.
    var willWrite: @Sendable () -> Void = {}

    /// One line for the copy's user: its pace, a slow-down.
    package func note(_ text: String) { console?.note(text) }

    /// One line for the log, if one was asked for: a failed request and its id, never values.
    package func log(_ line: @autoclosure () -> String) { log?.append(line()) }
}

/// Runs a copy from the terminal: progress, signals, report, exit code.
package struct CopyCommand: Sendable {
    package typealias Start = (CopyArguments, CopyVoice) throws -> any RunningCopy

    let arguments: CopyArguments
    let console: Console

    package init(_ arguments: CopyArguments, console: Console) {
        self.arguments = arguments
        self.console = console
    }

    /// Call it before any thread is started, for the signals' sake.
    package func run(_ control: ProcessControl, start: Start) throws -> ExitCode {
        let report = try arguments.report.map { path throws(CommandFailure) in
            try OutputFile(path)
        }
        let log = try arguments.log.map { path throws(CommandFailure) in try LineFile(path) }
        let stop = StopRequest()
        control.watchSignals { [console] _ in
            switch stop.ask() {
            case .nothingWritten:
                console.note("stopped: nothing was written")
                control.leave(.interrupted)
            case .stopping(let hasWork):
                console.note(
                    hasWork
                        ? "stopping: what is in flight finishes; a second signal ends it at once"
                        : "stopping: once the targets have been made; a second signal ends it at"
                            + " once")
            case .askedBefore: control.leave(.interrupted)
            }
        }
        let voice = CopyVoice(console: console, log: log, willWrite: { stop.willWrite() })
        let end = try arguments.stopAt.map { time throws(UsageError) in try StopTimer(time) }
        let copy = try start(arguments, voice)
        stop.willWrite()
        stop.deliver(to: copy)
        defer { withExtendedLifetime(end) {} }
        end?.start { [console] time in
            if case .stopping = stop.ask() { console.note("stopping: it is \(time)") }
        }
        let display = ProgressDisplay(arguments.progress, console: console) { copy.progress }
        display.start()
        var summary = copy.wait()
        display.stop()
        summary.usage = control.usage()
        let code = try finish(summary, report)
        try log?.check()
        return code
    }

    private func finish(_ summary: CopySummary, _ report: OutputFile?) throws -> ExitCode {
        console.show(summary.lines.joined(separator: "\n"))
        if let error = summary.error {
            console.fail(error, hints: summary.hints)
        } else {
            for hint in summary.hints { console.note("hint: \(hint)") }
        }
        try report?.write(summary.json.prettyText)
        return summary.outcome.exitCode
    }
}

/// The end of a maintenance window.
private final class StopTimer {
    private let time: StopTime
    private let seconds: Double
    private var timer: (any DispatchSourceTimer)?

    init(_ time: StopTime) throws(UsageError) {
        let now = MonotonicTime().secondsSinceEpoch
        guard let next = time.next(after: now) else {
            throw UsageError("--stop-at: \(time) has passed")
        }
        self.time = time
        seconds = next
    }

    /// Calls `body` when the clock on the wall says so, be it set meanwhile or not.
    func start(_ body: @escaping @Sendable (StopTime) -> Void) {
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "copy.stop-at"))
        let wall = timespec(tv_sec: Int(clamping: seconds), tv_nsec: 0)
        timer.schedule(wallDeadline: DispatchWallTime(timespec: wall), leeway: .milliseconds(100))
        timer.setEventHandler { [time] in body(time) }
        timer.activate()
        self.timer = timer
    }
}
