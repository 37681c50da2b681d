import Foundation
import JSON
import Jobs
import System
import TestSupport
import Testing

@testable import Arguments
@testable import dynaferry

/// Goal: a verification is a job as a copy is: it survives kill -9, and does what `jobs` says.
@Suite(.timeLimit(.minutes(20))) struct VerifyJobTests {
    private let server: Served
    private let folder: TemporaryFolder

    init() throws {
        server = try Served([
            "--fill", "Orders=3000", "--fill", "Copy=3000", "--fill", "Few=300", "--fill", "None=0",
        ])
        folder = try TemporaryFolder()
    }

    private var jobs: JobFolder { JobFolder(folder.path("jobs")) }

    private func words(_ words: [String]) -> [String] {
        ["verify"] + words + [
            "--endpoint", server.url, "--region", "us-east-1", "--progress", "none",
            "--state-dir", jobs.path,
        ]
    }

    private func run(_ words: [String]) throws -> Binary.Result {
        try Binary.shell("exec \"$0\" \"$@\"", words, environment: CopySite.credentials)
    }

    private func start(_ options: [String]) throws -> ChildProcess {
        try ChildProcess(
            "/bin/bash",
            ["-c", "exec \"$0\" \"$@\" 2>>'\(folder.path("errors"))'", Binary.path]
                + words(options), environment: CopySite.credentials.map { "\($0)=\($1)" },
            input: .null, output: .pipe)
    }

    private func wait(_ process: ChildProcess, until isSo: (JobView) -> Bool) throws -> JobView {
        for _ in 0..<20_000 {
            if let id = jobs.ids.first, let view = try? jobs.view(id), isSo(view) { return view }
            usleep(2_000)
        }
        process.signal(SIGKILL)
        throw CommandFailure("it did not come so far")
    }

    /// The job of a process that was killed half-way. Where the tests get so little of the machine
    /// that it has ended before it could be killed, it is begun again.
    private func startAndKill(_ words: [String]) throws -> JobView {
        while true {
            let process = try start(words)
            // 1,500 items of the source at least: more than it reads in the two seconds between
            // saves.
            let half = try wait(process) { $0.record.progress.itemsDone > 4_500 }
            process.signal(SIGKILL)
            _ = process.wait()
            if !(try jobs.view(half.id)).record.state.isOver { return half }
            _ = try run(["jobs", "remove", half.id, "--state-dir", jobs.path])
        }
    }

    @Test func `the same command goes on after kill -9, with the same result`() throws {
        let slow = ["Orders", "Copy", "--read-units", "25", "--segments", "32"]
        let killed = try startAndKill(slow)
        let result = try run(words(["Orders", "Copy", "--json"]))
        #expect(result.status == 0, "\(result)")
        #expect(result.err.contains("resuming job \(killed.id)"), "\(result)")
        let report = try JSON(parsing: result.out)
        #expect(report["job"] == .string(killed.id))
        #expect(report["runs"] == 2)
        #expect(report["counts"]?["equal"] == 3_000)
        let whole = try run(words(["Orders", "Copy", "--json"]))
        let units = try #require(try JSON(parsing: whole.out)["readUnits"]?.double)
        #expect(try #require(report["readUnits"]?.double) < units)
    }

    @Test func `a repair that is killed is gone on with, and counts what both have written`() throws
    {
        let first = try start(["Few", "None", "--repair", "--write-units", "50"])
        let killed = try wait(first) {
            let progress = $0.record.progress
            return progress.writeUnitsPerSecond > 0 && progress.writeLimit == 50 && hasRepaired()
        }
        first.signal(SIGKILL)
        _ = first.wait()
        let before = try server.count("None")
        #expect(before > 0 && before < 300)
        let result = try run(words(["Few", "None", "--repair", "--json"]))
        #expect(result.status == 0, "\(result)")
        let report = try JSON(parsing: result.out)
        #expect(report["job"] == .string(killed.id))
        // What was under way when it was killed is equal since, and nobody's.
        let repaired = try #require(report["counts"]?["repaired"]?.int)
        #expect((284...300).contains(repaired))
        #expect(try run(words(["Few", "None"])).status == 0)
    }

    private func hasRepaired() -> Bool { ((try? server.count("None")) ?? 0) > 20 }

    @Test func `it is listed, paused, resumed, stopped and removed as a copy is`() throws {
        let process = try start(["Orders", "Copy", "--read-units", "25", "--segments", "32"])
        let view = try wait(process) {
            $0.isRunning && $0.record.progress.itemsPerSecond > 0
                && (1...40).contains($0.record.progress.readUnitsPerSecond)
        }
        func jobs(_ verb: String...) throws -> Binary.Result {
            try run(["jobs"] + verb + ["--state-dir", self.jobs.path])
        }
        #expect(try jobs().out.contains("Orders with Copy"))
        let status = try jobs("status", view.id)
        #expect(status.out.contains("verifies") && status.out.contains("running"), "\(status)")
        #expect(try jobs("pause", view.id).status == 0)
        #expect(try jobs("status", view.id).out.contains("paused"))
        #expect(try jobs("resume", view.id).status == 0)
        let throttle = try jobs(
            "throttle", view.id, "--read-units", "10", "--target-read-units", "12")
        #expect(throttle.status == 0, "\(throttle)")
        #expect(throttle.out.contains("read units 10 a second, read units of the target 12"))
        #expect(try jobs("throttle", view.id, "--read-units", "50%").status == 1)
        #expect(try jobs("remove", view.id).status == 1)
        #expect(try jobs("stop", view.id).status == 0)
        #expect(process.wait() == .exited(130))
        #expect(try jobs("resume", view.id).out.contains("dynaferry verify Orders Copy"))
        let idle = try jobs(
            "throttle", view.id, "--read-units", "99000", "--target-read-units", "99000")
        #expect(idle.status == 0, "\(idle)")
        let again = try run(words(["Orders", "Copy"]))
        #expect(again.status == 0, "\(again)")
        #expect(
            again.err.contains(
                "limits of the last jobs throttle hold: read units 99000 a second, read units of"
                    + " the target 99000 a second"), "\(again.err)")
        #expect(try jobs("status", view.id).out.contains("finished, 100 % done"))
        #expect(try jobs("remove", view.id).status == 0)
    }
}
