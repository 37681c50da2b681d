import Foundation
import JSON
import TestSupport
import Testing

@testable import dynaferry

@Suite struct ReportTests {
    static let usage = ProcessUsage(cpuSeconds: 1.21, peakMemoryBytes: 43_200_000)

    static func summary() -> CopySummary {
        var summary = CopySummary(
            source: "acme-staging-transactions", target: "acme-transactions-dev",
            outcome: .complete)
        summary.seconds = 5.214
        summary.segments = 128
        summary.itemsRead = 380_218
        summary.itemsWritten = 380_218
        summary.bytes = 155_100_000
        summary.bytesReceived = 268_000_000
        summary.bytesSent = 281_400_000
        summary.readUnits = 18_932.5
        summary.writeUnits = 380_218
        summary.scanRequests = 164
        summary.writeRequests = 15_209
        summary.targetThrottles = 12
        summary.itemsRetried = 341
        summary.usage = usage
        return summary
    }

    @Test func `the report has a fact a line`() {
        #expect(
            Self.summary().lines == [
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

    @Test func `dead letters are told, and where they are`() {
        var summary = Self.summary()
        summary.outcome = .deadLetters
        summary.deadLetters = 3
        summary.itemsLeftOut = 1
        summary.deadLettersFile = "./letters.jsonl"
        #expect(summary.lines[0].hasPrefix("copied, but for dead letters, "))
        #expect(summary.lines[1].hasSuffix("3 dead letters, 1 left out"))
        #expect(summary.lines[2] == "  dead letters  ./letters.jsonl")
        #expect(summary.outcome.exitCode == .differs)
    }

    @Test func `a report in JSON reads back as it was`() throws {
        var summary = Self.summary()
        summary.outcome = .failed
        summary.error = "BatchWriteItem on x: AccessDeniedException"
        summary.hints = ["grant it", "try \"again\""]
        let json = try JSON(parsing: summary.json.prettyText)
        #expect(CopySummary(json: json) == summary)
        #expect(json["exitCode"]?.int == 1)
        #expect(json["itemsPerSecond"]?.double == summary.itemsPerSecond)
        #expect(CopySummary(json: ["version": 1]) == nil)
        #expect(CopySummary(json: []) == nil)
    }

    @Test func `the process knows what it has used`() {
        let usage = ProcessUsage.now()
        #expect(usage.cpuSeconds > 0)
        #expect(usage.peakMemoryBytes > 1 << 20)
        #expect(ProcessUsage.peakMemory(status: "VmPeak:\t9 kB\nVmHWM:\t    12 kB\n") == 12_288)
        #expect(ProcessUsage.peakMemory(status: "") == 0)
    }

    @Test func `an empty run divides by nothing`() {
        let summary = CopySummary(source: "aaa", target: "bbb", outcome: .interrupted)
        #expect(summary.lines[3] == "  speed         0 items/s, 0 B/s")
        #expect(summary.outcome.exitCode == .interrupted)
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
