import AWS
import DynamoDB
import DynamoModel
import Foundation
import JSON
import LocalAWS
import Pacing
import Status
import System
import Testing
import Transfer

@testable import Connectors
@testable import Flow
@testable import Jobs

/// Goal: a copy that verifies itself tells what it copied wrongly from what has changed since, even
/// where both befall items whose sums are one. Method: the copy is stopped before its verification,
/// both tables are edited, and the job goes on.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CopyCauseTests {
    /// A copy whose items have all arrived, not verified yet.
    private final class Copied {
        let fixture: CopyFixture
        let items: [JSON]
        let target: TargetTable
        private let digester: ItemDigester
        private let schema: KeySchema
        private let buckets: Int
        private let isMerged: Bool

        init(isMerged: Bool = false) async throws {
            self.isMerged = isMerged
            fixture = try CopyFixture()
            items = EditedTables(seed: 9, items: 3_000, edits: 0).source
            var definition = EditedTables.definition
            try fixture.server.load(definition, items: items)
            definition.name = "target"
            if isMerged { try fixture.server.load(definition, items: [Self.extra(0)]) }
            let job = Locked<Job?>(nil)
            fixture.note = { text in
                guard text.hasPrefix("verifying") else { return }
                job.withLock { $0 }?.stop()
            }
            let prepared = try await fixture.prepare {
                $0.verifies = true
                // What has changed since is seen in a segment that differs, too.
                $0.segments = 1
                $0.mergesIntoItems = isMerged
            }
            job.withLock { $0 = prepared }
            let report = await prepared.run()
            fixture.note = { _ in }
            #expect(report.outcome == .stopped)
            #expect(report.counters.itemsWritten == 3_000)
            let file = try JobFile.open(
                fixture.jobs.databasePath(try #require(report.id)), readOnly: true)
            let state = try #require(try file.verifyState(ofTable: 0))
            schema = try #require(definition.schema)
            digester = ItemDigester(schema: schema, key: state.key)
            buckets = state.source.buckets.count
            target = TargetTable(name: "target", client: try await fixture.client())
        }

        static func extra(_ index: Int) -> JSON {
            ["id": ["S": .string("extra \(index)")], "n": ["N": "1"]]
        }

        func bucket(of item: JSON) throws -> Int {
            let page = ByteBuffer()
            page.append("{\"Count\":1,\"Items\":[")
            page.append(item.bytes)
            page.append("]}")
            let cut = try PageCutter(schema: schema).cut(page.bytes)
            let digest = try digester.digest(cut.items[0], in: page.bytes)
            return TableSums.bucket(of: digest.key, among: buckets)
        }

        /// So many items of one bucket.
        func bucketmates(_ count: Int) throws -> [JSON] {
            let groups = Dictionary(grouping: try items.map { ($0, try bucket(of: $0)) }) { $0.1 }
            let group = try #require(groups.values.first { $0.count >= count })
            return group.prefix(count).map(\.0)
        }

        func changed(_ item: JSON, _ text: String) -> JSON {
            var item = item
            item["text"] = ["S": .string(text)]
            return item
        }

        func verify() async throws -> Comparison {
            let report = try await fixture.copy {
                $0.verifies = true
                $0.mergesIntoItems = isMerged
            }
            #expect(report.outcome == .completed)
            #expect(report.counters.itemsWritten == 0)
            return try #require(report.tables[0].comparison)
        }
    }

    @Test("of two items of one bucket one was copied wrongly, and the other has changed since")
    func apart() async throws {
        let copied = try await Copied()
        let mates = try copied.bucketmates(2)
        try await copied.target.put(copied.changed(mates[0], "wrong"))
        try await copied.fixture.put(copied.changed(mates[1], "changed since"), into: "source")
        let comparison = try await copied.verify()
        #expect(comparison.result == .different)
        #expect(comparison.counters.different == 2)
        let causes = comparison.counters.causes
        #expect((causes.differedAtFirstRead, causes.changedSince, causes.unknown) == (1, 1, 0))
        #expect(comparison.notes.isEmpty)
    }

    @Test("where an item was copied wrongly and has changed too, its bucket is left open")
    func both() async throws {
        let copied = try await Copied()
        let mates = try copied.bucketmates(2)
        try await copied.target.put(copied.changed(mates[0], "wrong"))
        for item in mates {
            try await copied.fixture.put(copied.changed(item, "changed since"), into: "source")
        }
        let comparison = try await copied.verify()
        #expect(comparison.result == .different)
        let causes = comparison.counters.causes
        #expect((causes.differedAtFirstRead, causes.changedSince, causes.unknown) == (0, 0, 2))
    }

    @Test("what has only changed since is seen by chance, and makes no difference")
    func harmless() async throws {
        let copied = try await Copied(isMerged: true)
        let held = Set(try copied.items.map { try copied.bucket(of: $0) })
        let extra = try #require(
            try (1...1_000).map(Copied.extra).first { held.contains(try copied.bucket(of: $0)) })
        let bucket = try copied.bucket(of: extra)
        let mate = try #require(try copied.items.first { try copied.bucket(of: $0) == bucket })
        // As if it had been in the target before the merge: its bucket is looked into.
        try await copied.target.put(extra)
        try await copied.fixture.put(copied.changed(mate, "changed since"), into: "source")
        let comparison = try await copied.verify()
        #expect(comparison.result == .equal)
        #expect(comparison.counters.onlyInTarget == 2)
        #expect(comparison.counters.different == 1)
        let causes = comparison.counters.causes
        #expect((causes.differedAtFirstRead, causes.changedSince, causes.unknown) == (0, 1, 0))
        #expect(Comparison(record: comparison.record)?.counters == comparison.counters)
        #expect(Comparison(record: comparison.record)?.sourceRead == comparison.sourceRead)
    }
}
