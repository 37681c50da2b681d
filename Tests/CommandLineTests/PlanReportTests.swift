import Foundation
import Status
import TestSupport
import Testing

@testable import dynaferry

/// Goal: a plan is read at a glance, on a terminal of 80 columns.
/// Method: what it prints is a file that people read. It is written anew with
/// DYNAFERRY_UPDATE_SNAPSHOTS=1.
@Suite(.timeLimit(.minutes(20))) struct PlanReportTests {
    private static let server = Result {
        try Served([
            "--live-counts", "--fill", "orders=40000:1KB", "--fill", "stage-a=9000", "--fill",
            "stage-b=40:4KB", "--fill", "stage-c=0",
        ])
    }

    @Test(arguments: [
        ("one", ["orders", "orders-copy"]),
        ("three", ["stage-*", "*-dev"]),
        ("limited", ["stage-*", "*-dev", "--total-write-units", "100"]),
        ("slow", ["orders", "orders-copy", "--target-capacity", "5:5"]),
        ("boosted", ["orders", "orders-copy", "--target-capacity", "5:5", "--boost-write", "500"]),
        ("warm", ["orders", "orders-copy", "--boost-write", "9000"]),
        ("far", ["orders", "orders-copy", "--target-region", "eu-west-1"]),
        ("files", ["orders", "./dump/"]),
    ])
    func `it is as agreed, and no line is longer than 80 columns`(
        name: String, words: [String]
    ) throws {
        let folder = try TemporaryFolder()
        let result = try Binary.shell(
            "cd \"$1\" && shift && exec \"$0\" plan \"$@\"",
            [folder.path("")] + words + [
                "--endpoint", try Self.server.get().url, "--region", "us-east-1", "--state-dir",
                folder.path("jobs"),
            ],
            environment: CopySite.credentials)
        #expect(result.status == 0, "\(result)")
        for line in result.out.split(separator: "\n") {
            #expect(line.count <= 80, "\(line)")
        }
        try Snapshot.compare(result.out, "plan-report-\(name).txt")
    }

    @Test func `the guide shows the prices that are built in`() throws {
        let guide = Snapshot.folder.appendingPathComponent(
            "../../../Sources/dynaferry/Documentation.docc/CopyingTables.md")
        let text = try String(contentsOf: guide, encoding: .utf8)
        #expect(text.contains("```json\n\(PriceTable.builtIn)\n```"))
    }
}
