import Arguments
import CommandLine
import Dispatch
import Glibc
import JSON
import Pacing
import Status
import System
import Transfer

/// A job under way, as the console sees it. Any thread may call it.
package protocol RunningJob: Stoppable {
    /// Where it stands; asked for up to ten times a second.
    var status: JobStatus { get }
    /// Blocks until it has ended, by itself or because it was asked to.
    /// - Throws: where a part of it was refused.
    func wait() throws -> JobStatus
}

/// How a job speaks while it runs. Any thread may call it.
package struct JobConsole: Sendable {
    /// nil keeps it quiet.
    let console: Console?
    let log: LineFile?
    var time: any TimeSource = MonotonicTime()
    /// Something is about to be written.
    var willWrite: @Sendable () -> Void = {}

    /// One line for the job's user: its pace, a slow-down.
    package func note(_ text: String) { console?.note(text) }

    /// One line for the log, if one was asked for: a failed request and its id, never values.
    /// It begins with the time.
    package func log(_ line: @autoclosure () -> String) {
        guard let log else { return }
        let now = UTCTime(secondsSinceEpoch: time.secondsSinceEpoch)
        log.append("\(now.iso8601) \(line())")
    }
}

/// What the console says of a job once it has ended.
protocol JobSummary {
    /// The report for people, a fact a line.
    var lines: [String] { get }
    /// The report for programs.
    var json: JSON { get }
    /// Why it failed, each as it stands after `error:`, with what to do about it.
    var errors: [(text: String, hints: [String])] { get }
    /// What to do next.
    var hints: [String] { get }
    /// In one word, as in the report for programs.
    var outcomeText: String { get }
    var exitCode: ExitCode { get }
}

/// Where the report for programs goes.
enum ReportPlace: Equatable {
    /// `--report -`
    case output
    case file(OutputFile)

    /// - Throws: for a file that can't be written.
    init(_ path: String) throws(CommandFailure) {
        self = path == ReportPath.output ? .output : .file(try OutputFile(path))
    }

    /// As it was given; nil of stdout.
    var path: String? {
        switch self {
        case .output: nil
        case .file(let file): file.path
        }
    }
}

/// Runs a job from the terminal: progress, signals, report, exit code.
struct JobRun {
    let arguments: CopyArguments
    let console: Console
    /// stdout gets the report for programs.
    var showsJSON = false
    /// Of the report's form.
    let reportVersion: Int

    /// What is said when a signal asks it to stop.
    struct Words {
        var nothingDone: String
        /// - Parameter hasWork: there is something to stop already.
        var stopping: @Sendable (_ hasWork: Bool) -> String
    }

    /// Call it before any thread is started, for the signals' sake.
    /// - Parameter finish: makes the summary of its end.
    func run(
        _ control: ProcessControl, _ words: Words, start: (JobConsole) throws -> any RunningJob,
        finish: (JobStatus, ProcessUsage) throws -> any JobSummary
    ) throws -> ExitCode {
        console.setStyle(arguments.style)
        let started = MonotonicTime().secondsSinceEpoch
        let stop = StopRequest()
        let hook = FinishHook(arguments.onFinish, console: console)
        watchSignals(control, words, stop, hook)
        var facts = FinishHook.Facts(outcome: FailureReport.outcome, exitCode: .failure)
        var report: ReportPlace?
        var isReported = false
        do {
            report = try arguments.report.map { path throws(CommandFailure) in
                try ReportPlace(path)
            }
            let log = try arguments.log.map { path throws(CommandFailure) in try LineFile(path) }
            let end = try arguments.stopAt.map { time throws(UsageError) in try StopTimer(time) }
            defer { withExtendedLifetime(end) {} }
            let job = try start(
                JobConsole(console: console, log: log, willWrite: { stop.willWrite() }))
            stop.willWrite()
            stop.deliver(to: job)
            end?.start { [console] time in
                if case .stopping = stop.ask() { console.note("stopping: it is \(time)") }
            }
            let status = try watch(job)
            facts.job = status.id
            let summary = try finish(status, control.usage())
            isReported = true
            try tell(summary, .ending(from: started), report)
            facts.report = report?.path
            try log?.check()
            // Results that could not be written are no success.
            if console.failure == nil {
                (facts.outcome, facts.exitCode) = (summary.outcomeText, summary.exitCode)
            }
        } catch {
            let failure = CommandFailure(telling: error)
            facts.exitCode = failure.code
            if !isReported {
                let json = FailureReport(arguments, failure, job: facts.job)
                    .json(version: reportVersion, .ending(from: started))
                facts.report = write(json.prettyText, report)
            }
            hook.run(facts)
            throw failure
        }
        hook.run(facts)
        return facts.exitCode
    }

    /// Shows the job's progress until it has ended.
    private func watch(_ job: any RunningJob) throws -> JobStatus {
        let display = ProgressDisplay(arguments.progress, console: console) {
            [source = arguments.sourceText, target = arguments.targetText] in
            ProgressSnapshot(source: source, target: target, job.status)
        }
        display.start()
        defer { display.stop() }
        return try job.wait()
    }

    private func watchSignals(
        _ control: ProcessControl, _ words: Words, _ stop: StopRequest, _ hook: FinishHook
    ) {
        control.watchSignals(Signals.ending) { [console] _ in
            // The job is over: what still runs is the program of --on-finish.
            if hook.kill() { return }
            switch stop.ask() {
            case .nothingWritten:
                console.note(words.nothingDone)
                hook.runInterrupted(control, job: nil)
            case .stopping(let hasWork):
                console.note(
                    "stopping: \(words.stopping(hasWork)); a second signal ends it at once")
            case .askedBefore: control.leave(.interrupted)
            }
        }
    }

    /// Writes the report of a job that failed before it could say more.
    /// - Returns: the file that has it.
    private func write(_ text: String, _ report: ReportPlace?) -> String? {
        if showsJSON || report == .output { console.show(text) }
        guard case .file(let file) = report else { return nil }
        do throws(CommandFailure) {
            try file.write(text)
            return file.path
        } catch {
            console.warn(error.message)
            return nil
        }
    }

    private func tell(
        _ summary: any JobSummary, _ origin: ReportOrigin, _ report: ReportPlace?
    ) throws {
        var text = ""
        if showsJSON || report != nil {
            var json = summary.json
            origin.add(to: &json)
            text = json.prettyText
        }
        let lines = summary.lines.joined(separator: "\n")
        if showsJSON || report == .output {
            // What programs read has stdout for itself.
            if !showsJSON { console.note(lines) }
            console.show(text)
        } else if arguments.target.kind == .stream {
            // As lines of items have.
            console.note(lines)
        } else {
            console.show(lines)
        }
        for error in summary.errors { console.fail(error.text, hints: error.hints) }
        for hint in summary.hints { console.hint(hint) }
        if case .file(let file) = report { try file.write(text) }
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
            throw UsageError(
                "--stop-at: \(time) has passed", hints: ["name a time that is still to come"])
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
