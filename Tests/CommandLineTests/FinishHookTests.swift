import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import Arguments
@testable import CommandLine
@testable import dynaferry

/// Goal: whoever waits for a job is told of its end, whatever it has come to, and never instead of
/// its result.
@Suite(.timeLimit(.minutes(20))) struct FinishHookTests {
    @Test(arguments: [
        ("notify done", ["notify", "done"]), ("  a\tb  ", ["a", "b"]),
        ("sh -c 'echo \"it is done\"'", ["sh", "-c", "echo \"it is done\""]),
        ("a \"b c\"d ''", ["a", "b cd", ""]), ("a \\ b", ["a", "\\", "b"]),
    ])
    func `a command is split at white space, and quotes keep it together`(
        text: String, words: [String]
    ) {
        #expect(FinishCommand(text)?.words == words)
    }

    @Test(arguments: ["", "  ", "a 'b", "a \"b", "'' b"])
    func `a command without a program or the end of a quote is refused`(text: String) throws {
        #expect(FinishCommand(text) == nil)
        let result = try Binary.run(["copy", "Orders", "Copy", "--on-finish", text])
        #expect(result.status == 2)
        #expect(result.err.contains("a program and its arguments"), "\(result.err)")
    }

    private static let facts = FinishHook.Facts(
        outcome: "complete", exitCode: .success, job: "orders-1c4e", report: "report.json")

    @Test func `it gets the facts, and none of AWS's variables`() {
        let own = [
            "PATH=/bin", "AWS_SECRET_ACCESS_KEY=x", "aws_profile=y", "SRC_AWS_SESSION_TOKEN=z",
            "DYNAFERRY_JOB=old",
        ]
        #expect(
            FinishHook.environment(OwnProgram.withoutKeys(own), Self.facts) == [
                "PATH=/bin", "DYNAFERRY_OUTCOME=complete", "DYNAFERRY_EXIT_CODE=0",
                "DYNAFERRY_JOB=orders-1c4e", "DYNAFERRY_REPORT=report.json",
            ])
    }

    /// What is said when a hook runs this command, with so long to do it in.
    private func said(_ text: String, limit: Duration = FinishHook.limit) throws -> String {
        let recorded = try RecordedConsole()
        let command = try #require(FinishCommand(text))
        let hook = FinishHook(command, console: recorded.console, limit: limit)
        hook.run(Self.facts)
        hook.run(Self.facts)
        #expect(!hook.kill())
        return try recorded.err
    }

    @Test func `it is run once, and what it writes is repeated`() throws {
        #expect(
            try said("/bin/sh -c 'echo $DYNAFERRY_JOB; echo 2 >&2; printf 3'")
                == "on-finish: orders-1c4e\non-finish: 2\non-finish: 3\n")
    }

    @Test func `what goes wrong with it is a warning`() throws {
        #expect(
            try said("/bin/sh -c 'exit 4'")
                == "warning: --on-finish: /bin/sh ended with exit code 4\n")
        #expect(
            try said("/no/such/program")
                == "warning: --on-finish: /no/such/program was not started:"
                + " No such file or directory\n")
        #expect(
            try said("/bin/sh -c 'kill -9 $$'")
                == "warning: --on-finish: /bin/sh was killed by signal 9\n")
    }

    /// Goal: neither it nor what it has started holds the tool up.
    @Test func `one that does not end is killed with all that it has started`() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let waiting = "/bin/sh -c 'sleep 1000 <>\(pipe) & wait'"
        #expect(
            try said(waiting, limit: .milliseconds(300))
                == "warning: --on-finish: /bin/sh was killed: it took longer than 0 s\n")
        // Were the sleeper alive, the pipe had a reader.
        let writing = open(pipe, O_WRONLY | O_NONBLOCK)
        #expect(writing == -1 && errno == ENXIO)
    }

    @Test func `a child that outlives it is not waited for`() throws {
        let said = try said("/bin/sh -c 'sleep 5 & echo started'")
        #expect(said == "on-finish: started\n")
    }

    @Test func `output without an end is cut short`() throws {
        let said = try said("/bin/sh -c 'yes | head -n 5000'")
        #expect(said.split(separator: "\n").count == 201)
        #expect(said.hasSuffix("on-finish: 4,800 more lines are not shown\n"))
    }

    // MARK: By the built program

    private static let tell = """
        /bin/sh -c 'env | grep -E "^(AWS|DYNAFERRY)_" | sort >> "$HOOK_FILE"'
        """

    /// Runs a copy with a hook.
    /// - Returns: how it ended, and what the hook was told.
    private func told(
        _ site: CopySite, _ options: [String], target: String = "Copy"
    ) throws -> (Binary.Result, [String]) {
        let file = site.folder.path("told")
        let words = ["copy", "Orders", target] + site.words(options).dropFirst(3)
        let result = try Binary.shell(
            "exec \"$0\" \"$@\"", words + ["--on-finish", Self.tell],
            environment: CopySite.credentials.merging(["HOOK_FILE": file]) { $1 })
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return (result, text.split(separator: "\n").map(String.init))
    }

    @Test func `a copy that succeeds tells of it`() throws {
        let site = try CopySite()
        let (result, told) = try told(site, ["--job", "one", "--write-units", "100000"])
        #expect(result.status == 0, "\(result)")
        #expect(
            told == [
                "DYNAFERRY_EXIT_CODE=0", "DYNAFERRY_JOB=one", "DYNAFERRY_OUTCOME=complete",
                "DYNAFERRY_REPORT=\(site.reportPath)",
            ])
    }

    @Test func `a copy that is refused tells of it, and keeps its exit code and message`() throws {
        let site = try CopySite()
        let (result, told) = try told(site, [], target: "missing-*")
        #expect(result.status == 2 && told.isEmpty, "nothing was begun: \(result)")
        let (refused, words) = try self.told(site, ["--endpoint", "http://127.0.0.1:9"])
        #expect(refused.status == 1 && refused.err.contains("error: "), "\(refused)")
        #expect(
            words == [
                "DYNAFERRY_EXIT_CODE=1", "DYNAFERRY_JOB=", "DYNAFERRY_OUTCOME=failed",
                "DYNAFERRY_REPORT=\(site.reportPath)",
            ])
    }

    @Test func `a verification whose output can't be written tells of it`() throws {
        let folder = try TemporaryFolder()
        let (file, report) = (folder.path("told"), folder.path("report.json"))
        let result = try Binary.shell(
            "exec \"$0\" \"$@\"",
            [
                "verify", "Orders", "Copy", "--endpoint", "http://127.0.0.1:9", "--region",
                "us-east-1", "--state-dir", folder.path("jobs"), "--on-finish", Self.tell,
                "--report", report, "--output", folder.path("none/differences.jsonl"),
            ], environment: CopySite.credentials.merging(["HOOK_FILE": file]) { $1 })
        #expect(result.status == 1 && result.err.contains("error: cannot write "), "\(result)")
        #expect(
            try String(contentsOfFile: file, encoding: .utf8) == """
                DYNAFERRY_EXIT_CODE=1
                DYNAFERRY_JOB=
                DYNAFERRY_OUTCOME=failed
                DYNAFERRY_REPORT=\(report)

                """)
    }

    @Test func `a copy that is interrupted tells of it`() throws {
        let site = try CopySite()
        let file = site.folder.path("told")
        let copy = try site.start(
            ["--job", "one", "--on-finish", Self.tell], shell: "export HOOK_FILE='\(file)'")
        try site.waitForProgress()
        copy.process.signal(SIGINT)
        #expect(try copy.end().status == 130)
        let told = try String(contentsOfFile: file, encoding: .utf8)
        #expect(
            told == """
                DYNAFERRY_EXIT_CODE=130
                DYNAFERRY_JOB=one
                DYNAFERRY_OUTCOME=interrupted
                DYNAFERRY_REPORT=\(site.reportPath)

                """)
    }

    /// Goal: one who waits for a job that is ended before it wrote anything is told too, and
    /// nothing is written while that takes its time.
    @Test func `a copy that is interrupted before it wrote anything tells of it`() throws {
        let asked = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { _ in
            asked.signal()
            let body = "{\"__type\":\"com.amazonaws.dynamodb.v20120810#InternalServerError\"}"
            let head = "HTTP/1.1 500 no\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            return .bytes(Array((head + body).utf8))
        }
        defer { server.stop() }
        let site = try CopySite()
        let file = site.folder.path("told")
        let copy = try site.start(
            ["--endpoint", server.url, "--on-finish", Self.tell],
            shell: "export HOOK_FILE='\(file)'")
        // Whoever asks has its signals watched.
        asked.wait()
        copy.process.signal(SIGINT)
        let result = try copy.end()
        #expect(result.status == 130)
        #expect(result.err == "stopped: nothing was written\n", "\(result.err)")
        let told = try String(contentsOfFile: file, encoding: .utf8)
        #expect(told.contains("DYNAFERRY_OUTCOME=interrupted\n"), "\(told)")
    }
}
