import Connectors
import DynamoDB
import DynamoModel
import Flow
import JSON
import Jobs
import LocalAWS
import Pacing
import Status
import System
import TestSupport
import Testing

@testable import Transfer

/// Goal: items arrive under other keys, those that can't have theirs are dead letters, and two that
/// come to one key are named, whatever goes wrong on the way.
@Suite(.timeLimit(.minutes(10))) struct OtherKeysTests {
    private static let other = KeySchema(
        partition: KeyAttribute(name: "pk", type: .string))

    /// From `id` (S) and `n` (N) to `pk` alone.
    private static func transform(_ set: String) throws -> ItemTransform {
        var transform = try ItemTransform(.init(set: set), hasJob: true)
        transform.keys = other
        return transform
    }

    private static func site(
        _ count: Int = 300, _ configure: (inout ServerOptions) -> Void = { _ in }
    ) throws -> FilesFixture {
        let site = try FilesFixture(configure)
        try site.load("source", FilesFixture.items(count))
        return site
    }

    @Test func `a new table has the other keys, and all items`() async throws {
        let site = try Self.site()
        let transform = try Self.transform("pk = id || '#' || to_string(n)")
        let status = try await site.fixture.copy { options in
            (options.transform, options.verifies) = (transform, true)
        }
        #expect(status.outcome == .completed)
        #expect(status.tables[0].collisions.count == 0)
        #expect(status.tables[0].comparison?.result == .equal)
        let table = SourceTable(
            name: "target", reader: ReadOnlyClient(try await site.fixture.client()))
        #expect(try await table.describeIfExists()?.schema == Self.other)
        let items = try site.fixture.server.items(of: "target").map { try JSON(parsing: $0) }
        #expect(items.count == 300)
        for item in items {
            let (id, number) = (item["id"]?["S"]?.string ?? "", item["n"]?["N"]?.string ?? "")
            #expect(item["pk"] == ["S": .string("\(id)#\(number)")])
        }
        let same = try await site.fixture.verify("source", "target") { $0.transform = transform }
        #expect(same.comparison.result == .equal)
    }

    @Test func `a planted difference is told by the key in the target`() async throws {
        let site = try Self.site(90)
        let transform = try Self.transform("pk = id || '#' || to_string(n)")
        #expect(
            try await site.fixture.copy { $0.transform = transform }.outcome == .completed)
        try await site.fixture.put(["pk": ["S": "item 1#1"], "x": ["N": "1"]], into: "target")
        try await site.fixture.put(["pk": ["S": "planted"]], into: "target")
        let found = try await site.fixture.verify("source", "target") { $0.transform = transform }
        #expect(found.comparison.result == .different)
        #expect(found.keys(.different).count == 1 && found.keys(.onlyInTarget).count == 1)
    }

    /// Three items of each `id` come to one key.
    @Test func `items that come to one key are found through faults and stops`() async throws {
        for seed in 0..<3 as Range<UInt64> {
            let site = try Self.site(300) { options in
                options.seed = seed
                options.faults = try? FaultPlan(
                    parsing: "error=0.05,throttle=0.05,drop=0.05,unprocessed=0.2")
            }
            let transform = try Self.transform("pk = if(n = 2, id || 'x', id)")
            let status = try await site.fixture.copyThroughStops(seed: seed) { options in
                (options.transform, options.segments) = (transform, 8)
            }
            #expect(status.outcome == .completed)
            let collisions = status.tables[0].collisions
            #expect(collisions.count == 100)
            #expect(collisions.examples.count == 10)
            let first = try #require(collisions.examples.first)
            #expect(first.count == 2 && first[0] != first[1], "\(first)")
            #expect(first.allSatisfy { $0.contains(#"{"id":{"S":"item "#) }, "\(first)")
            #expect(site.fixture.server.count(of: "target") == 200)
        }
    }

    @Test func `what was found of a table is known to later runs of its job`() async throws {
        let site = try Self.site(90)
        let transform = try Self.transform("pk = id")
        let job = try await site.fixture.prepare { $0.transform = transform }
        #expect(await job.run().tables[0].collisions.count == 30)
        let table = try JobFile.open(
            site.fixture.jobs.databasePath(try #require(job.id)), readOnly: true
        ).tables()[0]
        #expect(table.isFinished && table.collisions.count == 30)
        #expect(table.collisions.examples.count == 10)
    }

    @Test func `an item without the new key is a dead letter with its old one`() async throws {
        let site = try Self.site(90)
        let transform = try Self.transform("pk = if(n = 1, n, if(n = 2, absent, id))")
        let job = try await site.fixture.prepare { $0.transform = transform }
        let status = await job.run()
        #expect(status.counters.deadLetters == 60)
        let letters = try JobFile.open(
            site.fixture.jobs.databasePath(try #require(job.id)), readOnly: true
        ).deadLetters(ofTable: 0)
        #expect(
            Set(letters.map(\.reason)) == [
                "the key attribute pk is missing",
                "the key attribute pk is a number (N), where the table has S",
            ])
        for letter in letters {
            #expect(try JSON(parsing: letter.key).members?.map { $0.name } == ["id", "n"])
        }
    }

    @Test func `an export of items that come to one key names them, too`() async throws {
        let site = try Self.site(90)
        let transform = try ItemTransform(
            .init(set: "id = 'one', n = if(n = 2, 1, n)"), hasJob: true)
        let status = try await site.export { $0.transform = transform }.run()
        #expect(status.outcome == .completed && status.tables[0].collisions.count == 2)
    }

    @Test func `what looks for items by their keys is refused`() async throws {
        let site = try Self.site(9)
        try site.load("target", [])
        let transform = try ItemTransform(.init(set: "id = id || 'x'"), hasJob: true)
        let error = await #expect(throws: CopyRefusal.self) {
            try await site.fixture.prepare { options in
                options.transform = transform
                (options.onlyChanged, options.mergesIntoItems) = (true, true)
            }
        }
        #expect(error?.message.contains("--only-changed") == true)
    }
}
