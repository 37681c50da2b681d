import Connectors
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import Foundation
import JSON
import LocalAWS
import Pacing
import System
import Testing

@testable import Transfer

/// Goal: a repair makes tables equal, writes what differs and nothing else, and never over what has
/// changed since it was read.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct RepairTests {
    private var deleting: RepairOptions {
        var options = RepairOptions()
        options.deletesExtra = true
        return options
    }

    @Test("of 24 random pairs of tables, each verifies equal after its repair")
    func repaired() async throws {
        for seed in 100..<124 as Range<UInt64> {
            let fixture = try CopyFixture { $0.keepNumbers = true }
            let tables = EditedTables(
                seed: seed, items: [1, 30, 400][Int(seed % 3)],
                edits: [0, 0.05, 0.5, 1][Int(seed / 3 % 4)])
            try tables.load(into: fixture)
            let found = try await fixture.verify(repair: deleting)
            #expect(found.comparison.result == (tables.expected.isEmpty ? .equal : .repaired))
            for kind in VerifyFinding.Kind.allCases {
                #expect(found.keys(kind) == tables.expected[kind] ?? [], "\(kind), seed \(seed)")
            }
            let extra = tables.expected[.onlyInTarget]?.count ?? 0
            #expect(found.counters.deleted == extra)
            #expect(found.counters.repaired == found.counters.differences - extra)
            #expect(found.counters.differencesLeft == 0)
            let again = try await fixture.verify()
            #expect(again.comparison.result == .equal, "seed \(seed)")
            #expect(again.counters.itemsInTarget == tables.source.count)
        }
    }

    @Test("items that only the target has stay, unless they are to be deleted")
    func extra() async throws {
        let fixture = try CopyFixture { $0.keepNumbers = true }
        let tables = EditedTables(seed: 3, items: 300, edits: 0.5)
        try tables.load(into: fixture)
        let extra = try #require(tables.expected[.onlyInTarget])
        let found = try await fixture.verify(repair: RepairOptions())
        #expect(found.comparison.result == .different)
        #expect(found.counters.deleted == 0)
        #expect(found.counters.differencesLeft == extra.count)
        let again = try await fixture.verify()
        #expect(again.findings.map(\.kind) == extra.map { _ in .onlyInTarget })
    }

    @Test("faults, throttles and lost replies change nothing about the end")
    func faults() async throws {
        let fixture = try CopyFixture {
            $0.keepNumbers = true
            $0.faults = try FaultPlan(
                parsing: "error=0.05,throttle=0.05,drop=0.05,truncate=0.02,corrupt=0.02")
        }
        let tables = EditedTables(seed: 11, items: 600, edits: 0.5)
        try tables.load(into: fixture)
        let found = try await fixture.verify(repair: deleting)
        #expect(found.comparison.result == .repaired)
        #expect(try await fixture.verify().comparison.result == .equal)
    }

    @Test("what the target refuses for good is a dead letter, and remains a difference")
    func deadLetters() async throws {
        let fixture = try CopyFixture()
        var definition = EditedTables.definition
        func item(_ id: String, _ group: JSON) -> JSON {
            ["id": ["S": .string(id)], "n": ["N": "1"], "g": group]
        }
        try fixture.server.load(
            definition,
            items: [item("a", ["S": "fits"]), item("b", ["N": "7"]), item("c", ["S": "fits"])])
        definition.name = "target"
        definition.attributes.append(KeyAttribute(name: "g", type: .string))
        definition.globalIndexes = [
            IndexDefinition(name: "by-g", keys: [KeyElement(attribute: "g", role: .partition)])
        ]
        try fixture.server.load(definition)
        var options = RepairOptions()
        options.deadLettersPath = fixture.deadLettersPath
        let found = try await fixture.verify(repair: options)
        #expect(found.comparison.result == .different)
        #expect(found.counters.repaired == 2)
        #expect(found.counters.deadLetters == 1)
        #expect(found.counters.differencesLeft == 1)
        #expect(found.deadLettersPaths == [fixture.deadLettersPath])
        let text = try String(contentsOfFile: fixture.deadLettersPath, encoding: .utf8)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count == 1)
        let letter = try JSON(parsing: lines[0])
        #expect(letter["code"] == "ValidationException")
        #expect(letter["item"]?["id"] == ["S": "b"])
        options.deadLettersMax = 0
        let failed = try await fixture.verify(repair: options)
        guard case .failed(let failure) = failed.status.outcome else {
            Issue.record("\(failed.status)")
            return
        }
        #expect(failure.hint?.contains("--max-dead-letters") == true)
    }

    @Test("a repair keeps to its write units")
    func limited() async throws {
        let fixture = try CopyFixture()
        let items = EditedTables(seed: 4, items: 60, edits: 0).source
        var definition = EditedTables.definition
        try fixture.server.load(definition, items: items)
        definition.name = "target"
        try fixture.server.load(definition)
        let start = MonotonicTime().now
        let found = try await fixture.verify(repair: RepairOptions()) {
            $0.limits.writeUnits = .perSecond(40)
        }
        #expect(found.comparison.result == .repaired)
        #expect(found.status.progress.counters.writeUnits == 60)
        #expect(MonotonicTime().now - start > .seconds(1))
    }

    @Test("an item that the target's writers change all the while is never overwritten unread")
    func changing() async throws {
        let fixture = try CopyFixture()
        var definition = EditedTables.definition
        func item(_ count: Int) -> JSON {
            ["id": ["S": "hot"], "n": ["N": "1"], "v": ["N": .string("\(count)")]]
        }
        try fixture.server.load(definition, items: [item(-1)])
        definition.name = "target"
        try fixture.server.load(definition, items: [item(0)])
        let target = TargetTable(name: "target", client: try await fixture.client())
        let schema = try #require(definition.schema)
        // What a repair would send, once somebody else has written in between.
        try await fixture.put(item(1), into: "target")
        let queue = DispatchQueue(label: "test")
        let sink = ConditionalSink(
            target, schema: schema, indexes: [], conflict: .isChange, memoryBytes: 1 << 20,
            on: queue)
        for operation in [Flow.Operation.put, .delete] {
            let source = OneItem(item(-1), over: item(0), operation, schema)
            let parts = FlowParts(source, to: sink)
            let time = MonotonicTime()
            let driver = FlowDriver(
                parts, parts.configuration(try #require(MemoryBudget(total: 32 << 20))),
                shared: (SharedLimits(read: nil, write: nil, time: time), 0), on: queue,
                time: time, seed: 1)
            #expect(await driver.run() == .completed)
            #expect(driver.progress.counters.itemsChanged == 1, "written over what was not read")
        }
        let key = try JSON(parsing: #"{"id":{"S":"hot"},"n":{"N":"1"}}"#)
        #expect(try await target.item(key) == item(1))
    }
}

/// A source of one item that is to be written over another.
private final class OneItem: PageSource {
    let shape = PageShape.scan()
    private let item: JSON
    private let other: JSON
    private let operation: Flow.Operation
    private let schema: KeySchema

    init(_ item: JSON, over other: JSON, _ operation: Flow.Operation, _ schema: KeySchema) {
        (self.item, self.other, self.operation, self.schema) = (item, other, operation, schema)
    }

    func open(_ saved: [PartitionRecord], _ done: @escaping Done<[Flow.Partition]>) {
        done(.success([Flow.Partition(name: "one")]))
    }

    func read(_ request: PageRequest, into buffer: ByteBuffer, _ done: @escaping Done<Page>) {
        buffer.append(Array(#"{"Count":2,"Items":[\#(item.text),\#(other.text)]}"#.utf8))
        var page = Page(request, in: buffer)
        do {
            let items = try PageCutter(schema: schema).cut(buffer.bytes).items
            page.items = [items[0]]
            page.storedBytes = Int(items[0].size)
            (page.operations, page.before) = ([operation], [items[1]])
            done(.success(page))
        } catch {
            done(.failure(FlowFailure(malformed: error, "Scan")))
        }
    }

    func cursor(after item: Int, of page: Page) -> Cursor { Cursor(bytes: [1]) }
}
