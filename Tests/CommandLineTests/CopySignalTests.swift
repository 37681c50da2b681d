import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import dynaferry

/// A copy that is interrupted, or that no one listens to.
@Suite(.timeLimit(.minutes(20))) struct CopySignalTests {
    private static let environment = ["AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret"]

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `a signal in the middle of a copy ends it in order, with a report`(
        signal: Int32
    ) throws {
        let server = try Served(["--fill", "Orders=3000"])
        let folder = try TemporaryFolder()
        // A shell gives its stderr a file, and its place to the program.
        let line = "exec \"$0\" \"$@\" 2>'\(folder.path("err"))'"
        let copy = try ChildProcess(
            "/bin/sh",
            [
                "-c", line, Binary.path, "copy", "Orders", "Copy", "--endpoint", server.url,
                "--region", "us-east-1", "--write-units", "50", "--report", folder.path("report"),
                "--state-dir", folder.path("jobs"),
            ], environment: Self.environment, input: .null, output: .pipe)
        // There is no such table at first, and none to be scanned while it is being created.
        while ((try? server.count("Copy")) ?? 0) == 0 { sched_yield() }
        let clock = ContinuousClock()
        let asked = clock.now
        copy.signal(signal)
        var lines: [String] = []
        while let line = copy.readLine() { lines.append(line) }
        #expect(copy.wait() == .exited(130))
        // Ten seconds are what a stop may take; the copy itself would go on for minutes.
        #expect(clock.now - asked < .seconds(20))
        #expect(lines.first?.hasPrefix("interrupted while copying Orders to Copy") == true)

        let errors = try String(contentsOfFile: folder.path("err"), encoding: .utf8)
        #expect(errors.contains("stopping: "), "\(errors)")
        #expect(errors.contains("the same command resumes job Orders-"), "\(errors)")
        #expect(!errors.contains("\u{1B}") && !errors.contains("\r"), "\(errors)")
        let report = try JSON(
            parsing: String(contentsOfFile: folder.path("report"), encoding: .utf8))
        #expect(report["exitCode"]?.int == 130)
        let written = try #require(report["itemsWritten"]?.int)
        #expect(written > 0 && written < 3_000)
        #expect(try server.count("Copy") == written)
    }

    @Test(arguments: ["| head -1", "| true", "1>&-", "2>&-"])
    func `a closed stdout ends the output, not the copy`(redirection: String) throws {
        let server = try Served(["--fill", "Orders=1500"])
        let result = try Binary.shell(
            "\"$0\" copy Orders Copy --endpoint \(server.url) --region us-east-1 \(redirection);"
                + " echo \"status ${PIPESTATUS[0]}\"",
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
        #expect(result.out.hasSuffix("status 0\n"), "\(result.out)\(result.err)")
        #expect(!result.err.contains("\u{1B}") && !result.err.contains("\r"), "\(result.err)")
        #expect(try server.count("Copy") == 1_500)
    }

    @Test func `a report that is lost ends a copy with 1, once everything is copied`() throws {
        let server = try Served(["--fill", "Orders=1500"])
        for output in ["> /dev/full", "--log /dev/full", "--report /dev/full"] {
            let target = "Copy\(output.utf8.count)"
            let result = try Binary.shell(
                "\"$0\" copy Orders \(target) --endpoint \(server.url) --region us-east-1"
                    + " \(output)",
                environment: CopySite.credentials)
            #expect(try server.count(target) == 1_500)
            #expect(result.status == 1, "\(output): \(result)")
            // The log is told that there was no target.
            #expect(result.err.contains("No space left on device"), "\(result.err)")
        }
    }
}
