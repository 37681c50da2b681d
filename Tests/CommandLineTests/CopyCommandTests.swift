import Foundation
import JSON
import System
import TestSupport
import Testing
import Transfer

@testable import Arguments
@testable import dynaferry

/// A copy that does nothing but end as told, once it may.
private final class ScriptedCopy: RunningJob {
    private let end: JobStatus
    private let gate: DispatchSemaphore

    /// Without `waitsForStop` it ends at once.
    init(_ end: JobStatus, waitsForStop: Bool = false) {
        self.end = end
        gate = DispatchSemaphore(value: waitsForStop ? 0 : 1)
    }

    var status: JobStatus { ProgressTests.status() }
    func stop() { gate.signal() }
    func wait() -> JobStatus {
        gate.wait()
        gate.signal()
        return end
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
            watchSignals: { [handlers] _, handler in handlers.withLock { $0 = handler } },
            takeEffect: { _ in preconditionFailure("a copy leaves no signal its own effect") },
            leave: { _ in preconditionFailure("one signal does not end the process") },
            usage: { ReportTests.usage })
        let arguments = try CopyArguments(parsing: ["aaa", "bbb"] + words)
        return try CopyCommand(arguments, console: recorded.console).run(control, start: start)
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test func `the report goes to stdout and the exit code is the outcome's`() throws {
        let code = try run(["--progress", "none"]) { _, _ in ScriptedCopy(ReportTests.status()) }
        #expect(code == .success)
        #expect(try recorded.out.hasPrefix("copied aaa to bbb in 5.21 s\n  items         380,218"))
        #expect(try recorded.err.isEmpty)
    }

    @Test func `a failed copy says why and what to do, and still reports`() throws {
        var status = ReportTests.status()
        status.id = "aaa-1234"
        status.tables[0].outcome = .failed(ReportTests.failure())
        let code = try run(["--report", folder.path("report")]) { [status] _, _ in
            ScriptedCopy(status)
        }
        #expect(code == .failure)
        #expect(
            try recorded.err.contains("error: Code: no progress\nhint: check the target\nhint: "))
        let report = try JSON(parsing: try text(folder.path("report")))
        #expect(report["outcome"] == "failed")
        #expect(report["itemsRead"] == 380_218)
    }

    @Test func `a signal stops a copy that may have written something`() throws {
        var status = ReportTests.status()
        status.tables[0].outcome = .stopped
        let code = try run(["--progress", "none"]) { [status] _, voice in
            voice.willWrite()
            handlers.withLock { $0 }?(SIGTERM)
            return ScriptedCopy(status, waitsForStop: true)
        }
        #expect(code == .interrupted)
        #expect(try recorded.err.hasPrefix("stopping: "))
    }

    @Test func `a report that can't be written ends it before the copy starts`() throws {
        #expect(throws: CommandFailure.self) {
            _ = try run(["--report", folder.path("missing/report")]) { _, _ in
                Issue.record("the copy was started")
                return ScriptedCopy(ReportTests.status())
            }
        }
    }

    @Test func `notes go to stderr and failed requests to the log`() throws {
        let log = folder.path("log")
        _ = try run(["--progress", "json", "--log", log]) { _, voice in
            voice.note("reading at most 50 units a second")
            voice.log("Scan 500 request-1")
            return ScriptedCopy(ReportTests.status())
        }
        let errors = try recorded.err.split(separator: "\n")
        let note = try JSON(parsing: String(#require(errors.first)))
        #expect(note["type"] == "message" && note["level"] == "note")
        #expect(note["text"] == "reading at most 50 units a second")
        let progress = try errors.map { try JSON(parsing: String($0)) }.last {
            $0["type"] == "progress"
        }
        #expect(progress?["itemsDone"]?.int == 156_204)
        let line = try text(log)
        #expect(line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ Scan 500 request-1\n/) != nil)
    }

    @Test func `without a log nothing is put together for it`() throws {
        _ = try run { _, voice in
            voice.log({ () -> String in preconditionFailure("no one asked") }())
            return ScriptedCopy(ReportTests.status())
        }
    }
}
