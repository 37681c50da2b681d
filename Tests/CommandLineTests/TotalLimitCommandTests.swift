import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import dynaferry

/// Goal: limits over all tables of a job, as its user sets, sees, changes and keeps them.
@Suite(.serialized, .tags(.timeBound), .timeLimit(.minutes(20))) struct TotalLimitCommandTests {
    private let server: Served
    private let folder: TemporaryFolder

    init() throws {
        server = try Served([
            "--live-counts", "--fill", "stage-a=1500", "--fill", "stage-b=900", "--fill",
            "stage-c=300",
        ])
        folder = try TemporaryFolder()
    }

    private var place: [String] {
        [
            "--endpoint", server.url, "--region", "us-east-1", "--state-dir",
            folder.path("jobs"),
        ]
    }

    private func run(_ words: String...) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" \"$@\"", words + place, environment: CopySite.credentials)
    }

    private func jobs(_ words: String...) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" jobs \"$@\"", words + ["--state-dir", folder.path("jobs")])
    }

    @Test(arguments: ["50%", "0", "fast", "2e9"])
    func `a total that is no number of units is refused`(value: String) throws {
        for option in ["--total-write-units", "--total-read-units"] {
            let result = try run("copy", "stage-*", "*-dev", option, value)
            #expect(result.status == 2, "\(result)")
            #expect(
                result.err.contains("\(option) takes units a second, at least 1"), "\(result.err)")
        }
        #expect(try server.tables().count == 3)
    }

    @Test func `a copy keeps to it, says so, and says what it waits for`() throws {
        let result = try run(
            "copy", "stage-*", "*-dev", "--total-write-units", "1000", "--progress", "json",
            "--report", folder.path("report"))
        #expect(result.status == 0, "\(result)")
        let limits = "all tables together: at most 1000 write units a second"
        #expect(result.err.contains(limits), "\(result.err)")
        #expect(result.err.contains("\"waiting\":\"waiting: write limit of all tables\""))
        #expect(result.err.contains("\"writeLimit\":1000"))
        let report = try JSON(
            parsing: String(contentsOfFile: folder.path("report"), encoding: .utf8))
        #expect(report["itemsWritten"]?.int == 2_700)
        // 2,700 units, of which a tenth of a second's may have been saved up.
        let seconds = try #require(report["seconds"]?.double)
        #expect(seconds >= 2.5, "\(seconds) s")
        for (table, count) in [("a-dev", 1_500), ("b-dev", 900), ("c-dev", 300)] {
            #expect(try server.count(table) == count)
        }
    }

    @Test func `a read total is kept to as well`() throws {
        let result = try run(
            "copy", "stage-a", "Copy", "--total-read-units", "60", "--progress", "none",
            "--segments", "16", "--report", folder.path("report"))
        #expect(result.status == 0, "\(result)")
        #expect(result.err.contains("at most 60 read units a second"), "\(result.err)")
        let report = try JSON(
            parsing: String(contentsOfFile: folder.path("report"), encoding: .utf8))
        let units = try #require(report["readUnits"]?.double)
        let seconds = try #require(report["seconds"]?.double)
        // One page of some five units may be ahead of it.
        #expect(units <= 60 * seconds + 6, "\(units) units in \(seconds) s")
    }

    @Test func `it is changed on a running job, kept, and holds when the job goes on`() throws {
        let words = ["copy", "stage-*", "*-dev", "--job", "one", "--progress", "none"] + place
        let copy = try ChildProcess(
            "/bin/sh",
            ["-c", "exec \"$0\" \"$@\" 2>/dev/null", Binary.path] + words
                + ["--total-write-units", "100"],
            environment: CopySite.credentials.map { "\($0)=\($1)" }, input: .null, output: .pipe)
        while ((try? server.count("c-dev")) ?? 0) == 0 { sched_yield() }
        let throttled = try jobs("throttle", "one", "--total-write-units", "150")
        #expect(throttled.status == 0, "\(throttled)")
        #expect(throttled.out.contains("write units of all tables 150 a second, from now on"))
        let status = try JSON(parsing: jobs("status", "one", "--json").out)
        #expect(status["throttle"]?["totalWriteUnits"]?.double == 150)
        copy.signal(SIGKILL)
        _ = copy.wait()
        let idle = try jobs("throttle", "one", "--total-write-units", "2000")
        #expect(idle.out.contains("2000 a second, from its next run on"), "\(idle)")
        let again = try Binary.shell(
            "exec \"$0\" \"$@\"", words + ["--total-write-units", "100"],
            environment: CopySite.credentials)
        #expect(again.status == 0, "\(again)")
        #expect(again.err.contains("at most 2000 write units a second"), "\(again.err)")
        #expect(try server.count("a-dev") == 1_500)
    }

    @Test func `a plan says what the totals make of it`() throws {
        let words = ["plan", "stage-*", "*-dev", "--total-write-units", "100"]
        let text = try Binary.shell(
            "exec \"$0\" \"$@\"", words + place, environment: CopySite.credentials)
        #expect(text.status == 0, "\(text)")
        #expect(text.out.contains("all tables together: at most 100 write units a second"))
        #expect(
            text.out.contains(
                "27 s at least, held back by: write limit of all tables"),
            "\(text.out)")
        let json = try JSON(
            parsing: Binary.shell(
                "exec \"$0\" \"$@\"", words + place + ["--json"],
                environment: CopySite.credentials
            ).out)
        #expect(json["totalWriteLimit"]?.double == 100)
        #expect(json["secondsAtTotals"]?.double == 27)
        #expect(json["seconds"]?.double == 27)
        #expect(json["heldBackBy"]?.string == "write limit of all tables")
    }
}
