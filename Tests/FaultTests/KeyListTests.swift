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

/// Goal: of a table just those items arrive whose keys a file lists, whatever goes wrong; keys that
/// the table does not have are counted, and what is wrong in the file is told with its line.
@Suite(.timeLimit(.minutes(10))) struct KeyListTests {
    private static func line(_ item: JSON) -> String {
        JSON.object(["n", "id"].compactMap { name in item[name].map { JSON.Member(name, $0) } })
            .text
    }

    private func transform(_ site: FilesFixture, _ lines: [String]) throws -> ItemTransform {
        let path = site.folder.path("keys.txt")
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        var transform = ItemTransform()
        transform.keyList = try KeyList(path)
        return transform
    }

    /// Every third item, some twice, and some keys that the table does not have.
    private func site(
        _ count: Int, _ configure: (inout ServerOptions) -> Void = { _ in }
    ) throws -> (site: FilesFixture, transform: ItemTransform) {
        let site = try FilesFixture(configure)
        let items = FilesFixture.items(count)
        let wanted = stride(from: 0, to: count, by: 3).map { items[$0] }
        try site.load("source", items)
        try site.load("wanted", wanted)
        try site.load("target", [])
        var lines = wanted.map(Self.line)
        lines += wanted.prefix(20).map(Self.line) + ["", "  "]
        lines += (0..<7).map { #"{"id":{"S":"absent"},"n":{"N":"\#($0)"}}"# }
        return (site, try transform(site, lines.shuffled()))
    }

    @Test func `just the items that are listed arrive, and what is missing is counted`()
        async throws
    {
        let (site, transform) = try site(900)
        let status = try await site.fixture.copy { $0.transform = transform }
        #expect(status.outcome == .completed)
        try site.fixture.expectSame("wanted", "target")
        #expect(status.counters.itemsMissing == 7)
        #expect(status.counters.itemsWritten >= 300)
    }

    @Test func `under faults and stops it is the same`() async throws {
        for seed in 0..<3 as Range<UInt64> {
            let (site, transform) = try site(900) { options in
                options.seed = seed
                options.faults = try? FaultPlan(
                    parsing: "error=0.05,throttle=0.05,drop=0.05,truncate=0.03,unprocessed=0.02")
            }
            let status = try await site.fixture.copyThroughStops(seed: seed, delays: 20...60) {
                $0.transform = transform
            }
            #expect(status.outcome == .completed)
            try site.fixture.expectSame("wanted", "target")
        }
    }

    @Test func `files of many blocks are read to their end, and into files too`() async throws {
        let site = try FilesFixture()
        let items = FilesFixture.items(9_000)
        try site.load("source", items)
        try site.load("target", [])
        let transform = try transform(site, items.map(Self.line))
        #expect(transform.keyList?.blockCount == 3 && transform.keyList?.count == 9_000)
        let out = try await site.export { $0.transform = transform }.run()
        #expect(out.outcome == .completed && out.counters.itemsWritten == 9_000)
        let into = try await site.importing(try await site.read()) { $0.verifies = true }.run()
        #expect(into.outcome == .completed)
        try site.fixture.expectSame("source", "target")
    }

    private static let wrong = [
        ("{", "keys.txt:2: not valid JSON"), ("7", "a key is an object, such as"),
        (#"{"id":{"S":"a"}}"#, "keys.txt:2: the key attribute n is missing"),
        (#"{"id":{"S":"a"},"n":{"S":"1"}}"#, "keys.txt:2: n is no N, as the table has"),
        (#"{"id":{"S":"a"},"n":{"N":"x"}}"#, "keys.txt:2: n is no N, as the table has"),
        (#"{"id":{"S":"a"},"n":{"N":"1"},"x":{"S":"1"}}"#, "keys.txt:2: x is no key attribute"),
        (#"{"id":{"S":"a"},"n":{"N":"1"},"n":{"N":"1"}}"#, "keys.txt:2: "),
    ]

    @Test(arguments: wrong)
    func `what is wrong in it is told with its line, before anything is written`(
        line: String, message: String
    ) async throws {
        let site = try FilesFixture()
        let items = FilesFixture.items(3)
        try site.load("source", items)
        let transform = try transform(site, [Self.line(items[0]), line])
        let refusal = await CopyRefusal.of {
            try await site.fixture.prepare("source", "new") { $0.transform = transform }
        }
        #expect(refusal?.message.contains(message) == true, "\(String(describing: refusal))")
        #expect(site.fixture.server.count(of: "new") == nil)
    }

    @Test func `a file that is none, or has no keys, is refused`() throws {
        let folder = try TemporaryFolder()
        try "\n \n".write(toFile: folder.path("empty"), atomically: true, encoding: .utf8)
        try String(repeating: "x", count: 100_000)
            .write(toFile: folder.path("long"), atomically: true, encoding: .utf8)
        for name in ["none", "", "empty", "long"] {
            #expect(throws: KeyList.Failure.self, "\(name)") { try KeyList(folder.path(name)) }
        }
    }
}
