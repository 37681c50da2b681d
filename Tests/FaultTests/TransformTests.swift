import Connectors
import DynamoDB
import DynamoModel
import Flow
import Foundation
import JSON
import Jobs
import LocalAWS
import Pacing
import Status
import System
import TestSupport
import Testing

@testable import Transfer

/// Goal: items arrive changed as they were to be, by whatever way and whatever goes wrong on it; a
/// verification by the same options agrees, and finds what is planted.
/// Method: what is to arrive is computed here, with the JSON of the items, and loaded into a table
/// of its own.
@Suite(.timeLimit(.minutes(10))) struct TransformTests {
    private static let key = SecretKey(Array("an example of a key".utf8))

    private static func transform(
        _ onFailure: ItemTransform.OnFailure = .leaveOut
    ) throws -> ItemTransform {
        var transform = try ItemTransform(
            .init(
                wanted: "n >= 1",
                set: "who = hash(id, 20) || '@example.com', text = n + 1, copy = text",
                remove: "blob, list[*].a"),
            key: key, hasJob: true)
        transform.onFailure = onFailure
        return transform
    }

    /// Nil: it is not to arrive.
    private static func changed(_ item: JSON) throws -> JSON? {
        guard let number = item["n"]?["N"]?.string, number != "0" else { return nil }
        guard let value = Int(number), let id = item["id"]?["S"]?.string else { return nil }
        var new = item
        let code = String(
            decoding: try key.code(of: .string(id), length: 20), as: UTF8.self)
        new["who"] = ["S": .string("\(code)@example.com")]
        new["copy"] = item["text"]
        new["text"] = ["N": .string("\(value + 1)")]
        new["blob"] = nil
        new["list"] = ["L": [["M": [:]]]]
        return new
    }

    private static func site(
        _ count: Int = 600, _ configure: (inout ServerOptions) -> Void = { _ in }
    ) throws -> FilesFixture {
        let site = try FilesFixture(configure)
        let items = FilesFixture.items(count)
        try site.load("source", items)
        try site.load("wanted", try items.compactMap(changed))
        #expect(site.fixture.server.count(of: "wanted") ?? 0 > count / 3)
        try site.load("target", [])
        return site
    }

    @Test func `a copy brings items changed, counts them, and verifies them`() async throws {
        let site = try Self.site()
        let transform = try Self.transform()
        let status = try await site.fixture.copy { options in
            (options.transform, options.verifies) = (transform, true)
        }
        #expect(status.outcome == .completed)
        try site.fixture.expectSame("wanted", "target")
        let wanted = try #require(site.fixture.server.count(of: "wanted"))
        #expect(status.counters.itemsWritten == wanted)
        #expect(status.counters.itemsRewritten == wanted)
        #expect(status.counters.itemsLeftOut == 600 - wanted)
        #expect(status.tables[0].comparison?.result == .equal)
    }

    @Test func `under faults and stops it is the same`() async throws {
        for seed in 0..<4 as Range<UInt64> {
            let site = try Self.site(600) { options in
                options.seed = seed
                options.faults = try? FaultPlan(
                    parsing: "error=0.05,throttle=0.05,drop=0.05,truncate=0.03,unprocessed=0.2")
            }
            let transform = try Self.transform()
            let status = try await site.fixture.copyThroughStops(seed: seed) { options in
                (options.transform, options.segments) = (transform, 8)
            }
            #expect(status.outcome == .completed)
            try site.fixture.expectSame("wanted", "target")
        }
    }

    @Test func `an export and an import change them too`() async throws {
        let site = try Self.site()
        let transform = try Self.transform()
        let out = try await site.export { ($0.transform, $0.verifies) = (transform, true) }.run()
        #expect(out.outcome == .completed && out.tables[0].comparison?.result == .equal)
        let into = try await site.importing(try await site.read()) { $0.verifies = true }.run()
        #expect(into.outcome == .completed)
        try site.fixture.expectSame("wanted", "target")
    }

    @Test func `a verification by the same changes is equal, and finds what was planted`()
        async throws
    {
        let site = try Self.site(400)
        let transform = try Self.transform()
        let equal = try await site.fixture.verify("source", "wanted") { $0.transform = transform }
        #expect(equal.comparison.result == .equal && equal.findings.isEmpty)
        var planted = try #require(
            FilesFixture.items(400).lazy.compactMap { try? Self.changed($0) }.first)
        planted["who"] = ["S": "someone@example.com"]
        try await site.fixture.put(planted, into: "wanted")
        let found = try await site.fixture.verify("source", "wanted") { $0.transform = transform }
        #expect(found.keys(.different).count == 1 && found.findings.count == 1)
    }

    @Test func `a copy of what differs writes items changed`() async throws {
        let site = try Self.site(300)
        let transform = try Self.transform()
        let some = try FilesFixture.items(300).compactMap(Self.changed)
        for item in some.prefix(100) { try await site.fixture.put(item, into: "target") }
        var old = some[0]
        old["who"] = ["S": "old"]
        try await site.fixture.put(old, into: "target")
        let status = try await site.fixture.copy { options in
            options.transform = transform
            (options.onlyChanged, options.mergesIntoItems) = (true, true)
        }
        #expect(status.outcome == .completed)
        #expect(status.counters.itemsWritten == some.count - 99)
        try site.fixture.expectSame("wanted", "target")
    }

    @Test func `what can't be changed is a dead letter, is kept, or ends the run`() async throws {
        for onFailure in ItemTransform.OnFailure.allCases {
            let site = try FilesFixture()
            let items = FilesFixture.items(90)
            try site.load("source", items)
            try site.load("target", [])
            var transform = try ItemTransform(
                .init(set: "x = if(n = 1, n || 'x', 'ok')"), hasJob: true)
            transform.onFailure = onFailure
            let status = try await site.fixture.copy { [transform] in $0.transform = transform }
            let bad = 30
            let written = site.fixture.server.count(of: "target")
            switch onFailure {
            case .deadLetter:
                #expect(status.counters.deadLetters == bad && written == 90 - bad)
            case .leaveOut:
                #expect(status.counters.itemsLeftOut == bad && written == 90 - bad)
            case .keep: #expect(written == 90 && status.outcome == .completed)
            case .fail:
                guard case .failed(let failure) = status.outcome else {
                    Issue.record("\(String(describing: status.outcome))")
                    continue
                }
                #expect(failure.message.contains("|| takes texts"))
            }
        }
    }

    @Test func `a place that no item has is named, by whatever run has met the others`()
        async throws
    {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(600))
        try site.load("target", [])
        let transform = try ItemTransform(
            .init(
                set: "a = lower(text), b = lower(txt), c = 1, d.e = absent.f",
                remove: "blob, list[*].a, list[*].b, emtpy"), hasJob: true)
        let status = try await site.fixture.copyThroughStops(seed: 4, delays: 5...20) {
            $0.transform = transform
        }
        #expect(
            Set(status.tables[0].unmet) == [
                "--set b", "--set d.e", "--remove list[*].b", "--remove emtpy",
            ])
        let out = try await site.export { $0.transform = transform }.run()
        #expect(out.tables[0].unmet.count == 4)
    }

    @Test func `many that can't be changed are dead letters, as many as are allowed`()
        async throws
    {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(900))
        try site.load("target", [])
        let transform = try ItemTransform(
            .init(set: "x = if(n = 0, 'ok', n || 'x')"), hasJob: true)
        let status = try await site.fixture.copy { options in
            (options.transform, options.deadLettersMax) = (transform, 1_000)
        }
        #expect(status.outcome == .completed)
        #expect(status.counters.deadLetters == 600 && status.counters.itemsWritten == 300)
    }

    @Test func `items that become much longer are written, in little memory too`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(600))
        let texts = (0..<9).map { "long\($0) = blobs2 || text || text || text" }
            .joined(separator: ", ")
            .replacing("blobs2", with: "'\(String(repeating: "y", count: 400))'")
        let transform = try ItemTransform(.init(set: texts), hasJob: true)
        let status = try await site.fixture.copy { options in
            (options.transform, options.verifies) = (transform, true)
            options.memory = 24 << 20
        }
        #expect(status.outcome == .completed && status.counters.itemsWritten == 600)
        #expect(status.tables[0].comparison?.result == .equal)
    }

    @Test func `a copy of what differs knows when the job began`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(30))
        try site.load("target", FilesFixture.items(3))
        let transform = try ItemTransform(.init(set: "at = now()"), hasJob: true)
        let status = try await site.fixture.copy { options in
            options.transform = transform
            (options.onlyChanged, options.mergesIntoItems) = (true, true)
        }
        #expect(status.outcome == .completed && status.counters.itemsWritten == 30)
        let items = try site.fixture.server.items(of: "target").map { try JSON(parsing: $0) }
        #expect(items.allSatisfy { ($0["at"]?["N"]?.string.flatMap(Int.init) ?? 0) > 1_000_000 })
    }

    @Test func `a line that is no item is not told where values are to be hidden`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(3))
        try site.load("target", [])
        let path = site.folder.path("lines.json")
        try #"{"Item":{"id":{"S":"secret@example.com"},"n":{"N":"x"}}}"#.write(
            toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(
            atPath: site.folder.path("dump"), withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: path, toPath: site.folder.path("dump/0.json"))
        var export = try await site.read()
        let table = SourceTable(
            name: "source", reader: ReadOnlyClient(try await site.fixture.client()))
        export.table = ExportedTable(
            description: try await table.describe().json, settings: [:])
        let transform = try ItemTransform(.init(set: "who = hash(id)"), key: Self.key, hasJob: true)
        let job = try await site.importing(export) {
            ($0.transform, $0.checksFirst) = (transform, false)
        }
        let status = await job.run()
        #expect(status.counters.deadLetters == 1)
        let letters = try JobFile.open(
            site.fixture.jobs.databasePath(try #require(job.id)), readOnly: true
        ).deadLetters(ofTable: 0)
        #expect(letters.count == 1 && letters[0].item.isEmpty, "\(letters)")
    }

    @Test func `a dead letter tells no value that was to be hidden`() async throws {
        let site = try Self.site(90)
        var transform = try ItemTransform(
            .init(set: "id = hash(id), text = if(n = 1, hash(list), 'x')"), key: Self.key,
            hasJob: true)
        transform.onFailure = .deadLetter
        let job = try await site.fixture.prepare { [transform] in $0.transform = transform }
        let status = await job.run()
        #expect(status.counters.deadLetters > 0)
        let letters = try JobFile.open(
            site.fixture.jobs.databasePath(try #require(job.id)), readOnly: true
        ).deadLetters(ofTable: 0)
        for letter in letters {
            let item = try JSON(parsing: letter.item)
            #expect(item.members?.map { $0.name } == ["id", "n"], "\(item)")
            #expect(item["id"]?["S"]?.string?.count == 26)
        }
    }
}
