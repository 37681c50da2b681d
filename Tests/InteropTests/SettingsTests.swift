import Foundation
import JSON
import System
import TestSupport
import Testing
import dynaferry

/// Goal: a copy's definition and settings are its source's, whatever came between.
/// Method: boto3 makes the tables and compares both sides; the built program copies them.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython), .timeLimit(.minutes(20)))
struct SettingsTests {
    /// A folder of jobs, gone with its test.
    private final class Jobs {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("dynaferry-\(UUID().uuidString)")
        deinit { try? FileManager.default.removeItem(at: url) }
    }

    private func copy(
        _ source: String, _ target: String, at server: Server, _ options: [String] = []
    ) async throws -> Programs.Result {
        try await Programs.run(
            [
                Programs.dynaferry, "copy", source, target, "--endpoint", server.url, "--region",
                "us-east-1", "--progress", "none",
            ] + options)
    }

    @Test func `forty generated tables arrive with all that they have`() async throws {
        let server = try Server.serve()
        try await Programs.runScript("definitions.py", ["make", server.url, "def", "0-39", "1"])
        let result = try await copy("def-*", "out-*", at: server, ["--tables", "8"])
        #expect(result.status == 0, result.text)
        let compared = try await Programs.runScript(
            "definitions.py", ["compare", server.url, "def", "out", "0-39"])
        #expect(compared.contains("40 pairs, 0 differences"))
    }

    @Test func `a stage of 31 tables moves by one command, with items and settings`() async throws {
        let said = try await Programs.runScript("migration.py", [Programs.dynaferry, "0.02"])
        #expect(said.contains(" s, 0 failures"), "\(said)")
    }

    @Test func `indexes that are made after the items make the same table`() async throws {
        let server = try Server.serve(["--settle-ms", "50"])
        try await Programs.runScript(
            "definitions.py", ["make", server.url, "def", "27,38", "2"])
        let result = try await copy("def-*", "out-*", at: server, ["--indexes", "after"])
        #expect(result.status == 0, result.text)
        #expect(result.err.contains("building index index-2"), result.text)
        #expect(result.err.contains("index index-2 is filled"), result.text)
        try await Programs.runScript(
            "definitions.py", ["compare", server.url, "def", "out", "27,38"])
    }

    @Test func `auto scaling is carried over, by the service that it belongs to`() async throws {
        let url = try Emulator.moto.server.url
        try await Programs.runScript("scaling.py", ["make", url, "scaled"])
        let result = try await Programs.run(
            [
                "/usr/bin/env", "AWS_ENDPOINT_URL=\(url)", Programs.dynaferry, "copy", "scaled",
                "scaled-copy", "--region", "us-east-1", "--segments", "4",
            ])
        #expect(result.status == 0, result.text)
        try await Programs.runScript("scaling.py", ["compare", url, "scaled", "scaled-copy"])
    }

    // MARK: Killed between steps

    @Test func `killed after any step and run again, a copy ends as if never killed`() async throws
    {
        let server = try Server.serve(["--faults", "latency-ms=25", "--settle-ms", "50"])
        let numbers = "22,38"
        try await Programs.runScript("definitions.py", ["make", server.url, "def", numbers, "3"])
        var kills = 0
        // Until one gets through: it has taken as many steps as there are.
        while kills < 60 {
            let jobs = Jobs()
            let options = [
                "--indexes", "after", "--segments", "2", "--tables", "1", "--state-dir",
                jobs.url.path,
            ]
            let target = "out\(kills)"
            let isKilled = try killed(
                after: kills + 1, "def-*", "\(target)-*", at: server, options)
            if isKilled {
                let result = try await copy("def-*", "\(target)-*", at: server, options)
                // The kill may come when all is done and kept, but the process is not gone yet.
                let isDone = result.err.contains("has copied everything into it")
                #expect(result.status == 0 || isDone, result.text)
            }
            try await Programs.runScript(
                "definitions.py", ["compare", server.url, "def", target, numbers])
            guard isKilled else { break }
            kills += 1
        }
        // Two tables, four indexes and six settings; of two that come at once only one is seen.
        #expect((9..<60).contains(kills), "\(kills)")
    }

    /// Starts a copy, and kills it as soon as the server has answered so many changing requests.
    /// - Returns: false when it came to its end before.
    private func killed(
        after steps: Int, _ source: String, _ target: String, at server: Server,
        _ options: [String]
    ) throws -> Bool {
        let before = try changes(at: server)
        let process = try ChildProcess(
            "/bin/sh",
            [
                "-c", "exec \"$0\" \"$@\" 2>/dev/null", Programs.dynaferry, "copy", source,
                target, "--endpoint", server.url, "--region", "us-east-1",
            ] + options,
            environment: ["AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test"], input: .null,
            output: .pipe)
        let ended = DispatchSemaphore(value: 0)
        let reader = Thread {
            while process.readLine() != nil {}
            ended.signal()
        }
        reader.start()
        while try changes(at: server) - before < steps {
            guard ended.wait(timeout: .now()) == .timedOut else {
                _ = process.wait()
                return false
            }
        }
        process.signal(SIGKILL)
        ended.wait()
        return process.wait() == .killed(signal: SIGKILL)
    }

    /// Requests that changed something, by the server's count.
    private func changes(at server: Server) throws -> Int {
        let curl = try ChildProcess(
            "/usr/bin/curl", ["-sS", server.url + "/_meter"], environment: [], input: .null,
            output: .pipe)
        var lines: [String] = []
        while let line = curl.readLine() { lines.append(line) }
        _ = curl.wait()
        let meter = try JSON(parsing: lines.joined(separator: "\n"))
        return (meter["requests"]?.members ?? []).reduce(0) { sum, member in
            let reads = ["Describe", "Get", "List", "Scan"].contains { member.name.hasPrefix($0) }
            return reads ? sum : sum + (member.value.int ?? 0)
        }
    }
}
