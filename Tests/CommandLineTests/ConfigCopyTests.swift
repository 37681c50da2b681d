import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import dynaferry

/// Goal: a migration that a file describes is planned, carried out and gone on with as it says.
@Suite(.timeLimit(.minutes(20))) struct ConfigCopyTests {
    private let server: Served
    private let folder: TemporaryFolder

    init() throws {
        server = try Served([
            "--fill", "stage-orders=1500", "--fill", "stage-users=300", "--fill", "stage-tmp=5",
            "--fill", "lookup=40",
        ])
        folder = try TemporaryFolder()
    }

    private var file: String {
        """
        // All of a stage, orders slowly.
        {
            "region": "us-east-1", "endpoint": "\(server.url)",
            "state-dir": "\(folder.path("jobs"))", "report": "\(folder.path("report"))",
            "progress": "none",
            "tables": [
                {"source": "stage-orders", "target": "orders-dev", "write-units": 400,
                 "segments": 8},
                {"source": "stage-*", "target": "*-dev", "write-units": 3000},
                {"source": "lookup", "target": "reference", "merge": true},
            ],
            "exclude": "*-tmp",
            "rename": {"stage-users": "people"},
        }
        """
    }

    private func write(_ text: String) throws -> String {
        let path = folder.path("migration.json")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func run(_ words: String...) throws -> Binary.Result {
        try Binary.shell("exec \"$0\" \"$@\"", words, environment: CopySite.credentials)
    }

    @Test func `a plan tells what each table of the file is held to`() throws {
        let path = try write(file)
        let before = try server.tables()
        let result = try run("plan", "--config", path, "--json")
        #expect(result.status == 0, "\(result)")
        let tables = try JSON(parsing: result.out)["tables"]?.array ?? []
        #expect(
            tables.compactMap { $0["target"]?.string } == ["reference", "orders-dev", "people"])
        #expect(tables.map { $0["writeLimit"]?.double } == [nil, 400, 3_000])
        #expect(try server.tables() == before)
        let policies = try JSON(parsing: run("plan", "--config", path, "--iam").out)
        let resources = policies["target"]?["Statement"]?.array?.first?["Resource"]?.array ?? []
        #expect(resources.count { $0.string?.hasSuffix("/index/*") == false } == 4)
    }

    @Test func `a copy is what the file says, table by table`() throws {
        // Made before, so that only an entry that says to merge lets it be written.
        try #require(
            try run(
                "copy", "lookup", "reference", "--endpoint", server.url, "--region", "us-east-1",
                "--state-dir", folder.path("jobs")
            ).status == 0)
        let result = try run("copy", "--config", write(file))
        #expect(result.status == 0, "\(result)")
        #expect(result.err.contains("stage-orders: read units a second: no limit (on demand)"))
        #expect(result.err.contains("write units a second: at most 400"), "\(result.err)")
        #expect(result.err.contains("write units a second: at most 3000"), "\(result.err)")
        #expect(
            result.out.contains("copied stage-orders, stage-* and lookup to"), "\(result.out)")
        #expect(try server.count("orders-dev") == 1_500)
        #expect(try server.count("people") == 300)
        #expect(try server.count("reference") == 40)
        #expect(try server.tables().contains("tmp-dev") == false)
    }

    @Test func `tables go to files and come from them as the file says, table by table`() throws {
        let (all, few) = (folder.path("all/"), folder.path("few/"))
        let out = try run(
            "copy", "--config",
            write(
                """
                {"endpoint": "\(server.url)", "region": "us-east-1",
                 "state-dir": "\(folder.path("jobs"))",
                 "tables": [{"source": "stage-orders", "target": "\(all)"},
                            {"source": "stage-users", "target": "\(few)",
                             "compression": "none", "where": "size(id) > 1000"}]}
                """))
        #expect(out.status == 0, "\(out)")
        let into = try run(
            "copy", "--config",
            write(
                """
                {"endpoint": "\(server.url)", "region": "us-east-1",
                 "state-dir": "\(folder.path("jobs"))",
                 "tables": [{"source": "\(all)", "target": "from-all", "write-units": 4000},
                            {"source": "\(few)", "target": "from-few", "latest": true}]}
                """))
        #expect(into.status == 0, "\(into)")
        #expect(into.err.contains("write units a second: at most 4000"), "\(into.err)")
        #expect(try server.count("from-all") == 1_500 && server.count("from-few") == 0)
    }

    @Test func `the same command goes on, and the rest of the file may have changed`() throws {
        let path = try write(file)
        let first = try ChildProcess(
            "/bin/sh",
            ["-c", "exec \"$0\" \"$@\" 2>/dev/null", Binary.path, "copy", "--config", path],
            environment: CopySite.credentials.map { "\($0)=\($1)" }, input: .null, output: .pipe)
        while ((try? server.count("people")) ?? 0) < 300 { sched_yield() }
        first.signal(SIGKILL)
        _ = first.wait()
        #expect(try server.count("orders-dev") < 1_500)
        _ = try write(file.replacing("\"write-units\": 400", with: "\"write-units\": 4000"))
        let again = try run("copy", "--config", path)
        #expect(again.status == 0, "\(again)")
        #expect(again.err.contains("resuming job "), "\(again.err)")
        #expect(again.err.contains("write units a second: at most 4000"), "\(again.err)")
        #expect(try server.count("orders-dev") == 1_500)
        let report = try JSON(
            parsing: String(contentsOfFile: folder.path("report"), encoding: .utf8))
        let job = try #require(report["job"]?.string)
        let retried = try run("jobs", "retry", job, "--state-dir", folder.path("jobs"))
        #expect(retried.out.contains("has no dead letters"), "\(retried)")
    }

    @Test func `other tables to merge into are another job`() throws {
        let slow = file.replacing("3000", with: "20")
        let first = try ChildProcess(
            "/bin/sh",
            ["-c", "exec \"$0\" \"$@\" 2>/dev/null", Binary.path, "copy", "--config", write(slow)],
            environment: CopySite.credentials.map { "\($0)=\($1)" }, input: .null, output: .pipe)
        for table in ["people", "orders-dev"] {
            while ((try? server.count(table)) ?? 0) == 0 { sched_yield() }
        }
        first.signal(SIGKILL)
        _ = first.wait()
        let other = file.replacing(
            "\"write-units\": 3000", with: "\"write-units\": 3000, \"merge\": true")
        let again = try run("copy", "--config", write(other))
        #expect(again.status == 1 && again.err.contains("orders-dev holds items"), "\(again)")
    }

    @Test func `the file may come from stdin, and is refused with 2 when it is wrong`() throws {
        let path = try write(file)
        let piped = try Binary.shell(
            "\"$0\" copy lookup reference --config - < \"$1\"", [path],
            environment: CopySite.credentials)
        #expect(piped.status == 0, "\(piped)")
        #expect(try server.count("reference") == 40)
        let before = try server.tables()
        for (text, words) in [
            (file.replacing("400", with: "true"), "migration.json:7: write-units: expected units"),
            (file.replacing("exclude", with: "exclud"), "did you mean exclude?"),
            ("{", "migration.json:1:2: expected '\"'"),
        ] {
            let wrong = try run("copy", "--config", write(text))
            #expect(wrong.status == 2 && wrong.err.contains(words), "\(wrong)")
        }
        let missing = try run("copy", "--config", folder.path("nowhere.json"))
        #expect(missing.status == 2 && missing.err.contains("No such file"), "\(missing)")
        #expect(try server.tables() == before)
    }
}
