import Connectors
import DynamoDB
import DynamoModel
import Flow
import Foundation
import JSON
import Pacing
import System
import TestSupport
import Testing
import Transfer

@testable import Jobs

/// Goal: a table that has gone through files is the same table, and what is wrong with a file is
/// named and loses nothing.
/// Method: exports and imports between the embedded server and a folder; files are damaged by hand.
@Suite(.timeLimit(.minutes(10))) struct FilesTests {
    /// An export of so many items, and an empty table of the same keys.
    private func exported(
        _ count: Int = 400, _ configure: (inout ExportOptions) -> Void = { _ in }
    ) async throws -> FilesFixture {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(count))
        try site.load("target", [])
        let status = try await site.export("source", configure).run()
        #expect(status.outcome == .completed)
        return site
    }

    private func expectFailure(
        _ site: FilesFixture, _ words: [String], written: Bool = true
    ) async throws {
        let status = try await site.importing(try await site.read()).run()
        guard case .failed(let failure) = status.outcome else {
            Issue.record("it went through: \(status.outcome)")
            return
        }
        for word in words {
            #expect(failure.message.contains(word), "\(failure.message)")
        }
    }

    @Test(arguments: [
        FileCompression.none, .gzip(level: 1), .gzip(level: 9), .zstd(level: 1), .zstd(level: 19),
    ])
    func `what goes through files is equal`(compression: FileCompression) async throws {
        let site = try await exported { $0.compression = compression }
        let export = try await site.read()
        #expect(export.items == 400 && export.notes.isEmpty && export.tableName == "source")
        #expect(export.data.reduce(0) { $0 + ($1.items ?? 0) } == 400)
        let status = try await site.importing(export).run()
        #expect(status.outcome == .completed)
        site.fixture.expectEqual()
    }

    @Test func `an empty table is an export without items`() async throws {
        let site = try await exported(0)
        let export = try await site.read()
        #expect(export.items == 0)
        #expect(try await site.importing(export).run().outcome == .completed)
    }

    @Test func `a table that is not there is made as the export says`() async throws {
        let site = try await exported(50)
        let status = try await site.importing(try await site.read(), into: "made").run()
        #expect(status.outcome == .completed)
        site.fixture.expectEqual("source", "made")
    }

    @Test func `a finished export is not touched by the next one`() async throws {
        let site = try await exported(50)
        let before = try await site.store.listed("", patience: .zero)
        #expect(try await site.export().run().outcome == .completed)
        let after = try await site.store.listed("", patience: .zero)
        #expect(before.allSatisfy(after.contains))
        #expect(ExportListing(after).exports.count == 2)
    }

    @Test func `a file that nobody listed fails the export, and is left alone`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(50))
        let job = try await site.export()
        let id = try #require(job.id)
        let file = try JobFile.open(site.fixture.jobs.databasePath(id), readOnly: true)
        let names = try #require(try file.tables()[0].export?.names)
        let strange = "dump/" + names.data + "strange.json.gz"
        try FileManager.default.createDirectory(
            atPath: site.folder.path("dump/" + names.data), withIntermediateDirectories: true)
        try "not ours".write(
            toFile: site.folder.path(strange), atomically: true, encoding: .utf8)
        guard case .failed(let failure) = await job.run().outcome else {
            Issue.record("it went through")
            return
        }
        #expect(failure.message.contains("strange.json.gz"))
        #expect(FileManager.default.fileExists(atPath: site.folder.path(strange)))
        try FileManager.default.removeItem(atPath: site.folder.path(strange))
        #expect(try await site.export().run().outcome == .completed)
        #expect(try await site.read().items == 50)
    }

    /// What a table's lines are written into, and how that ended.
    private func lines(
        of site: FilesFixture, _ read: @escaping @Sendable (FileHandle) -> String
    ) async throws -> (text: String, outcome: FlowOutcome) {
        let pipe = Pipe()
        let table = SourceTable(
            name: "source", reader: ReadOnlyClient(try await site.fixture.client()))
        let job = try await ExportPreparation.lines(
            ExportOptions(), table, to: pipe.fileHandleForWriting.fileDescriptor,
            called: "stdout", note: { _ in }, seed: 1)
        let running = Task {
            let status = await job.run()
            try? pipe.fileHandleForWriting.close()
            return status.outcome
        }
        // A reader that waits must not hold one of the threads that the copy needs.
        let handle = pipe.fileHandleForReading
        let text = await OwnThread.run { read(handle) }
        return (text, await running.value)
    }

    @Test func `a stream gets each item as a line`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(2_000))
        let (text, outcome) = try await lines(of: site) { handle in
            String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
        }
        #expect(outcome == .completed)
        let found = try text.split(separator: "\n").map { line in
            try JSON(parsing: Array(line.utf8))["Item"]?.sorted
        }
        #expect(found.count == 2_000)
        #expect(Set(found) == Set(FilesFixture.items(2_000).map(\.sorted)))
    }

    @Test func `a reader of lines that goes away ends the copy`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(5_000))
        signal(SIGPIPE, SIG_IGN)
        let (_, outcome) = try await lines(of: site) { handle in
            _ = try? handle.read(upToCount: 1_000)
            try? handle.close()
            return ""
        }
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.code == "BrokenPipe")
    }

    /// Lines that come from a pipe, a few bytes at a time.
    @Test(arguments: [FileCompression.none, .gzip(level: 6), .zstd(level: 3)])
    func `lines of a stream become a table's items, and no job is kept`(
        compression: FileCompression
    ) async throws {
        let site = try await exported(60) { $0.compression = compression }
        let path = try #require(try await site.paths(compression.suffix).first)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let pipe = Pipe()
        let writing = pipe.fileHandleForWriting
        async let written: Void = OwnThread.run {
            for start in stride(from: 0, to: bytes.count, by: 3) {
                try? writing.write(contentsOf: bytes[start..<min(start + 3, bytes.count)])
            }
            try? writing.close()
        }
        var stream = ReadExport(stream: StreamStore.fileName)
        stream.table = try await site.read().table
        let store = StreamStore(pipe.fileHandleForReading.fileDescriptor, called: "stdin")
        let job = try await site.importing(stream, of: store, keepsNothing: true)
        #expect(job.id == nil)
        let status = await job.run()
        await written
        #expect(status.outcome == .completed && status.id == nil)
        // A small table is one file.
        #expect(status.counters.itemsWritten == 60)
        site.fixture.expectEqual()
        let kept = try FileManager.default.contentsOfDirectory(atPath: site.fixture.jobs.path)
        #expect(kept.filter { $0.hasSuffix(".db") }.count == 1, "only the export's")
    }

    /// A process that dies behind its last manifest has another one write them all again.
    @Test func `what manifests say is kept before the first is written`() throws {
        var record = ExportRecord(names: ExportNames(id: "01-aa"), started: 1)
        #expect(ExportRecord(json: record.json) == record)
        record.closing = ExportRecord.Closing(
            ended: 2, storedBytes: 77,
            table: ExportedTable(description: ["TableName": "a"], settings: ["Tags": []]))
        #expect(ExportRecord(json: record.json) == record)
    }

    // MARK: What is wrong with files

    @Test func `a file that is not the one that is listed ends the run with its name`()
        async throws
    {
        let site = try await exported()
        let path = try #require(try await site.paths(".gz").last)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[9] ^= 1  // The system that made it: no part of what is compressed.
        try bytes.write(to: URL(fileURLWithPath: path))
        try await expectFailure(site, [(path as NSString).lastPathComponent, "MD5"])
    }

    @Test(arguments: [FileCompression.usual, .zstd(level: 3)])
    func `half a file is named`(compression: FileCompression) async throws {
        let site = try await exported { $0.compression = compression }
        let path = try #require(try await site.paths(compression.suffix).first)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
        try await expectFailure(site, [(path as NSString).lastPathComponent, "cut short"])
    }

    @Test func `a file that is missing is named before anything is written`() async throws {
        let site = try await exported()
        let path = try #require(try await site.paths(".gz").first)
        try FileManager.default.removeItem(atPath: path)
        let failure = await #expect(throws: FlowFailure.self) { try await site.read() }
        #expect(failure?.message.contains((path as NSString).lastPathComponent) == true)
    }

    @Test func `a manifest that was changed is named`() async throws {
        let site = try await exported(50)
        let names = try await site.store.listed("", patience: .zero).map(\.name)
        let name = try #require(names.first { $0.hasSuffix("manifest-files.json") })
        let path = site.folder.path("dump/" + name)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("\"itemCount\":", with: "\"itemCount\": ").write(
            toFile: path, atomically: true, encoding: .utf8)
        let failure = await #expect(throws: FlowFailure.self) { try await site.read() }
        #expect(failure?.message.contains("another MD5") == true)
    }

    @Test func `an export without a manifest is an unfinished one`() async throws {
        let site = try await exported(50)
        let names = try await site.store.listed("", patience: .zero).map(\.name)
        for name in names where name.contains("manifest-summary") {
            try FileManager.default.removeItem(atPath: site.folder.path("dump/" + name))
        }
        let listing = ExportListing(try await site.store.listed("", patience: .zero))
        #expect(listing.exports.isEmpty && listing.unfinished.count == 1)
    }

    @Test func `what a check of all files finds ends the copy before anything is written`()
        async throws
    {
        let site = try await exported()
        let path = try #require(try await site.paths(".gz").last)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[9] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let job = try await site.importing(try await site.read()) { $0.checksFirst = true }
        let status = await job.run()
        guard case .failed(let failure) = status.outcome else {
            Issue.record("it went through")
            return
        }
        #expect(failure.message.contains("nothing has been written"), "\(failure)")
        #expect(
            status.counters.itemsWritten == 0 && site.fixture.server.items(of: "target").isEmpty)
    }

    /// By the files' order and then the lines', whatever is read first.
    @Test(arguments: [CopyOptions.memoryFromFiles, 24 << 20])
    func `of lines of one key the last counts, over all files`(memory: Int) async throws {
        let site = try FilesFixture()
        let (export, last, _) = try await Self.repeated(site)
        let status = try await site.importing(export) {
            ($0.checksFirst, $0.memory) = (true, memory)
        }.run()
        #expect(status.outcome == .completed)
        #expect(status.counters.itemsWritten == last)
        #expect(status.counters.itemsLeftOut == 6_000 - last)
        #expect(status.tables[0].collisions.count == 0)
        site.fixture.expectEqual()
    }

    @Test func `lines of one key are named where files were not read before`() async throws {
        let site = try FilesFixture()
        let (export, last, twice) = try await Self.repeated(site)
        let status = try await site.importing(export) { $0.checksFirst = false }.run()
        #expect(status.outcome == .completed && status.counters.itemsWritten == 6_000)
        let collisions = status.tables[0].collisions
        #expect(collisions.count == twice)
        #expect(
            collisions.examples.allSatisfy {
                $0.allSatisfy { $0.hasPrefix("line ") && $0.hasSuffix(".json") }
            })
        #expect(site.fixture.server.count(of: "target") == last)
    }

    /// Five files in which keys stand several times, and a table of the last line of each.
    /// - Returns: how many keys there are, and how many stand in several lines.
    private static func repeated(
        _ site: FilesFixture
    ) async throws -> (export: ReadExport, keys: Int, repeated: Int) {
        try site.load("target", [])
        let items = FilesFixture.items(3_000)
        var generator = SeededGenerator(seed: 9)
        var (last, counts): ([String: JSON], [String: Int]) = ([:], [:])
        var files = [[String]](repeating: [], count: 5)
        try FileManager.default.createDirectory(
            atPath: site.folder.path("dump"), withIntermediateDirectories: true)
        for file in files.indices {
            for number in 0..<1_200 {
                var item = items[Int.random(in: items.indices, using: &generator)]
                item["round"] = ["N": .string("\(file * 10_000 + number)")]
                let key = item["id"]!.text + item["n"]!.text
                last[key] = item
                counts[key, default: 0] += 1
                files[file].append(#"{"Item":\#(item.text)}"#)
            }
            try files[file].joined(separator: "\n").write(
                toFile: site.folder.path("dump/\(file).json"), atomically: true, encoding: .utf8)
        }
        try site.load("source", Array(last.values))
        var export = try await site.read()
        let table = SourceTable(
            name: "source", reader: ReadOnlyClient(try await site.fixture.client()))
        export.table = ExportedTable(
            description: try await table.describe().json, settings: [:])
        return (export, last.count, counts.values.count { $0 > 1 })
    }

    /// Lines that are no items, each with a word of the reason.
    static let badLines: [(line: String, reason: String)] = [
        (#"{"Item":{"id":{"S":"x"},"n":{"N":"1"}"#, "expected '}'"),
        (#"{"Item":{"id":{"S":"x"}}}"#, "lacks its key"),
        (#"{"id":{"S":"x"},"n":{"N":"1"}}"#, "Item is missing"),
        (#"{"Item":{"id":{"S":""},"n":{"N":"1"}}}"#, "key is empty"),
        (#"{"Item":{"id":{ "S" : "" },"n":{"N":"1"}}}"#, "key is empty"),
        (
            #"{"Item":{"id":{"S":""# + String(repeating: "k", count: 70_000)
                + #""},"n":{"N":"1"}}}"#, "70,000 bytes, and 2048"
        ),
        (#"{"Item":{"id":{"N":"1"},"n":{"N":"1"}}}"#, "partition key"),
        (#"{"Item":{"id":{"S":"x"},"n":{"N":"1"}}} {}"#, "after the item"),
        (#"not json"#, "expected '{'"),
        (
            #"{"Item":{"id":{"S":"x"},"n":{"N":"1"},"t":{"S":""#
                + String(repeating: "y", count: 410_000) + #""}}}"#, "409600"
        ),
        (
            #"{"Item":{"id":{"S":"x"},"n":{"N":"1"},"t":"#
                + String(repeating: #"{"L":["#, count: 200) + String(repeating: "]}", count: 200)
                + "}}", "deep"
        ),
        (String(repeating: "z", count: 20_000_000), "more than any item"),
        // A little longer than a page of one item has room for.
        (String(repeating: "z", count: 6_150_000), "more than any item"),
    ]

    @Test func `a line that is no item is a dead letter with its place, and others arrive`()
        async throws
    {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(30))
        try site.load("target", [])
        let good = FilesFixture.items(30).map { #"{"Item":\#($0.text)}"# }
        var lines = good
        for (number, bad) in Self.badLines.enumerated() { lines.insert(bad.line, at: 3 * number) }
        try FileManager.default.createDirectory(
            atPath: site.folder.path("dump"), withIntermediateDirectories: true)
        try (lines.joined(separator: "\n") + "\n\n").write(
            toFile: site.folder.path("dump/all.json"), atomically: true, encoding: .utf8)
        var export = try await site.read()
        let table = SourceTable(
            name: "source", reader: ReadOnlyClient(try await site.fixture.client()))
        export.table = ExportedTable(
            description: try await table.describe().json, settings: [:])
        let status = try await site.importing(export).run()
        #expect(status.outcome == .completed)
        #expect(status.counters.deadLetters == Self.badLines.count)
        site.fixture.expectEqual()
        let client = try await site.fixture.client()
        let retry = DeadLetterRetry(
            from: ReadOnlyClient(client), to: client, keepsItems: { _ in false })
        let error = await #expect(throws: JobError.self) {
            _ = try await retry.run(try #require(status.id), in: site.fixture.jobs)
        }
        #expect(error?.hint?.contains("--merge") == true)
        let path = try #require(status.deadLettersPaths.first)
        let letters = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(letters.count == Self.badLines.count)
        let kept = try letters.map { try JSON(parsing: Array($0.utf8))["line"]?.string }
        #expect(kept.allSatisfy { $0?.isEmpty == false })
        #expect(kept.contains("not json"))
        for (number, bad) in Self.badLines.enumerated() {
            #expect(
                letters.contains {
                    $0.contains("line \(3 * number + 1):") && $0.contains(bad.reason)
                }, "line \(3 * number + 1), \(bad.reason): \(letters.map { $0.prefix(300) })")
        }
    }
}
