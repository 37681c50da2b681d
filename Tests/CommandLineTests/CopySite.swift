import Foundation
import JSON
import Jobs
import Schema
import Status
import System
import TestSupport
import Testing

@testable import Arguments
@testable import dynaferry

/// A server with a table `Orders`, and copies of it into `Copy`, whose jobs have a folder of their
/// own.
final class CopySite {
    static let items = 1_500
    let server: Served
    let folder: TemporaryFolder
    private var copies = 0

    init() throws {
        server = try Served(["--fill", "Orders=\(Self.items)"])
        folder = try TemporaryFolder()
    }

    /// A copy under way, as a child process.
    struct Running {
        let process: ChildProcess
        fileprivate let errorsPath: String

        /// Waits for its end. What it has said to stdout, and to stderr, is the result's.
        func end() throws -> Binary.Result {
            var lines: [String] = []
            while let line = process.readLine() { lines.append(line) }
            let status: Int32 =
                switch process.wait() {
                case .exited(let code): code
                case .killed(let signal): -signal
                }
            return Binary.Result(
                status: status, out: lines.joined(separator: "\n"),
                err: try String(contentsOfFile: errorsPath, encoding: .utf8))
        }
    }

    /// Starts the one command that this is about, with other options in place of its own.
    /// - Parameter shell: is said to the shell that becomes the program.
    func start(_ options: [String] = [], shell: String = "") throws -> Running {
        copies += 1
        let errors = folder.path("errors-\(copies)")
        let process = try ChildProcess(
            "/bin/bash",
            ["-c", "\(shell)\nexec \"$0\" \"$@\" 2>'\(errors)'", Binary.path] + words(options),
            environment: Self.credentials.map { "\($0)=\($1)" }, input: .null, output: .pipe)
        return Running(process: process, errorsPath: errors)
    }

    static let credentials = ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"]

    /// The command's words; it takes about three seconds unless an option says otherwise.
    func words(_ options: [String] = []) -> [String] {
        let own = [
            ("--endpoint", server.url), ("--region", "us-east-1"), ("--state-dir", jobs.path),
            ("--report", reportPath), ("--progress", "none"), ("--write-units", "500"),
        ]
        let left = own.filter { !options.contains($0.0) }
        return ["copy", "Orders", "Copy"] + left.flatMap { [$0.0, $0.1] } + options
    }

    /// Runs it to its end.
    func run(_ options: [String] = [], shell: String = "") throws -> Binary.Result {
        try start(options, shell: shell).end()
    }

    /// Starts it, and kills it with SIGKILL once the job has saved some progress.
    /// - Returns: the job as it was left.
    @discardableResult
    func runAndKill(_ options: [String] = []) throws -> JobRecord {
        let copy = try start(options)
        try waitForProgress()
        copy.process.signal(SIGKILL)
        #expect(try copy.end().status == -SIGKILL)
        let job = try job()
        #expect((1..<Self.items).contains(job.progress.itemsDone), "\(job.progress)")
        return job
    }

    /// Returns as soon as the job has saved that some items are done.
    func waitForProgress() throws {
        while ((try? job())?.progress.itemsDone ?? 0) == 0 { usleep(5_000) }
    }

    var jobs: JobFolder { JobFolder(folder.path("jobs")) }
    var reportPath: String { folder.path("report.json") }

    /// The only job that there is.
    func job() throws -> JobRecord {
        let ids = jobs.ids
        guard ids.count == 1 else { throw CommandFailure("not one job but \(ids)") }
        return try JobFile.open(jobs.databasePath(ids[0]), readOnly: true).job()
    }

    func report() throws -> JSON {
        try JSON(parsing: String(contentsOfFile: reportPath, encoding: .utf8))
    }

    /// The target holds the source's items and no others; both fit on one page.
    func expectExact(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let tables = try ["Orders", "Copy"].map { table in
            let reply = try server.call("Scan", ["TableName": .string(table)])
            #expect(reply["LastEvaluatedKey"] == nil, sourceLocation: sourceLocation)
            return reply["Items"]
        }
        #expect(tables[0]?.array?.count == Self.items, sourceLocation: sourceLocation)
        #expect(tables[0] == tables[1], sourceLocation: sourceLocation)
    }

    /// Deletes a table and returns when it is gone.
    func delete(_ table: String) throws {
        try server.delete(table)
    }

    /// Makes a table with a string for its partition key, and the source's other key or none.
    func create(_ table: String, keys: [(name: String, type: String)]) throws {
        let roles = zip(keys, ["HASH", "RANGE"])
        try server.call(
            "CreateTable",
            [
                "TableName": .string(table), "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": .array(
                    roles.map {
                        ["AttributeName": .string($0.0.name), "KeyType": .string($0.1)]
                    }),
                "AttributeDefinitions": .array(
                    keys.map {
                        [
                            "AttributeName": .string($0.name),
                            "AttributeType": .string($0.type),
                        ]
                    }),
            ])
        while try server.call("DescribeTable", ["TableName": .string(table)])["Table"]?[
            "TableStatus"]?.string != "ACTIVE"
        { usleep(5_000) }
    }

    /// The source's keys.
    static let keys = [(name: "accountId", type: "S"), (name: "sequence", type: "N")]
}
