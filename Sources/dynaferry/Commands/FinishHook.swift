import Arguments
import CommandLine
import Dispatch
import Glibc
import System

/// The program of `--on-finish`: run once, when the job has ended, whatever its outcome.
///
/// Any thread may call it.
final class FinishHook: Sendable {
    /// What it learns of the job.
    struct Facts: Sendable {
        /// As in the report.
        var outcome: String
        var exitCode: ExitCode
        /// nil where there is none.
        var job: String?
        var report: String?

        /// `NAME=value`. All are there, empty where there is none.
        var environment: [String] {
            [
                "DYNAFERRY_OUTCOME=\(outcome)", "DYNAFERRY_EXIT_CODE=\(exitCode.rawValue)",
                "DYNAFERRY_JOB=\(job ?? "")", "DYNAFERRY_REPORT=\(report ?? "")",
            ]
        }
    }

    static let limit = Duration.seconds(60)
    /// More of what it writes is not repeated.
    private static let linesMax = 200

    private let queue = DispatchQueue(label: "finish.hook")
    private let command: FinishCommand?
    private let console: Console
    private let limit: Duration
    private let hasRun = Locked(false)
    /// While it runs.
    private let program = Locked<TimedProgram?>(nil)

    /// - Parameter command: nil where nothing was asked for.
    init(_ command: FinishCommand?, console: Console, limit: Duration = limit) {
        self.command = command
        self.console = console
        self.limit = limit
    }

    /// Runs it, and returns when it has ended. A second call waits for the first and does nothing.
    func run(_ facts: Facts) {
        guard let command else { return }
        queue.sync {
            let isFirst = hasRun.withLock { hasRun in
                defer { hasRun = true }
                return !hasRun
            }
            guard isFirst else { return }
            run(command, facts)
        }
    }

    /// Runs it for a command that a signal has interrupted, then ends the process. Returns at once:
    /// the next signal finds its handler free.
    func runInterrupted(_ control: ProcessControl, job: String?) {
        let thread = OwnThread.start { [self] in
            run(Facts(outcome: "interrupted", exitCode: .interrupted, job: job))
            control.leave(.interrupted)
        }
        pthread_detach(thread)
    }

    /// Ends it if it runs.
    /// - Returns: whether it ran.
    func kill() -> Bool { program.withLock { $0 }?.kill() ?? false }

    private func run(_ command: FinishCommand, _ facts: Facts) {
        dispatchPrecondition(condition: .onQueue(queue))
        let environment = Self.environment(OwnProgram.environmentWithoutKeys, facts)
        let started = TimedProgram(command.words, environment: environment)
        program.withLock { $0 = started }
        var lines = 0
        let end = started.run(within: limit) { [console] line in
            lines += 1
            if lines <= Self.linesMax { console.note("on-finish: \(line)") }
        }
        program.withLock { $0 = nil }
        if lines > Self.linesMax {
            console.note("on-finish: \((lines - Self.linesMax).grouped) more lines are not shown")
        }
        if let trouble = end.trouble(limit) {
            console.warn("--on-finish: \(command.words[0]) \(trouble)")
        }
    }

    /// What the program gets of this one's variables, and of the job.
    static func environment(_ own: [String], _ facts: Facts) -> [String] {
        own.filter { !$0.uppercased().hasPrefix("DYNAFERRY_") } + facts.environment
    }
}

extension TimedProgram.End {
    /// nil when it has done what it was asked.
    fileprivate func trouble(_ limit: Duration) -> String? {
        switch self {
        case .exited(0): nil
        case .exited(let code): "ended with exit code \(code)"
        case .killed(let signal): "was killed by signal \(signal)"
        case .tookTooLong: "was killed: it took longer than \(limit.rough)"
        case .notStarted(let reason): "was not started: \(reason)"
        }
    }
}
