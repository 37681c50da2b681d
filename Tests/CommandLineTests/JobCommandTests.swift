import Foundation
import JSON
import Status
import System
import TestSupport
import Testing

@testable import Arguments
@testable import dynaferry

/// Goal: a job can be looked at and steered from outside, and what was asked holds.
/// Method: the built program, a slow copy, and what its users would type beside it.
@Suite(.timeLimit(.minutes(20))) struct JobCommandTests {
    private let server: Served
    private let folder: TemporaryFolder

    init() throws {
        server = try Served(["--fill", "Orders=2000"])
        folder = try TemporaryFolder()
    }

    private static let environment = ["AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret"]

    private var copyWords: [String] {
        [
            "copy", "Orders", "Copy", "--endpoint", server.url, "--region", "us-east-1",
            "--state-dir", folder.path("jobs"), "--write-units", "100", "--job", "one",
            "--progress", "none",
        ]
    }

    /// A copy in the background that has written something.
    private func start(_ more: String...) throws -> ChildProcess {
        let copy = try ChildProcess(
            "/bin/sh", ["-c", "exec \"$0\" \"$@\" 2>/dev/null", Binary.path] + copyWords + more,
            environment: Self.environment, input: .null, output: .pipe)
        while ((try? server.count("Copy")) ?? 0) == 0 { sched_yield() }
        return copy
    }

    private func jobs(_ words: String...) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" \"$@\"", ["jobs"] + words + ["--state-dir", folder.path("jobs")])
    }

    private func status() throws -> JSON { try JSON(parsing: jobs("status", "one", "--json").out) }

    private func finish(_ copy: ChildProcess) -> ProcessEnd {
        while copy.readLine() != nil {}
        return copy.wait()
    }

    @Test func `a job is listed with its state, paused, let go on, throttled and stopped`() throws {
        let copy = try start()
        let list = try jobs()
        #expect(list.out.contains("one") && list.out.contains("running"), "\(list)")
        #expect(list.out.contains("Orders to Copy"), "\(list)")

        #expect(try jobs("pause", "one").status == 0)
        #expect(try status()["state"]?.string == "paused")
        var before = -1
        var now = try server.count("Copy")
        // What was in flight comes home, and nothing after it.
        while now != before {
            before = now
            _ = try jobs("status", "one")
            now = try server.count("Copy")
        }
        #expect(now < 2_000)

        #expect(try jobs("resume", "one").status == 0)
        let throttle = try jobs("throttle", "one", "--write-units", "250")
        #expect(throttle.out == "job one: write units 250 a second, from now on\n", "\(throttle)")
        while try server.count("Copy") == now { sched_yield() }
        #expect(try status()["throttle"]?["writeUnits"]?.int == 250)

        let removal = try jobs("remove", "one")
        #expect(removal.status == 1 && removal.err.contains("job one is being run"), "\(removal)")
        #expect(try jobs("stop", "one").status == 0)
        #expect(finish(copy) == .exited(130))
        #expect(try status()["state"]?.string == "stopped")
    }

    @Test func `what no process runs can't be steered, but goes on with the last limits`() throws {
        let copy = try start()
        copy.signal(SIGINT)
        #expect(finish(copy) == .exited(130))
        for verb in ["pause", "stop", "resume"] {
            let result = try jobs(verb, "one")
            #expect(result.status == 1, "\(verb)")
            #expect(result.err.contains("no process runs job one"), "\(result)")
        }
        let command = try jobs("resume", "one").out
        #expect(command.hasPrefix("dynaferry copy Orders Copy --endpoint "), "\(command)")
        #expect(try jobs("throttle", "one", "--write-units", "100000").status == 0)

        let again = try Binary.shell(
            "exec \"$0\" \"$@\"", copyWords,
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
        #expect(again.status == 0, "\(again)")
        #expect(again.err.contains("resuming job one: "), "\(again)")
        #expect(
            again.err.contains("limits of the last jobs throttle hold: write units 100000"),
            "\(again)")
        #expect(again.out.contains("2,000 items in 2 runs of job one"), "\(again)")
        #expect(try server.count("Copy") == 2_000)

        #expect(try status()["state"]?.string == "finished")
        #expect(try jobs("throttle", "one", "--write-units", "5").status == 1)
        #expect(try jobs("remove", "one").status == 0)
        #expect(try jobs().err.contains("there are no jobs in"))
    }

    @Test func `--stop-at ends a copy as SIGINT does, and a time that has passed is refused`()
        throws
    {
        let past = try Binary.shell(
            "exec \"$0\" \"$@\"", copyWords + ["--stop-at", "2020-01-01T00:00:00Z"],
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
        #expect(past.status == 2 && past.err.contains("has passed"), "\(past)")
        let soon = Int(clamping: Date.now.timeIntervalSince1970) + 3
        let text = Date(timeIntervalSince1970: Double(soon)).formatted(.iso8601)
        let copy = try start("--stop-at", text)
        #expect(finish(copy) == .exited(130))
        #expect(Int(clamping: Date.now.timeIntervalSince1970) >= soon)
        #expect(try status()["state"]?.string == "stopped")
    }

    @Test func `dead letters are tried again: what is mended arrives, what is gone is dropped`()
        throws
    {
        try makeOddTable()
        let plan = try Binary.shell(
            "exec \"$0\" plan Odd Strict --region us-east-1 --endpoint \(server.url)",
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
        let foreseen = "3 of 10 sampled items have a mark that is no string, which index"
        #expect(plan.out.contains(foreseen), "\(plan)")
        let told = folder.path("told")
        let hook = "sh -c 'echo $DYNAFERRY_JOB $DYNAFERRY_OUTCOME $DYNAFERRY_EXIT_CODE >> \(told)'"
        let words =
            ["copy", "Odd", "Strict"] + copyWords.dropFirst(3)
            + ["--dead-letters", folder.path("letters.jsonl"), "--on-finish", hook]
        let copy = try Binary.shell(
            "exec \"$0\" \"$@\"", words,
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
        #expect(copy.status == 3, "\(copy)")
        let way = "writes them: dynaferry jobs retry one --state-dir \(folder.path("jobs"))"
        #expect(copy.err.contains(way), "\(copy)")
        #expect(try status()["deadLetters"]?.int == 3)

        try server.call(
            "PutItem", ["TableName": "Odd", "Item": ["id": ["S": "1"], "mark": ["S": "mended"]]])
        try server.call("DeleteItem", ["TableName": "Odd", "Key": ["id": ["S": "2"]]])
        let retry = try Binary.shell(
            "exec \"$0\" \"$@\"", ["jobs", "retry", "one", "--state-dir", folder.path("jobs")],
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
        #expect(retry.status == 3, "\(retry)")
        #expect(
            retry.out
                == "1 dead letter written, 1 dropped since the source no longer has them,"
                + " 1 refused again\n", "\(retry)")
        #expect(try status()["deadLetters"]?.int == 1)
        let found = try server.call(
            "GetItem", ["TableName": "Strict", "Key": ["id": ["S": "1"]]])
        #expect(found["Item"]?["mark"]?["S"]?.string == "mended")
        #expect(try server.count("Strict") == 8)
        let line = "one deadLetters 3\n"
        #expect(try String(contentsOfFile: told, encoding: .utf8) == line + line, "once each")
    }

    /// `Odd` has ten items, of which three have a `mark` that the index of `Strict` does not take.
    private func makeOddTable() throws {
        let key: JSON = [["AttributeName": "id", "KeyType": "HASH"]]
        try server.call(
            "CreateTable",
            [
                "TableName": "Odd", "BillingMode": "PAY_PER_REQUEST", "KeySchema": key,
                "AttributeDefinitions": [["AttributeName": "id", "AttributeType": "S"]],
            ])
        try server.call(
            "CreateTable",
            [
                "TableName": "Strict", "BillingMode": "PAY_PER_REQUEST", "KeySchema": key,
                "AttributeDefinitions": [
                    ["AttributeName": "id", "AttributeType": "S"],
                    ["AttributeName": "mark", "AttributeType": "S"],
                ],
                "GlobalSecondaryIndexes": [
                    [
                        "IndexName": "marks", "Projection": ["ProjectionType": "ALL"],
                        "KeySchema": [["AttributeName": "mark", "KeyType": "HASH"]],
                    ]
                ],
            ])
        for table in ["Odd", "Strict"] { while try !isActive(table) { sched_yield() } }
        for number in 1...10 {
            let mark: JSON = number <= 3 ? ["N": "7"] : ["S": "good"]
            try server.call(
                "PutItem",
                ["TableName": "Odd", "Item": ["id": ["S": .string("\(number)")], "mark": mark]])
        }
    }

    private func isActive(_ table: String) throws -> Bool {
        let described = try server.call("DescribeTable", ["TableName": .string(table)])
        return described["Table"]?["TableStatus"]?.string == "ACTIVE"
    }
}
