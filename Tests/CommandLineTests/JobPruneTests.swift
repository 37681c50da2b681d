import Foundation
import System
import TestSupport
import Testing

@testable import dynaferry

/// Goal: what is pruned is what was said, and what could be resumed stays.
@Suite(.timeLimit(.minutes(20))) struct JobPruneTests {
    private let server: Served
    private let folder: TemporaryFolder

    init() throws {
        server = try Served(["--fill", "Orders=50", "--fill", "Users=50"])
        folder = try TemporaryFolder()
    }

    private func run(_ words: [String]) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" \"$@\"", words + ["--state-dir", folder.path("jobs")],
            environment: CopySite.credentials)
    }

    private func copy(_ table: String, job: String, _ more: [String] = []) throws -> Binary.Result {
        try run(
            ["copy", table, "\(table)-copy", "--job", job, "--endpoint", server.url, "--region"]
                + ["us-east-1", "--progress", "none"] + more)
    }

    /// Leaves a job that can be resumed.
    private func stopCopy(_ table: String, job: String) throws {
        let words = [
            "copy", table, "\(table)-copy", "--job", job, "--endpoint", server.url, "--region",
            "us-east-1", "--progress", "none", "--write-units", "5", "--state-dir",
            folder.path("jobs"),
        ]
        let copy = try ChildProcess(
            "/bin/sh", ["-c", "exec \"$0\" \"$@\" 2>/dev/null", Binary.path] + words,
            environment: CopySite.credentials.map { "\($0)=\($1)" }, input: .null, output: .pipe)
        while ((try? server.count("\(table)-copy")) ?? 0) == 0 { sched_yield() }
        copy.signal(SIGINT)
        while copy.readLine() != nil {}
        #expect(copy.wait() == .exited(130))
    }

    private var files: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.path("jobs"))
                .filter { $0.hasSuffix(".db") }.sorted()
        }
    }

    @Test func `finished jobs go, others only with --all, and --dry-run removes nothing`() throws {
        #expect(try copy("Orders", job: "done").status == 0)
        try stopCopy("Users", job: "stopped")

        let young = try run(["jobs", "prune"])
        #expect(
            young.status == 0 && young.out.isEmpty && young.err == "0 jobs removed\n", "\(young)")

        let dry = try run(["jobs", "prune", "--older-than", "1ms", "--dry-run"])
        #expect(dry.out.hasPrefix("job done, finished, last updated "), "\(dry)")
        #expect(dry.out.hasSuffix(" ago, would be removed\n"), "\(dry)")
        #expect(dry.err.contains("job stopped, stopped, last updated "), "\(dry)")
        #expect(dry.err.contains("is kept: it can be resumed; --all removes it too\n"), "\(dry)")
        #expect(try files == ["done.db", "stopped.db"])

        let pruned = try run(["jobs", "prune", "--older-than", "1ms"])
        #expect(pruned.status == 0 && pruned.err.hasSuffix("\n1 job removed\n"), "\(pruned)")
        #expect(try files == ["stopped.db"])

        let all = try run(["jobs", "prune", "--older-than", "1ms", "--all"])
        #expect(all.out.hasPrefix("job stopped, ") && all.err == "1 job removed\n", "\(all)")
        #expect(try files.isEmpty)
    }

    @Test func `--running lists what a process runs`() throws {
        #expect(try copy("Orders", job: "done").status == 0)
        #expect(try run(["jobs"]).out.contains("done"))
        let none = try run(["jobs", "--running"])
        #expect(none.status == 0 && none.out.isEmpty, "\(none)")
        #expect(none.err.hasPrefix("no process runs a job in "), "\(none)")
    }
}
