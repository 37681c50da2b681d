import Connectors
import DynamoDB
import DynamoModel
import Foundation
import JSON
import LocalAWS
import Status
import System
import TestSupport
import Testing

@testable import Transfer

/// Goal: items arrive as a program made them, one for one, none, or several, whatever fails on the
/// way; what it does wrong ends the run with the key of the item.
@Suite(.timeLimit(.minutes(10))) struct ThroughTests {
    private static func transform(
        _ command: String, wanted: String? = nil, set: String? = nil, jobs: Int = 1
    ) throws -> ItemTransform {
        var transform = try ItemTransform(.init(wanted: wanted, set: set), hasJob: true)
        transform.through = ThroughSource.Settings(command: command)
        transform.through?.jobs = jobs
        return transform
    }

    /// Gives nothing for every fourth item, two for every fifth, and the others with a mark.
    private static let script = """
        import json, sys
        for line in sys.stdin:
            item = json.loads(line)
            n = int(item["n"]["N"])
            item["mark"] = {"S": "%d" % (7 * n)}
            other = dict(item, n={"N": str(n + 100000)})
            out = None if n % 4 == 3 else [item, other] if n % 5 == 0 else item
            print(json.dumps(out))
        """

    private static func expected(_ item: JSON) -> [JSON] {
        guard let n = item["n"]?["N"]?.string.flatMap(Int.init) else { return [] }
        var new = item
        new["mark"] = ["S": .string("\(7 * n)")]
        var other = new
        other["n"] = ["N": .string("\(n + 100_000)")]
        return n % 4 == 3 ? [] : n % 5 == 0 ? [new, other] : [new]
    }

    private func site(
        _ count: Int, _ configure: (inout ServerOptions) -> Void = { _ in }
    ) throws -> (site: FilesFixture, command: String) {
        let site = try FilesFixture(configure)
        let items = FilesFixture.items(count).enumerated().map { number, item in
            var item = item
            item["n"] = ["N": .string("\(number)")]
            return item
        }
        try site.load("source", items)
        try site.load("target", [])
        try site.load("wanted", items.flatMap(Self.expected))
        let path = site.folder.path("mark.py")
        try Self.script.write(toFile: path, atomically: true, encoding: .utf8)
        return (site, "python3 '\(path)'")
    }

    @Test func `an item becomes one, none or several, and a verification agrees`() async throws {
        let (site, command) = try site(800)
        let status = try await site.fixture.copy { options in
            options.transform = try! Self.transform(command)
            options.verifies = true
        }
        #expect(status.outcome == .completed)
        try site.fixture.expectSame("wanted", "target")
        #expect(status.tables[0].comparison?.result == .equal)
        #expect(status.counters.itemsLeftOut == 200)
        let again = try await site.fixture.verify("source", "target") {
            $0.transform = try! Self.transform(command)
        }
        #expect(again.comparison.result == .equal)
        let item = try #require(site.fixture.server.items(of: "target").first)
        var planted = try JSON(parsing: item)
        planted["mark"] = ["S": "planted"]
        try await site.fixture.put(planted, into: "target")
        let found = try await site.fixture.verify("source", "target") {
            $0.transform = try! Self.transform(command)
        }
        #expect(found.keys(.different).count == 1 && found.findings.count == 1)
    }

    @Test func `under faults and stops it is the same, with several processes`() async throws {
        for seed in 0..<4 as Range<UInt64> {
            let (site, command) = try site(500) { options in
                options.seed = seed
                options.faults = try? FaultPlan(
                    parsing: "error=0.05,throttle=0.05,drop=0.05,truncate=0.03,unprocessed=0.2")
            }
            let transform = try Self.transform(command, jobs: seed % 2 == 0 ? 1 : 3)
            let status = try await site.fixture.copyThroughStops(seed: seed, delays: 50...200) {
                ($0.transform, $0.segments) = (transform, 4)
            }
            #expect(status.outcome == .completed)
            try site.fixture.expectSame("wanted", "target")
        }
    }

    @Test func `an export goes through it too, whole groups in each file`() async throws {
        let (site, command) = try site(600)
        let transform = try Self.transform(command)
        let out = try await site.export { ($0.transform, $0.verifies) = (transform, true) }.run()
        #expect(out.outcome == .completed && out.tables[0].comparison?.result == .equal)
        let into = try await site.importing(try await site.read()) { $0.verifies = true }.run()
        #expect(into.outcome == .completed)
        try site.fixture.expectSame("wanted", "target")
    }

    @Test func `a condition and changes come before it`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(90))
        try site.load("target", [])
        let transform = try Self.transform(
            "tee '\(site.folder.path("seen"))'", wanted: "n = 1", set: "mark = 'set'")
        let status = try await site.fixture.copy { $0.transform = transform }
        #expect(status.outcome == .completed && status.counters.itemsWritten == 30)
        let seen = try String(contentsOfFile: site.folder.path("seen"), encoding: .utf8)
        let lines = seen.split(separator: "\n").map { try? JSON(parsing: Array($0.utf8)) }
        #expect(lines.count == 30)
        #expect(lines.allSatisfy { $0?["mark"] == ["S": "set"] && $0?["n"] == ["N": "1"] })
    }

    private static let wrong = [
        ("sed 's/.*/{/'", "can't be read"), ("sed 's/.*/}/'", "can't be read"),
        ("python3 -m json.tool --json-lines", "more lines than it was given"),
        ("head -n 5", "ended before it had given a line for each"),
        ("exit 9", "ended with exit code 9"), ("no-such-program", "ended with exit code 127"),
    ]

    @Test(arguments: wrong)
    func `what it does wrong ends the run, with an item's key`(
        command: String, message: String
    ) async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(60))
        try site.load("target", [])
        let transform = try Self.transform(command)
        let status = try await site.fixture.copy { $0.transform = transform }
        guard case .failed(let failure) = status.outcome else {
            Issue.record("\(command): \(String(describing: status.outcome))")
            return
        }
        #expect(failure.message.hasPrefix("the program of --through failed: "))
        #expect(failure.message.contains(message), "\(failure.message)")
        #expect(failure.message.contains(#"the item {"id":{"S":"#), "\(failure.message)")
    }

    @Test func `more lines than items end the run, and nothing of them is written`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(6))
        try site.load("target", [])
        let transform = try Self.transform("cat; echo null")
        let status = try await site.fixture.copy { $0.transform = transform }
        guard case .failed(let failure) = status.outcome else {
            Issue.record("\(String(describing: status.outcome))")
            return
        }
        #expect(failure.message.contains("more lines than it was given"), "\(failure.message)")
        #expect(site.fixture.server.count(of: "target") == 0)
    }

    @Test func `what is no item of the target is a dead letter`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(60))
        try site.load("target", [])
        let transform = try Self.transform("sed 's/{\"N\":\"1\"}/{\"S\":\"1\"}/'")
        let status = try await site.fixture.copy { options in
            (options.transform, options.deadLettersMax) = (transform, 100)
        }
        #expect(status.counters.deadLetters == 20 && status.counters.itemsWritten == 40)
        let path = try #require(status.deadLettersPath)
        let letters = try String(contentsOfFile: path, encoding: .utf8)
        #expect(letters.contains("what the program made of it is no item"))
    }

    @Test func `the program has no credentials, and what it says is passed on`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(3))
        try site.load("target", [])
        let notes = Notes()
        site.fixture.note = { notes.add($0) }
        let transform = try Self.transform("env | grep -c ^AWS_ >&2; cat")
        _ = try await site.fixture.copy { $0.transform = transform }
        #expect(notes.all.contains("--through: 0"), "\(notes.all)")
    }

    private final class Notes: Sendable {
        private let lines = Locked<[String]>([])

        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }
}
