import Foundation
import JSON
import TestSupport
import Testing

@testable import dynaferry

/// Goal: a repair, a comparison of settings and one of many tables are what their user asked for,
/// and say so.
@Suite(.timeLimit(.minutes(20))) struct RepairCommandTests {
    private let server: Served
    private let folder: TemporaryFolder

    init() throws {
        server = try Served([
            "--fill", "stage-orders=300", "--fill", "orders-dev=320", "--fill", "stage-users=50",
            "--fill", "users-dev=40",
        ])
        folder = try TemporaryFolder()
    }

    private func run(_ words: [String]) throws -> Binary.Result {
        // Without a terminal that anything could be asked on.
        try Binary.shell(
            "exec setsid -w \"$0\" \"$@\"",
            words + ["--progress", "none", "--state-dir", folder.path("jobs")],
            environment: CopySite.credentials)
    }

    private func verify(_ words: String...) throws -> Binary.Result {
        try run(["verify"] + words + ["--endpoint", server.url, "--region", "us-east-1"])
    }

    @Test func `a repair that ends every difference ends with 0, and the tables are equal`() throws
    {
        let repair = try verify("stage-users", "users-dev", "--repair", "--json")
        #expect(repair.status == 0, "\(repair)")
        let report = try JSON(parsing: repair.out)
        #expect(report["outcome"] == "repaired")
        #expect(report["counts"]?["repaired"] == 10)
        #expect(report["counts"]?["left"] == 0)
        #expect(report["differences"]?.array?.first?["repair"] == "repaired")
        #expect(try verify("stage-users", "users-dev").status == 0)
    }

    @Test func `what only the target has stays, and that ends with 3`() throws {
        let repair = try verify("stage-orders", "orders-dev", "--repair")
        #expect(repair.status == 3, "\(repair)")
        #expect(repair.out.contains("20 left as they are"))
        #expect(try server.count("orders-dev") == 320)
    }

    @Test func `deleting is asked for twice`() throws {
        let alone = try verify("stage-orders", "orders-dev", "--delete-extra")
        #expect(alone.status == 2)
        let unasked = try verify("stage-orders", "orders-dev", "--repair", "--delete-extra")
        #expect(unasked.status == 1, "\(unasked)")
        #expect(unasked.err.contains("will be deleted") && unasked.err.contains("--yes"))
        #expect(try server.count("orders-dev") == 320)
        let asked = try verify("stage-orders", "orders-dev", "--repair", "--delete-extra", "--yes")
        #expect(asked.status == 0, "\(asked)")
        #expect(asked.out.contains("20 deleted"))
        #expect(try server.count("orders-dev") == 300)
    }

    @Test func `a repair of a sample, or of a source, is refused`() throws {
        let sample = try verify("stage-users", "users-dev", "--repair", "--sample", "5%")
        #expect(sample.status == 2)
        let source = try verify(
            "none", "none2", "--rename", "stage-users=users-dev", "--rename",
            "users-dev=stage-users", "--repair")
        #expect(source.status == 1, "\(source)")
        #expect(source.err.contains("but is a source itself"))
        #expect(try server.count("users-dev") == 40)
    }

    @Test func `settings are compared, listed, and left out when that is asked for`() throws {
        try server.call(
            "UpdateTimeToLive",
            [
                "TableName": "stage-orders",
                "TimeToLiveSpecification": ["Enabled": true, "AttributeName": "expires"],
            ])
        #expect(try run(copyWords).status == 0)
        let equal = try verify("stage-orders", "fresh")
        #expect(equal.status == 0, "\(equal)")
        try server.call(
            "UpdateTable",
            ["TableName": "fresh", "DeletionProtectionEnabled": true])
        let other = try verify("stage-orders", "fresh")
        #expect(other.status == 3, "\(other)")
        #expect(other.out.contains("deletion protection is on, the source's off"))
        let json = try JSON(parsing: try verify("stage-orders", "fresh", "--json").out)
        #expect(json["tables"]?.array?.first?["settingDifferences"]?.array?.count == 1)
        #expect(try verify("stage-orders", "fresh", "--no-deletion-protection").status == 0)
        #expect(try verify("stage-orders", "fresh", "--no-settings").status == 0)
    }

    private var copyWords: [String] {
        [
            "copy", "stage-orders", "fresh", "--endpoint", server.url, "--region", "us-east-1",
        ]
    }

    @Test func `the file that a copy was made by verifies it`() throws {
        let path = folder.path("migration.json")
        let text = """
            {
                "region": "us-east-1", "endpoint": "\(server.url)",
                "stop-at": "23:59",
                "tables": [
                    {"source": "stage-orders", "target": "orders-new", "segments": 8,
                     "write-units": 3000, "indexes": "with"},
                    {"source": "stage-*", "target": "*-new", "kms-key": "alias/some"},
                ],
            }
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try run(["copy", "--config", path]).status == 0)
        let result = try run(["verify", "--config", path, "--json"])
        #expect(result.status == 0, "\(result)")
        let tables = try #require(try JSON(parsing: result.out)["tables"]?.array)
        #expect(tables.map { $0["target"]?.string } == ["orders-new", "users-new"])
        #expect(tables[0]["segments"] == 8)
    }

    @Test func `one command verifies 19 pairs, and its report names each`() throws {
        let fills = DemoMigration.fills(items: 400)
        let stage = try Served(fills.flatMap { ["--fill", "\($0.table)=\($0.items)"] })
        let words =
            [DemoMigration.source, DemoMigration.target, "--endpoint", stage.url, "--region"]
            + ["us-east-1"] + DemoMigration.excluded.flatMap { ["--exclude", $0] }
        let copy = try run(["copy"] + words)
        #expect(copy.status == 0, "\(copy)")
        let result = try run(["verify"] + words)
        #expect(result.status == 0, "\(result)")
        #expect(DemoMigration.pairs.count == 19)
        for pair in DemoMigration.pairs {
            let line = result.out.split(separator: "\n").first { line in
                line.split(separator: " ").prefix(2).elementsEqual([
                    Substring(pair.source), Substring(pair.target),
                ])
            }
            #expect(line?.hasSuffix("equal") == true, "\(pair): \(result.out)")
        }
    }
}
