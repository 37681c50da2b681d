import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import Transfer
@testable import dynaferry

/// Goal: `copy --verify` says in each of its reports what it has found.
@Suite(.timeLimit(.minutes(20))) struct CopyVerifyCommandTests {
    @Test func `a copy that was verified says so, also after kill -9`() throws {
        let site = try CopySite()
        let copy = try site.start(["--verify"])
        while (try? site.job().progress.itemsDone) ?? 0 == 0 { usleep(2_000) }
        copy.process.signal(SIGKILL)
        _ = try copy.end()
        let result = try site.run(["--verify", "--write-units", "100000"])
        #expect(result.status == 0, "\(result.err)")
        try site.expectExact()
        // With what it was compared, and when that was read.
        let said = "verified: 1,500 items of the target are as they were read from the source, "
        let times = try #require(
            result.out.firstRange(of: said).map { result.out[$0.upperBound...] }, "\(result.out)"
        ).prefix { !$0.isNewline }.components(separatedBy: " to ")
        #expect(times.count == 2 && times[0] <= times[1] && times[0].hasPrefix("20"), "\(times)")
        let verification = try site.report()["tables"]?.array?.first?["verification"]
        #expect(verification?["outcome"] == "equal")
        #expect(verification?["counts"]?["itemsInTarget"] == 1_500)
        let jobs = try Binary.shell(
            "exec \"$0\" \"$@\"",
            ["jobs", "report", try site.job().id, "--state-dir", site.jobs.path],
            environment: CopySite.credentials)
        #expect(jobs.out.contains("complete, verified"), "\(jobs.out)")
    }

    @Test func `how far the verification is can be seen while it runs, and in the job`() throws {
        let site = try CopySite()
        let copy = try site.start([
            "--verify", "--write-units", "100000", "--target-read-units", "20", "--segments", "16",
            "--progress", "json",
        ])
        while (try? site.job().progress.itemsVerified) ?? 0 == 0 { usleep(5_000) }
        let status = try Binary.shell(
            "exec \"$0\" \"$@\"",
            ["jobs", "status", try site.job().id, "--state-dir", site.jobs.path],
            environment: CopySite.credentials)
        let line = try #require(status.out.split(separator: "\n").first { $0.contains("verified") })
        #expect(line.hasSuffix("%") && line.contains(" of about 1,"), "\(line)")
        let result = try copy.end()
        #expect(result.status == 0, "\(result.err)")
        #expect(try site.job().progress.itemsVerified == CopySite.items)
        let states = result.err.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
        let verifying = states.filter { $0["phase"] == "verifying" }
        let read = verifying.compactMap { $0["verification"]?["itemsRead"]?.int }
        let shares = verifying.compactMap { $0["verification"]?["fraction"]?.double }
        #expect(shares.contains { $0 > 0 && $0 < 1 } && read == read.sorted(), "\(verifying)")
        for state in verifying {
            let estimate = try #require(state["verification"]?["itemsEstimated"]?.int)
            #expect((1_000...2_000).contains(estimate))
            #expect(state["itemsDone"]?.int == CopySite.items)
        }
    }

    @Test func `a copy that differs ends with 3`() throws {
        let server = try Served(["--fill", "Orders=200"])
        let folder = try TemporaryFolder()
        let copy = try ChildProcess(
            Binary.path,
            [
                "copy", "Orders", "Copy", "--endpoint", server.url, "--region", "us-east-1",
                "--state-dir", folder.path("jobs"), "--progress", "none", "--verify",
                "--write-units", "200",
            ], environment: CopySite.credentials.map { "\($0)=\($1)" }, input: .null, output: .pipe)
        // An item that the copy knows nothing of.
        let extra: JSON = ["accountId": ["S": "extra"], "sequence": ["N": "1"]]
        while (try? server.count("Copy")) ?? 0 == 0 { usleep(5_000) }
        try server.call("PutItem", ["TableName": "Copy", "Item": extra])
        var lines: [String] = []
        while let line = copy.readLine() { lines.append(line) }
        #expect(copy.wait() == .exited(3), "\(lines)")
        #expect(lines.first?.hasPrefix("copied, with differences,") == true, "\(lines)")
        #expect(lines.contains { $0.contains("1 only in target") }, "\(lines)")
    }
}
