import Foundation
import JSON
import TestSupport
import Testing

@testable import dynaferry

/// Goal: a program can read what a job has come to, from a file or a pipe.
@Suite(.timeLimit(.minutes(20))) struct ReportOutputTests {
    private let server: Served
    private let folder: TemporaryFolder

    init() throws {
        server = try Served(["--fill", "Orders=60", "--fill", "Same=60", "--bucket", "dumps"])
        folder = try TemporaryFolder()
    }

    private func run(_ words: [String]) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" \"$@\"",
            words + [
                "--endpoint", server.url, "--region", "us-east-1", "--progress", "none",
                "--state-dir", folder.path("jobs"),
            ], environment: CopySite.credentials)
    }

    private func isTime(_ json: JSON?) -> Bool {
        json?.string?.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/#) != nil
    }

    /// What every report begins with, whatever it is of.
    private func check(_ report: JSON, source: String?, target: String?) throws {
        #expect(isTime(report["start"]) && isTime(report["end"]))
        #expect(report["host"]?.string?.isEmpty == false)
        #expect(report["program"]?.string?.hasPrefix("dynaferry ") == true)
        let table = try #require(report["tables"]?.array?.first)
        #expect(report["tables"]?.array?.count == 1)
        for (side, name) in [("source", source), ("target", target)] {
            guard let name else {
                #expect(report["\(side)Side"]?["region"] == .null)
                continue
            }
            let arn = try #require(table["\(side)Arn"]?.string)
            #expect(arn.hasSuffix(":table/\(name)"), "\(arn)")
            #expect(report["\(side)Side"]?["region"] == "us-east-1")
            #expect(report["\(side)Side"]?["account"]?.string?.count == 12)
        }
    }

    @Test func `with --report - stdout has the report, and stderr the summary`() throws {
        let copy = try run(["copy", "Orders", "Copy", "--report", "-"])
        #expect(copy.status == 0, "\(copy)")
        try check(try JSON(parsing: copy.out), source: "Orders", target: "Copy")
        #expect(copy.err.contains("copied Orders to Copy in "), "\(copy)")

        let verify = try run(["verify", "Orders", "Copy", "--report", "-"])
        let report = try JSON(parsing: verify.out)
        try check(report, source: "Orders", target: "Copy")
        #expect(report["outcome"] == "equal")
        #expect(verify.err.contains("Orders and Copy are equal"), "\(verify)")

        let once = try run(["verify", "Orders", "Copy", "--report", "-", "--json"])
        #expect(try JSON(parsing: once.out)["outcome"] == "equal")
        #expect(!once.err.contains("are equal"), "\(once)")
    }

    @Test func `exports and imports report as copies do`() throws {
        let export = try run(["copy", "Orders", "s3://dumps/one/", "--report", "-"])
        #expect(export.status == 0, "\(export)")
        try check(try JSON(parsing: export.out), source: "Orders", target: nil)
        let path = folder.path("report.json")
        let again = try run(["copy", "s3://dumps/one/", "Made", "--report", path])
        #expect(again.status == 0 && again.out.hasPrefix("copied "), "\(again)")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try check(try JSON(parsing: text), source: nil, target: "Made")
    }

    /// Goal: who reads only the report learns that nothing was done, and why.
    @Test(arguments: [
        (["copy", "Orders", "Same"], 1, "Same holds items"),
        (["verify", "Orders", "Missing"], 1, "Missing"),
        (["copy", "Orders", "Late", "--stop-at", "2020-01-01T00:00:00Z"], 2, "has passed"),
    ])
    func `a job that is refused is reported too`(
        words: [String], code: Int, error: String
    ) throws {
        let path = folder.path("report.json")
        for place in [path, "-"] {
            let result = try run(words + ["--report", place])
            #expect(Int(result.status) == code, "\(result)")
            let text = place == "-" ? result.out : try String(contentsOfFile: path, encoding: .utf8)
            let report = try JSON(parsing: text)
            #expect(report["outcome"] == "failed" && report["version"]?.int == 3)
            #expect(report["exitCode"]?.int == code && report["job"] == .null)
            let message = try #require(report["error"]?.string)
            #expect(message.contains(error) && result.err.contains("error: \(message)\n"))
            #expect(report["hints"]?.array?.isEmpty == false)
            #expect(report["source"] == "Orders" && report["tables"]?.array?.isEmpty == true)
            #expect(isTime(report["start"]) && isTime(report["end"]))
            #expect(report["program"]?.string?.hasPrefix("dynaferry ") == true)
        }
    }

    @Test func `the demo's report has stdout for itself, and its list of tables comes last`() throws
    {
        let words = ["demo", "--migration", "--items", "2000", "--progress", "none"]
        let shown = try Binary.run(words)
        #expect(shown.status == 0, "\(shown)")
        let lines = shown.out.split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
        let compared = try #require(lines.firstIndex { $0.hasPrefix("  compared ") })
        let head = try #require(lines.firstIndex { $0.contains("outcome") })
        #expect(compared < head && lines[compared + 1].isEmpty)
        #expect(!shown.err.contains("hint:") && !shown.out.contains("http://"), "\(shown)")

        let reported = try Binary.run(words + ["--report", "-"])
        let report = try JSON(parsing: reported.out)
        #expect(report["tables"]?.array?.count == 19)
        #expect(reported.err.contains("  compared "), "\(reported.err)")
    }
}
