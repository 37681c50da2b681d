import Flow
import Foundation
import JSON
import Status
import TestSupport
import Testing
import Transfer

@testable import Arguments
@testable import dynaferry

@Suite struct ReportTests {
    static let usage = ProcessUsage(cpuSeconds: 1.21, peakMemoryBytes: 43_200_000)

    static let arguments = ["acme-staging-transactions", "acme-transactions-dev"]

    /// Where a copy stands that has moved all its items.
    static func status() -> JobStatus {
        var table = TableStatus(source: arguments[0], target: arguments[1])
        table.stage = .ended
        table.outcome = .completed
        table.progress.segments = 128
        table.progress.counters.itemsRead = 380_218
        table.progress.counters.itemsWritten = 380_218
        table.progress.counters.storedBytesWritten = 155_100_000
        table.progress.counters.bytesRead = 268_000_000
        table.progress.counters.bytesSent = 281_400_000
        table.progress.counters.readUnits = 18_932.5
        table.progress.counters.writeUnits = 380_218
        table.progress.counters.scans = 164
        table.progress.counters.writes = 15_209
        table.progress.counters.writesThrottled = 12
        table.progress.counters.itemsRetried = 341
        return JobStatus(.copy, [table], elapsed: .milliseconds(5_214))
    }

    static func failure() -> FlowFailure {
        FlowFailure(.giveUp, code: "Code", message: "no progress\nnone", hint: "check the target")
    }

    private func summary(_ status: JobStatus) throws -> CopySummary {
        CopySummary(try CopyArguments(parsing: Self.arguments), status, Self.usage)
    }

    @Test func `the report has a fact a line`() throws {
        #expect(
            try summary(Self.status()).lines == [
                "copied acme-staging-transactions to acme-transactions-dev in 5.21 s",
                "  items         380,218 written of 380,218 read, 0 dead letters",
                "  size          155.1 MB of items; 268.0 MB received, 281.4 MB sent",
                "  speed         72,923 items/s, 29.7 MB/s",
                "  read units    18,932.5 in 164 scans",
                "  write units   380,218.0 in 15,209 writes",
                "  throttles     0 by the source, 12 by the target",
                "  retries       341 items sent again, 0 requests after errors",
                "  segments      128",
                "  cpu           1.21 s, 3.18 us an item",
                "  peak memory   41.2 MiB",
            ])
    }

    @Test func `dead letters are told, and where they are`() throws {
        var status = Self.status()
        status.tables[0].progress.counters.deadLetters = 3
        status.tables[0].progress.counters.itemsLeftOut = 1
        status.deadLettersPaths = ["./letters.jsonl"]
        let summary = try summary(status)
        #expect(summary.lines[0].hasPrefix("copied, but for dead letters, "))
        #expect(summary.lines[1].hasSuffix("3 dead letters, 1 left out"))
        #expect(summary.lines[2] == "  dead letters  ./letters.jsonl")
        #expect(summary.exitCode == .differs)
        #expect(!summary.hints.contains { $0.contains("jobs retry") }, "nothing is kept of it")
        status.id = "orders-7f3a"
        let hints = try self.summary(status).hints
        #expect(hints.contains { $0.hasSuffix("dynaferry jobs retry orders-7f3a") }, "\(hints)")
    }

    @Test func `a report in JSON has every figure under its name`() throws {
        var status = Self.status()
        status.tables[0].outcome = .failed(Self.failure())
        let json = try JSON(parsing: try summary(status).json.prettyText)
        #expect(json["version"] == 3)
        #expect(json["exitCode"] == 1)
        #expect(json["error"] == "Code: no progress")
        #expect(json["hints"]?.array?.first == "check the target")
        #expect(json["itemsWritten"] == 380_218)
        #expect(json["targetThrottles"] == 12)
        #expect(json["seconds"] == JSON(5.214))
        #expect(json["itemsPerSecond"]?.double == 380_218 / 5.214)
        #expect(json["peakMemoryBytes"] == 43_200_000)
        let table = try #require(json["tables"]?.array?.first)
        #expect(table["outcome"] == "failed")
        #expect(table["bytes"] == 155_100_000)
    }

    @Test func `the process knows what it has used`() {
        let usage = ProcessUsage.now()
        #expect(usage.cpuSeconds > 0)
        #expect(usage.peakMemoryBytes > 1 << 20)
        #expect(ProcessUsage.peakMemory(status: "VmPeak:\t9 kB\nVmHWM:\t    12 kB\n") == 12_288)
        #expect(ProcessUsage.peakMemory(status: "") == 0)
    }

    @Test func `an empty run divides by nothing`() throws {
        let table = TableStatus(source: "aaa", target: "bbb")
        let summary = try summary(JobStatus(.copy, [table], elapsed: .zero))
        #expect(summary.lines[3] == "  speed         0 items/s, 0 B/s")
        #expect(summary.exitCode == .interrupted)
    }

    @Test func `a file is replaced at the end, and not touched before`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("report.json")
        try "old".write(toFile: path, atomically: false, encoding: .utf8)
        let file = try OutputFile(path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        try file.write("new")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
        #expect(try folder.names() == ["report.json"])
    }

    @Test func `a link to a report stays a link`() throws {
        let folder = try TemporaryFolder()
        try "old".write(toFile: folder.path("real"), atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link"), withDestinationPath: folder.path("real"))
        try OutputFile(folder.path("link")).write("new")
        #expect(try String(contentsOfFile: folder.path("real"), encoding: .utf8) == "new")
        #expect(try folder.names() == ["link", "real"])
    }

    @Test func `a place that can't be written is found before there is anything to write`() throws {
        let folder = try TemporaryFolder()
        for path in [folder.path("missing/report.json"), folder.path(""), "/proc/report.json"] {
            let failure = #expect(throws: CommandFailure.self) { _ = try OutputFile(path) }
            #expect(failure?.message.hasPrefix("cannot write \(path): ") == true)
        }
        _ = try OutputFile("/dev/null").write("gone")
    }

    @Test func `a log is appended to, for its owner alone`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("log")
        for word in ["one", "two"] { try LineFile(path).append(word) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\ntwo\n")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }
}
