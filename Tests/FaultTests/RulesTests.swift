import Connectors
import DynamoDB
import DynamoModel
import Foundation
import JSON
import LocalAWS
import Pacing
import Status
import TestSupport
import Testing

@testable import Transfer

/// Goal: under rules nothing leaves that was to stay, whatever goes wrong: not in the target, not
/// in dead letters. What is refused is written once the rules are mended.
@Suite(.timeLimit(.minutes(10))) struct RulesTests {
    private static let key = SecretKey(Array("an example of a key".utf8))

    static func rules(
        _ keep: [String], remove: [String] = [], hash: [String] = []
    ) throws -> ItemTransform {
        var rules: [ItemRules.Rule] = []
        for path in keep { rules.append(.init(try PathPattern(path), .keep)) }
        for path in remove { rules.append(.init(try PathPattern(path), .remove)) }
        for path in hash { rules.append(.init(try PathPattern(path), .hash(key, length: 20))) }
        return try ItemTransform(
            .init(), rules: ItemRules(rules, otherwise: .refuse), key: key, hasJob: true)
    }

    private static let mail = "person-%@-at-home@example.com"

    /// Every third has a place that the rules don't know, every fifth its mail in the key.
    private static func items(_ count: Int) -> [JSON] {
        (0..<count).map { number in
            let mail = mail.replacing("%@", with: "\(number)")
            var item: JSON = [
                "id": ["S": .string(number % 5 == 0 ? "u#\(mail)" : "u#\(number)")],
                "mail": ["S": .string(mail)], "ssn": ["S": .string("ssn-\(number)-secret")],
                "n": ["N": .string("\(number)")],
            ]
            if number % 3 == 0 { item["nick"] = ["S": .string("nick-\(number)-secret")] }
            return item
        }
    }

    private static func expected(_ item: JSON, keepsNick: Bool) throws -> JSON? {
        guard let id = item["id"]?["S"]?.string, let mail = item["mail"]?["S"]?.string,
            !id.contains(mail), keepsNick || item["nick"] == nil
        else { return nil }
        var new = item
        let code = try key.code(of: .string(Array(mail.utf8)), length: 20)
        new["mail"] = ["S": .string(String(decoding: code, as: UTF8.self))]
        new["ssn"] = nil
        return new
    }

    func site(
        _ count: Int, _ configure: (inout ServerOptions) -> Void = { _ in }
    ) throws -> FilesFixture {
        let site = try FilesFixture(configure)
        try site.load("source", Self.items(count))
        try site.load("target", [])
        for (name, keepsNick) in [("wanted", false), ("mended", true)] {
            let items = try Self.items(count).compactMap {
                try Self.expected($0, keepsNick: keepsNick)
            }
            try site.load(name, items)
        }
        return site
    }

    private func expectNoSecret(_ text: String) {
        #expect(!text.contains("example.com") && !text.contains("secret"))
    }

    @Test
    func `what the rules refuse is a dead letter of a hashed key, also under faults and stops`()
        async throws
    {
        for seed in 0..<3 as Range<UInt64> {
            let site = try site(400) { options in
                options.seed = seed
                options.faults = try? FaultPlan(
                    parsing: "error=0.05,throttle=0.05,drop=0.05,truncate=0.03,unprocessed=0.2")
            }
            let rules = try Self.rules(["id", "n"], remove: ["ssn"], hash: ["mail"])
            let status = try await site.fixture.copyThroughStops(seed: seed) { options in
                (options.transform, options.deadLettersMax) = (rules, 400)
            }
            #expect(status.outcome == .completed)
            try site.fixture.expectSame("wanted", "target")
            let wanted = try #require(site.fixture.server.count(of: "wanted"))
            let path = try #require(status.deadLettersPath)
            let letters = try String(contentsOfFile: path, encoding: .utf8)
            let lines = letters.split(separator: "\n")
            #expect(lines.count == 400 - wanted)
            #expect(lines.allSatisfy { $0.contains("RefusedByRules") })
            #expect(letters.contains("no rule says what becomes of nick"))
            #expect(letters.contains("id holds the value of mail"))
            expectNoSecret(letters)
        }
    }

    @Test func `once the rules are mended a copy of what differs writes what was refused`()
        async throws
    {
        let site = try site(300)
        let first = try Self.rules(["id", "n"], remove: ["ssn"], hash: ["mail"])
        _ = try await site.fixture.copy { options in
            (options.transform, options.deadLettersMax) = (first, 300)
        }
        let mended = try Self.rules(["id", "n", "nick"], remove: ["ssn"], hash: ["mail"])
        let status = try await site.fixture.copy { options in
            (options.transform, options.deadLettersMax) = (mended, 300)
            (options.onlyChanged, options.mergesIntoItems) = (true, true)
        }
        #expect(status.outcome == .completed)
        try site.fixture.expectSame("mended", "target")
    }

    @Test func `a verification by the same rules is equal, and finds what was planted`()
        async throws
    {
        let site = try site(300)
        let rules = try Self.rules(["id", "n"], remove: ["ssn"], hash: ["mail"])
        let equal = try await site.fixture.verify("source", "wanted") { $0.transform = rules }
        #expect(equal.comparison.result == .equal)
        let item = try #require(
            Self.items(300).lazy.compactMap { try? Self.expected($0, keepsNick: false) }.first)
        var planted = item
        planted["mail"] = ["S": "someone@example.com"]
        try await site.fixture.put(planted, into: "wanted")
        let found = try await site.fixture.verify("source", "wanted") { $0.transform = rules }
        #expect(found.keys(.different).count == 1 && found.findings.count == 1)
    }

    @Test func `the run fails at once where that is asked for, and tells no value`() async throws {
        let site = try site(30)
        var rules = try Self.rules(["id", "n"], remove: ["ssn"], hash: ["mail"])
        rules.onFailure = .fail
        let status = try await site.fixture.copy { [rules] in $0.transform = rules }
        guard case .failed(let failure) = status.outcome else {
            Issue.record("\(String(describing: status.outcome))")
            return
        }
        #expect(failure.message.hasPrefix("an item is refused by the rules: "))
        expectNoSecret(failure.message + (failure.hint ?? ""))
    }

    @Test func `an unfinished job is not begun once more with another secret or other rules`()
        async throws
    {
        let site = try site(30)
        let rules = try Self.rules(["id", "n"], remove: ["ssn"], hash: ["mail"])
        let job = try await site.fixture.prepare("source", "target") { $0.transform = rules }
        job.stop()
        #expect(await job.run().outcome == .stopped)
        let other = SecretKey(Array("another example key".utf8))
        let set = ItemTransform.Texts(set: "mail = hash(mail)")
        for (transform, word) in [
            (try Self.rules(["id", "n", "nick"], remove: ["ssn"], hash: ["mail"]), "other rules"),
            (
                try ItemTransform(
                    .init(), rules: ItemRules([], otherwise: .keep), key: other, hasJob: true),
                "another secret and other rules"
            ),
        ] {
            let refusal = await CopyRefusal.of {
                try await site.fixture.prepare("source", "target") { $0.transform = transform }
            }
            #expect(refusal?.message.contains("began with \(word)") == true)
        }
        // Another work altogether is none of its business.
        let different = try ItemTransform(set, key: other, hasJob: true)
        let refusal = await CopyRefusal.of {
            try await site.fixture.prepare("source", "target") { $0.transform = different }
        }
        #expect(refusal?.message.contains("began with") != true)
    }

    @Test func `a place that no item has is named at the end`() async throws {
        let site = try site(30)
        let rules = try Self.rules(
            ["id", "n", "nick", "other"], remove: ["ssn", "cards[*].cvv"], hash: ["mail"])
        let status = try await site.fixture.copy { options in
            (options.transform, options.deadLettersMax) = (rules, 300)
        }
        #expect(Set(status.tables[0].unmet) == ["keep other", "remove cards[*].cvv"])
    }
}

extension RulesTests {
    @Test func `an export under rules that is stopped has each item once`() async throws {
        for seed in 0..<3 as Range<UInt64> {
            let site = try site(900) { options in
                options.seed = seed
                options.faults = try? FaultPlan(parsing: "throttle=0.05,latency-ms=3")
            }
            let rules = try Self.rules(["id", "n"], remove: ["ssn"], hash: ["mail"])
            var generator = SeededGenerator(seed: seed)
            var status: JobStatus
            var run = 0
            repeat {
                run += 1
                let job = try await site.export { options in
                    (options.transform, options.segments) = (rules, 4)
                    options.fileBytes = 20_000
                }
                let delay = run * Int.random(in: 20...60, using: &generator)
                let stopper = Task {
                    try await Task.sleep(for: .milliseconds(delay))
                    job.stop()
                }
                status = await job.run()
                stopper.cancel()
            } while status.outcome == .stopped
            #expect(status.outcome == .completed)
            let export = try await site.read()
            #expect(export.items == site.fixture.server.count(of: "wanted"), "seed \(seed)")
            let into = try await site.importing(export).run()
            #expect(into.outcome == .completed)
            try site.fixture.expectSame("wanted", "target")
        }
    }
}
