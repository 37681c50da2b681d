import Connectors
import DynamoDB
import DynamoModel
import Flow
import JSON
import LocalAWS
import Pacing
import Status
import TestSupport
import Testing

@testable import Transfer

/// Goal: of a table exactly those items arrive that satisfy the condition, by whatever way, and a
/// verification by the same condition agrees.
/// Method: what is wanted is computed here, by another rule on the same items, and loaded into a
/// table of its own.
@Suite(.timeLimit(.minutes(10))) struct FilterTests {
    private static let text = "n >= 1 AND contains(\"text\", 'xxx') AND NOT size(blob) > 5"

    private static func isWanted(_ item: JSON) -> Bool {
        guard let number = item["n"]?["N"]?.string, let text = item["text"]?["S"]?.string else {
            return false
        }
        return number != "0" && text.contains("xxx")
    }

    /// A source, and what is wanted of it.
    private static func site(
        _ count: Int = 900, _ configure: (inout ServerOptions) -> Void = { _ in }
    ) throws -> FilesFixture {
        let site = try FilesFixture(configure)
        let items = FilesFixture.items(count)
        try site.load("source", items)
        try site.load("wanted", items.filter(isWanted))
        #expect(site.fixture.server.count(of: "wanted") ?? 0 > count / 3)
        try site.load("target", [])
        return site
    }

    private static func transform(_ text: String = text) throws -> ItemTransform {
        try ItemTransform(.init(wanted: text), hasJob: false)
    }

    @Test func `a copy brings what is wanted, and counts the rest`() async throws {
        let site = try Self.site()
        let filter = try Self.transform()
        let status = try await site.fixture.copy { options in
            (options.transform, options.verifies) = (filter, true)
        }
        #expect(status.outcome == .completed)
        site.fixture.expectEqual("wanted", "target")
        let wanted = try #require(site.fixture.server.count(of: "wanted"))
        #expect(status.counters.itemsWritten == wanted)
        #expect(status.counters.itemsLeftOut == 900 - wanted)
        let comparison = try #require(status.tables[0].comparison)
        #expect(comparison.result == .equal && comparison.counters.itemsInSource == wanted)
    }

    @Test func `under faults and stops it is the same`() async throws {
        for seed in 0..<4 as Range<UInt64> {
            let site = try Self.site(600) { options in
                options.seed = seed
                options.faults = try? FaultPlan(
                    parsing: "error=0.05,throttle=0.05,drop=0.05,truncate=0.03,unprocessed=0.2")
            }
            let filter = try Self.transform()
            let status = try await site.fixture.copyThroughStops(seed: seed) { options in
                (options.transform, options.segments) = (filter, 8)
            }
            #expect(status.outcome == .completed)
            site.fixture.expectEqual("wanted", "target")
        }
    }

    @Test func `another condition is another job`() async throws {
        let site = try Self.site(200)
        let filter = try Self.transform()
        let job = try await site.fixture.prepare { $0.transform = filter }
        job.stop()
        _ = await job.run()
        let another = try Self.transform("n = 1")
        let other = try await site.fixture.prepare { options in
            (options.transform, options.mergesIntoItems) = (another, true)
        }
        #expect(other.id != job.id)
        other.stop()
        _ = await other.run()
    }

    @Test func `an export and an import bring what is wanted too`() async throws {
        let site = try Self.site()
        let filter = try Self.transform()
        let out = try await site.export { ($0.transform, $0.verifies) = (filter, true) }.run()
        #expect(out.outcome == .completed && out.tables[0].comparison?.result == .equal)
        let wanted = try #require(site.fixture.server.count(of: "wanted"))
        #expect(try await site.read().items == wanted)
        let second = try Self.transform("n = 2")
        let into = try await site.importing(try await site.read()) {
            ($0.transform, $0.verifies) = (second, true)
        }.run()
        #expect(into.outcome == .completed && into.tables[0].comparison?.result == .equal)
        #expect(into.counters.itemsLeftOut == wanted - into.counters.itemsWritten)
    }

    @Test func `a verification by the same condition is equal, and finds what was planted`()
        async throws
    {
        let site = try Self.site(400)
        let filter = try Self.transform()
        let equal = try await site.fixture.verify("source", "wanted") { $0.transform = filter }
        #expect(equal.comparison.result == .equal && equal.findings.isEmpty)
        let count = try await site.fixture.verify("source", "wanted") { options in
            (options.transform, options.mode) = (filter, .count)
        }
        #expect(count.comparison.result == .equal)
        var planted = try #require(FilesFixture.items(400).first(where: Self.isWanted))
        planted["blob"] = ["B": "AAE="]
        try await site.fixture.put(planted, into: "wanted")
        let unwanted = try #require(FilesFixture.items(400).first { !Self.isWanted($0) })
        try await site.fixture.put(unwanted, into: "wanted")
        let found = try await site.fixture.verify("source", "wanted") { $0.transform = filter }
        #expect(found.keys(.different).count == 1 && found.keys(.onlyInTarget).count == 1)
        #expect(found.findings.count == 2)
    }

    @Test func `a copy of what differs goes by the condition`() async throws {
        let site = try Self.site(300)
        let filter = try Self.transform()
        let planted: JSON = ["id": ["S": "other"], "n": ["N": "9"]]
        try await site.fixture.put(planted, into: "target")
        let status = try await site.fixture.copy { options in
            (options.transform, options.onlyChanged, options.mergesIntoItems) = (filter, true, true)
        }
        #expect(status.outcome == .completed)
        let wanted = try #require(site.fixture.server.count(of: "wanted"))
        #expect(status.counters.itemsWritten == wanted)
        #expect(site.fixture.server.count(of: "target") == wanted + 1)
    }
}

