import Foundation
import JSON
import System
import TestSupport
import Testing

/// Goal: whatever stops a job, the same command goes on with it, and nobody else does meanwhile.
@Suite(.timeLimit(.minutes(20))) struct GoingOnTests {
    private static let tables = (0..<4).map { "rs-\($0)" }

    private func site() throws -> TrustSite {
        let site = try TrustSite()
        for name in Self.tables { try site.load(name, TrustSite.items(0..<300, bytes: 900)) }
        return site
    }

    private func expectCopies(_ site: TrustSite, _ target: (String) -> String) {
        for name in Self.tables {
            #expect(
                site.server.items(of: name) == site.server.items(of: target(name)), "\(name)")
        }
    }

    /// Goal: copies that their own pattern matches are no sources of it: not in the command that
    /// goes on, nor in those that come after it.
    @Test(arguments: [("rs-*-copy", "-copy"), ("rs-new-*", "")])
    func `a pattern whose copies match it goes on, is verified and copied again`(
        target: String, suffix: String
    ) throws {
        let site = try site()
        let name = { (source: String) in
            suffix.isEmpty ? source.replacing("rs-", with: "rs-new-") : source + suffix
        }
        let words = ["copy", "rs-*", target]
        let first = try site.start(words + ["--write-units", "100", "--tables", "2"])
        while (site.server.count(of: name("rs-0")) ?? 0) == 0 { usleep(5_000) }
        first.signal(SIGKILL)
        _ = TrustSite.end(first)
        let again = try site.run(words)
        #expect(again.status == 0, "\(again)")
        #expect(again.err.contains("resuming job rs-0-"), "\(again)")
        #expect(again.err.contains("left out: \(name("rs-0")), which is the copy of rs-0"))
        expectCopies(site, name)
        let verified = try site.run(["verify", "rs-*", target])
        #expect(verified.status == 0, "\(verified)")
        try TrustSite.put(
            ["id": ["S": "one more"], "note": ["S": "new"]], into: "rs-1",
            at: site.server.endpoint)
        let changed = try site.run(words + ["--only-changed"])
        #expect(changed.status == 0, "\(changed)")
        expectCopies(site, name)
        let plan = try site.run(["plan", "rs-*", target, "--merge"])
        #expect(plan.status == 0, "\(plan)")
        // Nothing was made of the copies.
        #expect(site.server.count(of: name(name("rs-0"))) == nil)
    }

    @Test func `a job that was named goes on with its own tables`() throws {
        let site = try site()
        let words = ["copy", "rs-*", "rs-*-copy", "--job", "mine"]
        let first = try site.start(words + ["--write-units", "100"])
        while (site.server.count(of: "rs-0-copy") ?? 0) == 0 { usleep(5_000) }
        first.signal(SIGKILL)
        _ = TrustSite.end(first)
        // A table that was not there when the job began is none of it.
        try site.load("rs-9", TrustSite.items(0..<3))
        let again = try site.run(words)
        #expect(again.status == 0, "\(again)")
        #expect(again.err.contains("job mine began without them: rs-9"), "\(again)")
        #expect(site.server.count(of: "rs-9-copy") == nil)
        expectCopies(site) { $0 + "-copy" }
    }

    @Test func `of one command that is started six times at once one runs`() throws {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<300))
        let all = try (0..<6).map { _ in
            try site.start(["copy", "source", "target", "--write-units", "150"])
        }
        let results = all.map(TrustSite.end)
        #expect(results.filter { $0.status == 0 }.count == 1, "\(results.map(\.out))")
        #expect(site.jobs.count == 1)
        for other in results where other.status != 0 {
            #expect(other.status == 1)
            #expect(
                other.out.contains("is being run by process")
                    || other.out.contains("is just beginning a job"), "\(other.out)")
        }
        #expect(site.server.items(of: "source") == site.server.items(of: "target"))
    }

    /// Goal: whoever comes between another process's taking the lock and its saying so, or after
    /// one that has died, is told who has it all the same.
    @Test(arguments: ["", "2147483646 gone\n"])
    func `a lock whose holder has not said who it is yet is asked again`(before: String) throws {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<3))
        #expect(try site.run(["copy", "source", "target"]).status == 0)
        let folder = site.folder.path("jobs/locks")
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
        let path = folder + "/" + name
        try before.write(toFile: path, atomically: false, encoding: .utf8)
        let file = try #require(fopen(path, "r+"))
        defer { fclose(file) }
        #expect(flock(fileno(file), LOCK_EX | LOCK_NB) == 0)
        let other = try site.start(["copy", "source", "target", "--merge"])
        usleep(300_000)
        fputs("\(getpid()) \n", file)
        fflush(file)
        let result = TrustSite.end(other)
        #expect(result.status == 1)
        #expect(result.out.contains("process \(getpid()) is just beginning a job"), "\(result)")
    }

    /// Goal: nobody is told to merge into a table that an unreadable job was writing.
    /// - Parameter garbage: what the file is overwritten with; nil: a newer version's mark.
    @Test(arguments: ["this is no database", "", nil])
    func `a job whose state can't be read is named, and why`(garbage: String?) throws {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<300))
        let words = ["copy", "source", "target"]
        let first = try site.start(words + ["--write-units", "100"])
        while (site.server.count(of: "target") ?? 0) == 0 { usleep(5_000) }
        first.signal(SIGKILL)
        _ = TrustSite.end(first)
        let file = try #require(site.jobs.first)
        let path = site.folder.path("jobs/\(file)")
        if let garbage {
            for suffix in ["-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: path + suffix)
            }
            try garbage.write(toFile: path, atomically: false, encoding: .utf8)
        } else {
            try Database(path, .write).execute("PRAGMA user_version = 99")
        }
        let id = String(file.dropLast(3))
        let again = try site.run(words)
        #expect(again.status == 1, "\(again)")
        #expect(again.err.contains("job \(id) was writing into target"), "\(again)")
        #expect(again.err.contains("can't be read"), "\(again)")
        if garbage == nil { #expect(again.err.contains("written by a newer dynaferry")) }
        #expect(!again.err.contains("--merge"), "\(again)")
        #expect(again.err.contains("dynaferry jobs remove \(id)"), "\(again)")
        // Both ways out lead out.
        if garbage != "this is no database" {
            let removed = try Binary.shell(
                "exec \"$0\" \"$@\"",
                ["jobs", "remove", id, "--state-dir", site.folder.path("jobs")])
            #expect(removed.status == 0, "\(removed)")
            let merged = try site.run(words + ["--merge"])
            #expect(merged.status == 0, "\(merged)")
        } else {
            let asked = try site.run(words + ["--restart"])
            #expect(asked.status == 1 && asked.err.contains("holds items"), "\(asked)")
            let restarted = try site.run(words + ["--job", id, "--restart", "--yes"])
            #expect(restarted.status == 0, "\(restarted)")
            #expect(restarted.err.contains("job \(id) can't be read and is given up"))
        }
        #expect(site.server.items(of: "source") == site.server.items(of: "target"))
    }

    @Test func `a verification that can't be read is begun anew when asked to`() throws {
        let site = try site()
        let words = ["verify", "rs-0", "rs-1", "--job", "mine"]
        let path = site.folder.path("jobs/mine.db")
        try FileManager.default.createDirectory(
            atPath: site.folder.path("jobs"), withIntermediateDirectories: true)
        try "no database".write(toFile: path, atomically: false, encoding: .utf8)
        let refused = try site.run(words)
        #expect(refused.status == 1 && refused.err.contains(path), "\(refused)")
        let again = try site.run(words + ["--restart"])
        #expect(again.status == 0, "\(again)")
        #expect(again.err.contains("job mine can't be read and is given up"), "\(again)")
    }

    /// Goal: what a job has made stays paid for as its first command said.
    @Test(arguments: [["--billing-mode", "on-demand"], ["--target-capacity", "9:350"]])
    func `a job that goes on keeps the billing that its target was made with`(
        asked: [String]
    ) throws {
        let site = try TrustSite()
        try site.call(
            "CreateTable",
            [
                "TableName": "source",
                "AttributeDefinitions": [
                    ["AttributeName": "id", "AttributeType": "S"],
                    ["AttributeName": "note", "AttributeType": "S"],
                ],
                "KeySchema": [["AttributeName": "id", "KeyType": "HASH"]],
                "ProvisionedThroughput": ["ReadCapacityUnits": 50, "WriteCapacityUnits": 500],
                "GlobalSecondaryIndexes": [
                    [
                        "IndexName": "by-note",
                        "KeySchema": [["AttributeName": "note", "KeyType": "HASH"]],
                        "Projection": ["ProjectionType": "ALL"],
                        "ProvisionedThroughput": [
                            "ReadCapacityUnits": 50, "WriteCapacityUnits": 500,
                        ],
                    ]
                ],
            ])
        for number in 0..<60 {
            try TrustSite.put(
                TrustSite.items(number..<number + 1)[0], into: "source",
                at: site.server.endpoint)
        }
        let words = ["copy", "source", "target", "--indexes", "after"]
        let first = try site.start(words + asked + ["--write-units", "5"])
        while (site.server.count(of: "target") ?? 0) == 0 { usleep(5_000) }
        first.signal(SIGKILL)
        _ = TrustSite.end(first)
        let made = try site.describe("target")
        let again = try site.run(words)
        #expect(again.status == 0, "\(again)")
        #expect(again.err.contains("resuming job"), "\(again)")
        let now = try site.describe("target")
        for part in ["BillingModeSummary", "ProvisionedThroughput"] {
            for name in ["BillingMode", "ReadCapacityUnits", "WriteCapacityUnits"] {
                #expect(now[part]?[name] == made[part]?[name], "\(part).\(name)")
            }
        }
        #expect(now["GlobalSecondaryIndexes"]?.array?.count == 1, "\(again)")
    }

    /// Goal: a copy is no source, whether or not what it is the copy of is left out.
    @Test func `a copy of an excluded table is no source`() throws {
        let site = try site()
        let words = ["copy", "rs-*", "rs-*-copy"]
        #expect(try site.run(words).status == 0)
        let again = try site.run(words + ["--only-changed", "--exclude", "rs-3"])
        #expect(again.status == 0, "\(again)")
        #expect(again.err.contains("left out: rs-3-copy, which is the copy of rs-3"), "\(again)")
        #expect(site.server.count(of: "rs-3-copy-copy") == nil)
    }

    /// Goal: a scan that goes round in a circle ends, and says so.
    @Test(arguments: [["copy", "source", "target"], ["verify", "source", "other"]])
    func `a cursor that does not lead on ends the command`(words: [String]) throws {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<2_000, bytes: 900))
        try site.load("other", TrustSite.items(0..<2_000, bytes: 900))
        let proxy = try site.proxy { exchange in
            guard exchange.operation == "Scan", exchange.request["ExclusiveStartKey"] != nil else {
                return nil
            }
            return exchange.setting(
                "LastEvaluatedKey", to: exchange.request["ExclusiveStartKey"])
        }
        let result = try site.run(words, at: proxy.url)
        #expect(result.status == 1, "\(result)")
        #expect(result.err.contains("LastEvaluatedKey does not lead on"), "\(result)")
    }

    /// Goal: a server that answers wrongly from the start is told within seconds, and a signal ends
    /// what has written nothing at once.
    @Test(arguments: ["[]", "null", "<html>"])
    func `a Scan that is never answered well ends within seconds`(body: String) throws {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<10))
        let proxy = try site.proxy { exchange in
            exchange.operation == "Scan"
                ? exchange.answering((try? JSON(parsing: Array(body.utf8))) ?? "html") : nil
        }
        let clock = ContinuousClock()
        let start = clock.now
        let result = try site.run("copy", "source", "target", at: proxy.url)
        #expect(result.status == 1, "\(result)")
        #expect(result.err.contains("Scan"), "\(result)")
        // Told from waiting it out, which takes a quarter of an hour.
        #expect(clock.now - start < .seconds(50))
        #expect(site.server.count(of: "target") == nil)
    }

    @Test func `who waits says what for, and ends at once while nothing was written`() throws {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<10))
        let proxy = try site.proxy { exchange in
            guard exchange.operation == "Scan" else { return nil }
            var answer = exchange
            answer.status = 400
            answer.reply = ["__type": "ThrottlingException", "message": "slow down"]
            return answer
        }
        let copy = try site.start(["copy", "source", "target"], at: proxy.url)
        var said: [String] = []
        while let line = copy.readLine() {
            said.append(line)
            if line.contains("waiting for") { break }
        }
        #expect(said.last?.contains("to answer Scan") == true, "\(said)")
        copy.signal(SIGINT)
        let end = TrustSite.end(copy)
        #expect(end.status == 130, "\(end)")
        #expect(end.out.contains("stopped: nothing was written"), "\(end)")
        #expect(site.server.count(of: "target") == nil)
    }
}
