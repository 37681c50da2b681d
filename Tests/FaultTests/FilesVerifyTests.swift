import Connectors
import DynamoDB
import DynamoModel
import Flow
import Foundation
import JSON
import Pacing
import Status
import System
import TestSupport
import Testing

@testable import Transfer

/// Goal: a table and an export are told apart exactly as two tables are, whichever side is which,
/// and what differs can be put right from the files.
/// Method: tables that differ in known ways, one of which is exported into a folder.
@Suite(.timeLimit(.minutes(10))) struct FilesVerifyTests {
    private static func site(_ tables: EditedTables) async throws -> FilesFixture {
        let site = try FilesFixture { $0.keepNumbers = true }
        try tables.load(into: site.fixture)
        #expect(try await site.export().run().outcome == .completed)
        return site
    }

    private static func options(_ configure: (inout VerifyOptions) -> Void = { _ in })
        -> VerifyOptions
    {
        var options = VerifyOptions()
        options.giveUpAfter = .seconds(60)
        options.scratchFolder = NSTemporaryDirectory()
        configure(&options)
        return options
    }

    /// Compares the export with the table "target".
    private static func verify(
        _ site: FilesFixture, isTarget: Bool = false, repair: RepairOptions? = nil,
        _ configure: (inout VerifyOptions) -> Void = { _ in }
    ) async throws -> Verified {
        let pair = try await pair(site, isTarget: isTarget, repair: repair)
        return try await site.fixture.verified { emit in
            try await site.fixture.prepareVerify(of: [pair], options(configure), emit: emit)
        }
    }

    private static func pair(
        _ site: FilesFixture, isTarget: Bool = false, repair: RepairOptions? = nil
    ) async throws -> VerifyPreparation.Pair {
        let export = try site.described(try await site.read())
        let client = try await site.fixture.client()
        let table = SourceTable(name: "target", reader: ReadOnlyClient(client))
        if isTarget { return (.table(table), .export(export)) }
        guard let repair else { return (.export(export), .compared(table)) }
        return (
            .export(export), .repaired(TargetTable(name: "target", client: client), repair)
        )
    }

    @Test(arguments: [false, true])
    func `what differs is found exactly, whichever side is the export`(isTarget: Bool)
        async throws
    {
        for seed in 0..<6 as Range<UInt64> {
            let tables = EditedTables(seed: seed, items: 700, edits: [0, 0.02, 0.4][Int(seed % 3)])
            let verified = try await Self.verify(try await Self.site(tables), isTarget: isTarget)
            let sides: [VerifyFinding.Kind] = [.onlyInSource, .onlyInTarget]
            let turned = isTarget ? Array(sides.reversed()) : sides
            for (found, expected) in zip([.different] + sides, [.different] + turned) {
                #expect(
                    verified.keys(found) == tables.expected[expected] ?? [],
                    "seed \(seed), \(found)")
            }
            #expect(verified.comparison.result == (seed % 3 == 0 ? .equal : .different))
            #expect(
                verified.findings.allSatisfy { $0.kind != .different || !$0.attributes.isEmpty })
        }
    }

    /// Files are read again for as many items as memory has room to want, so more than once.
    @Test func `more differences than memory holds are all found`() async throws {
        let tables = EditedTables(seed: 77, items: 7_000, edits: 1)
        let verified = try await Self.verify(try await Self.site(tables)) {
            $0.memory = VerifyMemory.totalMin(repairs: false)
        }
        for kind in [.different, .onlyInSource, .onlyInTarget] as [VerifyFinding.Kind] {
            #expect(verified.keys(kind) == tables.expected[kind] ?? [])
        }
    }

    @Test func `a repair makes the table what the export holds`() async throws {
        let site = try await Self.site(EditedTables(seed: 5, items: 700, edits: 0.3))
        var repair = RepairOptions()
        repair.deletesExtra = true
        let repaired = try await Self.verify(site, repair: repair)
        #expect(repaired.comparison.result == .repaired)
        #expect(repaired.counters.differencesLeft == 0)
        #expect(try await Self.verify(site).comparison.result == .equal)
    }

    @Test func `a copy of what differs writes that from the files, and nothing else`()
        async throws
    {
        let tables = EditedTables(seed: 6, items: 700, edits: 0.3)
        let site = try await Self.site(tables)
        let status = try await site.importing(try await site.read()) {
            ($0.onlyChanged, $0.mergesIntoItems) = (true, true)
        }.run()
        #expect(status.outcome == .completed)
        let expected = [VerifyFinding.Kind.different, .onlyInSource].map {
            tables.expected[$0]?.count ?? 0
        }
        #expect(status.counters.itemsWritten == expected.reduce(0, +))
        let verified = try await Self.verify(site)
        #expect(verified.counters.differences == verified.counters.onlyInTarget)
        #expect(verified.keys(.onlyInTarget) == tables.expected[.onlyInTarget] ?? [])
    }

    @Test func `a copy into files, and one from them, verify themselves`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(900))
        try site.load("target", [])
        let exported = try await site.export { $0.verifies = true }.run()
        #expect(exported.outcome == .completed)
        let there = try #require(exported.tables[0].comparison)
        #expect(there.result == .equal && there.counters.itemsInTarget == 900)
        // The scan that wrote the files is the one that is compared.
        #expect(there.source.counters.itemsRead == 0)
        let imported = try await site.importing(try await site.read()) { $0.verifies = true }.run()
        let here = try #require(imported.tables[0].comparison)
        #expect(here.result == .equal && here.counters.itemsInSource == 900)
        #expect(here.source.counters.itemsRead == 0)
    }

    @Test func `a copy that wrote something else says so`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(300))
        try site.load("target", FilesFixture.items(310).suffix(10))
        #expect(try await site.export().run().outcome == .completed)
        let status = try await site.importing(try await site.read()) {
            ($0.verifies, $0.mergesIntoItems) = (true, true)
        }.run()
        let comparison = try #require(status.tables[0].comparison)
        #expect(comparison.counters.onlyInTarget == 10 && comparison.counters.differences == 10)
    }

    @Test func `wherever it is stopped, it comes to the same`() async throws {
        for seed in 0..<4 as Range<UInt64> {
            let tables = EditedTables(seed: seed, items: 1_500, edits: 0.2)
            let site = try await Self.site(tables)
            var generator = SeededGenerator(seed: seed)
            var comparison: Comparison?
            for run in 1... {
                let job = try await site.fixture.prepareVerify(
                    of: [try await Self.pair(site, isTarget: seed % 2 == 1)],
                    Self.options { $0.scansMax = 2 }, isKept: true)
                let delay = run * Int.random(in: 1...15, using: &generator)
                let stopper = Task {
                    try await Task.sleep(for: .milliseconds(delay))
                    job.stop()
                }
                let status = await job.run()
                stopper.cancel()
                guard status.tables[0].outcome == .completed else { continue }
                comparison = status.tables[0].comparison
                break
            }
            let counters = try #require(comparison).counters
            #expect(counters.different == tables.expected[.different]?.count ?? 0)
            #expect(
                counters.onlyInSource + counters.onlyInTarget
                    == [.onlyInSource, .onlyInTarget].reduce(0) {
                        $0 + (tables.expected[$1]?.count ?? 0)
                    })
            let items = [counters.itemsInSource, counters.itemsInTarget]
            #expect(Set(items) == [tables.source.count, tables.target.count])
        }
    }

    /// Two files without a manifest, of which the second has some keys of the first again.
    @Test(arguments: [false, true])
    func `of lines of one key the last is compared, and repaired with`(isFirst: Bool)
        async throws
    {
        let site = try FilesFixture()
        let items = FilesFixture.items(200)
        let again = items.prefix(40).map { item in
            var item = item
            item["text"] = ["S": "again"]
            return item
        }
        let last = again + items.dropFirst(40)
        try site.load("target", isFirst ? items : Array(last))
        try FileManager.default.createDirectory(
            atPath: site.folder.path("dump"), withIntermediateDirectories: true)
        for (name, lines) in [("a.json", items), ("b.json", again)] {
            try lines.map { #"{"Item":\#($0.text)}"# + "\n" }.joined().write(
                toFile: site.folder.path("dump/" + name), atomically: true, encoding: .utf8)
        }
        let client = try await site.fixture.client()
        let table = SourceTable(name: "target", reader: ReadOnlyClient(client))
        var export = try await site.read()
        export.table = ExportedTable(description: try await table.describe().json, settings: [:])
        let source = try site.described(export)
        func compare(_ target: VerifyPreparation.Target) async throws -> Verified {
            try await site.fixture.verified { emit in
                try await site.fixture.prepareVerify(
                    of: [(.export(source), target)], Self.options(), emit: emit)
            }
        }
        let found = try await compare(.compared(table))
        #expect(found.comparison.result == (isFirst ? .different : .equal))
        #expect(found.keys(.different).count == (isFirst ? 40 : 0))
        #expect(found.findings.count == (isFirst ? 40 : 0))
        #expect(found.comparison.notes.contains { $0.contains("40 lines") })
        let target = TargetTable(name: "target", client: client)
        let repaired = try await compare(.repaired(target, RepairOptions()))
        #expect(repaired.counters.repaired == (isFirst ? 40 : 0))
        try site.load("expected", last)
        site.fixture.expectEqual("expected", "target")
    }

    @Test func `a table that throttles is asked again, and what differs is found all the same`()
        async throws
    {
        let asked = Locked(0)
        let tables = EditedTables(seed: 8, items: 600, edits: 0.5)
        let site = try FilesFixture { options in
            options.keepNumbers = true
            options.hook = { operation, _ in
                guard operation == "BatchGetItem" else { return nil }
                return asked.withLock { count in
                    count += 1
                    return count % 3 == 0 ? .throttle : count % 3 == 1 ? .unprocessed(0.5) : nil
                }
            }
        }
        try tables.load(into: site.fixture)
        #expect(try await site.export().run().outcome == .completed)
        let verified = try await Self.verify(site)
        for kind in [.different, .onlyInSource, .onlyInTarget] as [VerifyFinding.Kind] {
            #expect(verified.keys(kind) == tables.expected[kind] ?? [])
        }
        #expect(asked.withLock { $0 } > 6)
    }

    @Test func `other files are another verification`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(30))
        try site.load("target", FilesFixture.items(30))
        #expect(try await site.export().run().outcome == .completed)
        var ids: [String?] = []
        for isChanged in [false, false, true] {
            var export = try await site.read()
            if isChanged { export.data[0].md5 = [UInt8](repeating: 1, count: 16) }
            let client = try await site.fixture.client()
            let pair: VerifyPreparation.Pair = (
                .export(try site.described(export)),
                .compared(SourceTable(name: "target", reader: ReadOnlyClient(client)))
            )
            let job = try await site.fixture.prepareVerify(
                of: [pair], Self.options(), isKept: true)
            ids.append(job.id)
            job.stop()
            _ = await job.run()
        }
        #expect(ids[0] != nil && ids[0] == ids[1] && ids[1] != ids[2])
    }

    @Test func `counts are compared without reading what items hold`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(300))
        try site.load("target", FilesFixture.items(299))
        #expect(try await site.export().run().outcome == .completed)
        let verified = try await Self.verify(site) { $0.mode = .count }
        #expect(verified.comparison.result == .different)
        #expect(verified.counters.itemsInSource == 300 && verified.counters.itemsInTarget == 299)
    }

    @Test func `a line that is no item is named, and nothing is said to be equal`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(30))
        try site.load("target", FilesFixture.items(30))
        #expect(try await site.export { $0.compression = .none }.run().outcome == .completed)
        let path = try #require(try await site.paths(".json").first)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try ("{}\n" + text).write(toFile: path, atomically: true, encoding: .utf8)
        var export = try await site.read()
        for number in export.data.indices {
            (export.data[number].md5, export.data[number].items) = (nil, nil)
            export.data[number].bytes = nil
        }
        let client = try await site.fixture.client()
        let pair: VerifyPreparation.Pair = (
            .export(try site.described(export)),
            .compared(SourceTable(name: "target", reader: ReadOnlyClient(client)))
        )
        let job = try await site.fixture.prepareVerify(of: [pair], Self.options())
        guard case .failed(let failure) = await job.run().outcome else {
            Issue.record("it went through")
            return
        }
        #expect(failure.message.contains("line 1"), "\(failure)")
        #expect(failure.message.contains((path as NSString).lastPathComponent), "\(failure)")
    }
}