/// Goal: what the service judges itself leaves out no item that is wanted, and costs what it says.
@Suite(.timeLimit(.minutes(10))) struct PushedFilterTests {
    private static func site(
        _ configure: (inout ServerOptions) -> Void = { _ in }
    ) throws -> FilesFixture {
        let site = try FilesFixture(configure)
        let items = (0..<1_200).map { number -> JSON in
            [
                "id": ["S": .string("item \(number % 4)")], "n": ["N": .string("\(number)")],
                "kind": ["S": .string(number % 3 == 0 ? "rare" : "usual")],
                "text": ["S": .string(String(repeating: "x", count: 4_000))],
            ]
        }
        try site.load("source", items)
        try site.load(
            "wanted",
            items.filter { $0["id"] == ["S": "item 1"] && $0["kind"] == ["S": "rare"] })
        try site.load("target", [])
        return site
    }

    private static let text = "id = 'item 1' AND kind = 'rare' AND lower(kind) = 'rare'"

    @Test func `a condition on the partition key reads that partition alone`() async throws {
        let site = try Self.site()
        let transform = try ItemTransform(.init(wanted: Self.text), hasJob: false)
        let status = try await site.fixture.copy {
            ($0.transform, $0.verifies) = (transform, true)
        }
        #expect(status.outcome == .completed)
        site.fixture.expectEqual("wanted", "target")
        #expect(status.counters.itemsWritten == 100)
        #expect(status.counters.itemsLeftOut == 200)
        // 300 of 1,200 items of 4 KB, at half a unit each, and what was tried first.
        #expect(status.counters.readUnits < 300, "\(status.counters.readUnits)")
        #expect(status.tables[0].comparison?.result == .equal)
    }

    @Test func `a filter is the service's, and is judged here too`() async throws {
        let site = try Self.site()
        let transform = try ItemTransform(
            .init(wanted: "kind = 'rare' AND begins_with(id, 'item 1')"), hasJob: false)
        let status = try await site.fixture.copy {
            ($0.transform, $0.segments) = (transform, 4)
        }
        #expect(status.outcome == .completed)
        site.fixture.expectEqual("wanted", "target")
        #expect(status.counters.itemsLeftOut == 1_100)
        #expect(status.counters.bytesRead < 1_000_000, "\(status.counters.bytesRead)")
    }

    @Test func `under faults and stops a Query and filtered pages lose nothing`() async throws {
        for (seed, text) in [Self.text, "kind = 'rare' AND begins_with(id, 'item 1')"].enumerated()
        {
            let site = try Self.site { options in
                options.seed = UInt64(seed)
                options.faults = try? FaultPlan(
                    parsing: "error=0.05,throttle=0.05,drop=0.05,truncate=0.05,unprocessed=0.2")
            }
            let transform = try ItemTransform(.init(wanted: text), hasJob: false)
            let status = try await site.fixture.copyThroughStops(seed: UInt64(seed)) {
                $0.transform = transform
            }
            #expect(status.outcome == .completed)
            site.fixture.expectEqual("wanted", "target")
        }
    }

    @Test func `a server without Query is read by a Scan`() async throws {
        let site = try Self.site { $0.without = ["Query"] }
        let transform = try ItemTransform(.init(wanted: Self.text), hasJob: false)
        let status = try await site.fixture.copy { $0.transform = transform }
        #expect(status.outcome == .completed)
        site.fixture.expectEqual("wanted", "target")
        #expect(status.counters.itemsLeftOut == 1_100)
    }

    @Test func `an export reads what is wanted by a Query too`() async throws {
        let site = try Self.site()
        let transform = try ItemTransform(.init(wanted: Self.text), hasJob: false)
        let out = try await site.export { ($0.transform, $0.verifies) = (transform, true) }.run()
        #expect(out.outcome == .completed && out.tables[0].comparison?.result == .equal)
        #expect(try await site.read().items == 100)
        #expect(out.counters.readUnits < 300, "\(out.counters.readUnits)")
    }
}

/// Goal: a fraction of the keys is copied with all of their items, and verified so.
@Suite(.timeLimit(.minutes(10))) struct FractionTests {
    @Test func `a fraction of the keys has all items of these keys`() async throws {
        let site = try FilesFixture()
        try site.load("source", FilesFixture.items(3_000))
        try site.load("target", [])
        var transform = try ItemTransform(.init(), hasJob: false)
        transform.fraction = KeyFraction(0.1)
        let status = try await site.fixture.copy { [transform] in
            ($0.transform, $0.verifies) = (transform, true)
        }
        #expect(status.outcome == .completed && status.tables[0].comparison?.result == .equal)
        let items = try site.fixture.server.items(of: "target").map { try JSON(parsing: $0) }
        let keys = Set(items.map { $0["id"]?.text ?? "" })
        #expect(items.count == 3 * keys.count && (60...140).contains(keys.count))
        #expect(status.counters.itemsLeftOut == 3_000 - items.count)
        let same = try await site.fixture.verify("source", "target") { [transform] in
            $0.transform = transform
        }
        #expect(same.comparison.result == .equal)
        try await site.fixture.put(["id": ["S": "x"], "n": ["N": "1"]], into: "target")
        let found = try await site.fixture.verify("source", "target") { [transform] in
            $0.transform = transform
        }
        #expect(found.keys(.onlyInTarget).count == 1 && found.findings.count == 1)
    }
}
