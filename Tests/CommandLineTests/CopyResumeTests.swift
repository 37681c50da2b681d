import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import Transfer

/// Goal: a copy that ended in any way, or was held, goes on by the same command and ends exact.
@Suite(.timeLimit(.minutes(20))) struct CopyResumeTests {
    @Test func `the same command goes on after kill -9, and its report counts both runs`() throws {
        let site = try CopySite()
        let killed = try site.runAndKill()
        let result = try site.run()
        #expect(result.status == 0, "\(result.err)")
        #expect(result.err.contains("resuming job \(killed.id): "), "\(result.err)")
        try site.expectExact()
        let report = try site.report()
        let written = try #require(report["itemsWritten"]?.int)
        #expect(written == CopySite.items - killed.progress.itemsDone)
        #expect(report["runs"]?.int == 2)
        #expect(report["itemsInAll"]?.int == CopySite.items)
        let inAll = written + killed.progress.counters.itemsWritten
        #expect(report["itemsWrittenInAll"]?.int == inAll)
        let line = try #require(
            result.out.split(separator: "\n").first { $0.hasPrefix("  in all ") })
        #expect(line.contains("1,500 items in 2 runs of job \(killed.id), "), "\(line)")
        #expect(try site.job().state == .finished)
        // Nothing is left to be done, which a third run says.
        let third = try site.run()
        #expect(third.status == 1)
        #expect(
            third.err.contains("job \(killed.id) has copied everything into it"), "\(third.err)")
    }

    @Test func `a copy that is killed time and again is exact in the end`() throws {
        let site = try CopySite()
        var done = 0
        for _ in 0..<3 {
            let copy = try site.start()
            while (try? site.job().progress.itemsDone) ?? 0 <= done { usleep(2_000) }
            copy.process.signal(SIGKILL)
            #expect(try copy.end().status == -SIGKILL)
            done = try site.job().progress.itemsDone
        }
        #expect(try site.run().status == 0)
        try site.expectExact()
        #expect(try site.report()["runs"]?.int == 4)
    }

    @Test func `a second copy of the same tables is refused while the first one runs`() throws {
        let site = try CopySite()
        let first = try site.start()
        try site.waitForProgress()
        let second = try site.run()
        let job = try site.job()
        #expect(second.status == 1)
        #expect(
            second.err.contains("error: job \(job.id) is being run by process \(job.processID)\n"),
            "\(second.err)")
        #expect(second.err.contains("hint: "))
        #expect(job.runs == 1)
        let end = try first.end()
        #expect(end.status == 0, "\(end.err)")
        try site.expectExact()
    }

    @Test func `a copy that was suspended goes on when it may, and is exact`() throws {
        let site = try CopySite()
        let copy = try site.start(["--write-units", "1000"])
        try site.waitForProgress()
        copy.process.signal(SIGSTOP)
        let done = try site.job().progress.itemsDone
        sleep(3)
        #expect(try site.job().progress.itemsDone == done)
        copy.process.signal(SIGCONT)
        let end = try copy.end()
        #expect(end.status == 0, "\(end.err)")
        try site.expectExact()
        #expect(try site.report()["runs"]?.int == 1)
    }

    @Test func `a job that stopped over a day ago goes on only when told how`() throws {
        for (option, copied) in [("--resume", "the rest"), ("--restart", "everything")] {
            let site = try CopySite()
            let killed = try site.runAndKill()
            let path = site.jobs.databasePath(killed.id)
            try Database(path, .write).execute("UPDATE job SET updated = updated - 25 * 3600")
            let refused = try site.run()
            #expect(refused.status == 1)
            #expect(
                refused.err.contains("error: job \(killed.id) stopped 25 h ago, "),
                "\(refused.err)")
            let hint = refused.err.split(separator: "\n").first { $0.hasPrefix("hint: ") } ?? ""
            #expect(hint.contains("--resume") && hint.contains("--restart"), "\(refused.err)")
            #expect(try site.job().progress == killed.progress)

            let result = try site.run([option, "--write-units", "100000"])
            #expect(result.status == 0, "\(result.err)")
            try site.expectExact()
            let rest = CopySite.items - killed.progress.itemsDone
            let expected = copied == "everything" ? CopySite.items : rest
            #expect(try site.report()["itemsWritten"]?.int == expected, "\(option)")
        }
    }
}
