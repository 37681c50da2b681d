import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import dynaferry

/// A copy that does nothing but end as told, once it may.
private final class ScriptedCopy: RunningCopy {
    private let summary: CopySummary
    private let gate: DispatchSemaphore

    /// Without `waitsForStop` it ends at once.
    init(_ summary: CopySummary, waitsForStop: Bool = false) {
        self.summary = summary
        gate = DispatchSemaphore(value: waitsForStop ? 0 : 1)
    }

    var progress: ProgressSnapshot { ProgressTests.snapshot() }
    func stop() { gate.signal() }
    func wait() -> CopySummary {
        gate.wait()
        gate.signal()
        return summary
    }
}

@Suite(.timeLimit(.minutes(20))) struct CopyCommandTests {
    private let folder: TemporaryFolder
    private let recorded: RecordedConsole
    private let handlers = Locked<(@Sendable (Int32) -> Void)?>(nil)

    init() throws {
        folder = try TemporaryFolder()
        recorded = try RecordedConsole()
    }

    private func run(
        _ words: [String] = [], start: CopyCommand.Start
    ) throws -> ExitCode {
        let control = ProcessControl(
            watchSignals: { [handlers] handler in handlers.withLock { $0 = handler } },
            leave: { _ in preconditionFailure("one signal does not end the process") },
            usage: { ReportTests.usage })
        let arguments = try CopyArguments(parsing: ["aaa", "bbb"] + words)
        return try CopyCommand(arguments, console: recorded.console).run(control, start: start)
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test func `the report goes to stdout and the exit code is the outcome's`() throws {
        let summary = ReportTests.summary()
        let code = try run(["--progress", "none"]) { _, _ in ScriptedCopy(summary) }
        #expect(code == .success)
        #expect(try recorded.out == summary.lines.joined(separator: "\n") + "\n")
        #expect(try recorded.err.isEmpty)
    }

    @Test func `a failed copy says why and what to do, and still reports`() throws {
        var summary = ReportTests.summary()
        summary.outcome = .failed
        summary.error = "no progress for 15 min"
        summary.hints = ["check the target"]
        let code = try run(["--report", folder.path("report")]) { [summary] _, _ in
            ScriptedCopy(summary)
        }
        #expect(code == .failure)
        #expect(
            try recorded.err.hasSuffix("error: no progress for 15 min\nhint: check the target\n"))
        let report = try JSON(parsing: try text(folder.path("report")))
        #expect(CopySummary(json: report) == summary)
    }

    @Test func `a signal stops a copy that may have written something`() throws {
        var summary = ReportTests.summary()
        summary.outcome = .interrupted
        let code = try run(["--progress", "none"]) { [summary] _, voice in
            voice.willWrite()
            handlers.withLock { $0 }?(SIGTERM)
            return ScriptedCopy(summary, waitsForStop: true)
        }
        #expect(code == .interrupted)
        #expect(try recorded.err.hasPrefix("stopping: "))
    }

    @Test func `a report that can't be written ends it before the copy starts`() throws {
        #expect(throws: CommandFailure.self) {
            _ = try run(["--report", folder.path("missing/report")]) { _, _ in
                Issue.record("the copy was started")
                return ScriptedCopy(ReportTests.summary())
            }
        }
    }

    @Test func `notes go to stderr and failed requests to the log`() throws {
        let log = folder.path("log")
        _ = try run(["--progress", "json", "--log", log]) { _, voice in
            voice.note("reading at most 50 units a second")
            voice.log("Scan 500 request-1")
            return ScriptedCopy(ReportTests.summary())
        }
        let errors = try recorded.err.split(separator: "\n")
        #expect(errors.first == "reading at most 50 units a second")
        #expect(try JSON(parsing: String(errors.last ?? ""))["items"]?.int == 156_204)
        #expect(try text(log) == "Scan 500 request-1\n")
    }

    @Test func `without a log nothing is put together for it`() throws {
        _ = try run { _, voice in
            voice.log({ () -> String in preconditionFailure("no one asked") }())
            return ScriptedCopy(ReportTests.summary())
        }
    }
}
