import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import Connectors
@testable import Flow

/// Goal: what the flow relies on holds of each source and each sink there is, not only of those in
/// memory (`FlowClaimTests`). A tidy test sees that each type has its line here.
@Suite(.timeLimit(.minutes(20))) struct ConnectorClaimTests {
    private static let schema = KeySchema(
        partition: KeyAttribute(name: "id", type: .string),
        sort: KeyAttribute(name: "n", type: .number))
    private static let items = (0..<60).map { number -> JSON in
        [
            "id": ["S": .string("item \(number / 3)")], "n": ["N": .string("\(number % 3)")],
            "text": ["S": .string(String(repeating: "x", count: 7 * number))],
        ]
    }

    private static func fixture() throws -> CopyFixture {
        let fixture = try CopyFixture()
        var definition = TableDefinition(name: "source", schema: schema)
        definition.billing = .onDemand(Throughput())
        try fixture.server.load(definition, items: items)
        definition.name = "target"
        try fixture.server.load(definition, items: [])
        return fixture
    }

    // MARK: Sources

    /// A source on a table of these items, and what holds of it besides.
    struct SourceCase: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// Its cursors are good in another source.
        var isResumable = true
        var make:
            @Sendable (_ client: Client, _ table: String, _ queue: DispatchQueue) throws ->
                any PageSource
    }

    /// Files that sources read.
    private static let keptFolders = Locked<[TemporaryFolder]>([])

    private static let sources = [
        SourceCase(testDescription: "ScanSource") { client, table, queue in
            ScanSource(
                SourceTable(name: table, reader: ReadOnlyClient(client)), side: "source",
                schema: schema, .init(segments: 3), on: queue)
        },
        SourceCase(testDescription: "PairSource", isResumable: false) { client, table, queue in
            let key = DigestKey(bytes: [UInt8](repeating: 7, count: 16))
            var left = items[...]
            return PairSource(
                SourceTable(name: table, reader: ReadOnlyClient(client)),
                SourceTable(name: "target", reader: ReadOnlyClient(client)),
                PairComparison(schema: schema, key: key, expiry: (nil, nil), now: 0), on: queue
            ) { () throws(FlowFailure) in
                guard let item = left.popFirst() else { return nil }
                guard let digest = ConnectorClaimTests.digest(of: item, key) else {
                    preconditionFailure("an item has a digest")
                }
                var difference = KeyDifference(
                    keyHash: digest.key, key: ConnectorClaimTests.key(of: item))
                difference.source = digest
                return AskedPair(difference, trustsAbsence: true)
            }
        },
        SourceCase(testDescription: "KeyListSource") { client, table, queue in
            let folder = try TemporaryFolder()
            let lines = items.map {
                String(decoding: ConnectorClaimTests.key(of: $0), as: UTF8.self)
            }
            try lines.joined(separator: "\n").write(
                toFile: folder.path("keys"), atomically: true, encoding: .utf8)
            keptFolders.withLock { $0.append(folder) }
            return KeyListSource(
                SourceTable(name: table, reader: ReadOnlyClient(client)),
                try KeyList(folder.path("keys")), schema: schema, on: queue)
        },
        SourceCase(testDescription: "ThroughSource") { client, table, queue in
            ThroughSource(
                ScanSource(
                    SourceTable(name: table, reader: ReadOnlyClient(client)), side: "source",
                    schema: schema, .init(segments: 3), on: queue),
                stages: [], ItemTransform(), .init(command: "cat"), from: schema, to: schema,
                onErrorLine: nil)
        },
        SourceCase(testDescription: "ExportSource") { _, table, queue in
            try exported(table, queue)
        },
        SourceCase(testDescription: "FilePairSource", isResumable: false) { client, table, queue in
            let key = DigestKey(bytes: [UInt8](repeating: 7, count: 16))
            var wanted = WantedKeys(on: .source, bytesMax: 1 << 20)
            for item in items {
                guard let digest = ConnectorClaimTests.digest(of: item, key) else {
                    preconditionFailure("an item has a digest")
                }
                var difference = KeyDifference(keyHash: digest.key, key: [])
                difference.source = digest
                wanted.add(AskedPair(difference, trustsAbsence: false))
            }
            wanted.sort()
            return FilePairSource(
                try exported(table, queue), wanted, but: [],
                SourceTable(name: "target", reader: ReadOnlyClient(client)),
                PairComparison(schema: schema, key: key, expiry: (nil, nil), now: 0), on: queue)
        },
    ]

    /// Files of the items; none where the table is another than "source".
    private static func exported(_ table: String, _ queue: DispatchQueue) throws -> ExportSource {
        let folder = try TemporaryFolder()
        let names = (0..<3).map { "\(table)-\($0).json" }
        if table == "source" {
            for (number, name) in names.enumerated() {
                let lines = items[(20 * number)..<(20 * number + 20)].map {
                    #"{"Item":\#($0.text)}"# + "\n"
                }
                try lines.joined().write(
                    toFile: folder.path(name), atomically: true, encoding: .utf8)
            }
        }
        return ExportSource(
            KeptFolder(folder),
            names.map { DataFile(name: $0, items: 20, bytes: nil, md5: nil, etag: nil) },
            schema: schema, on: queue)
    }

    private static func digest(of item: JSON, _ key: DigestKey) -> ItemDigest? {
        let reply = ByteBuffer()
        reply.append(Array(#"{"Count":1,"Items":[\#(item.text)]}"#.utf8))
        guard let slice = try? PageCutter(schema: schema).cut(reply.bytes).items.first else {
            return nil
        }
        return try? ItemDigester(schema: schema, key: key).digest(slice, in: reply.bytes)
    }

    private static func key(of item: JSON) -> [UInt8] {
        let key: JSON = ["id": item["id"]!, "n": item["n"]!]
        return key.bytes
    }

    /// What a source has answered, once it has.
    private func page(
        _ source: any PageSource, _ queue: DispatchQueue, _ partition: Flow.Partition,
        after cursor: Cursor?, itemsMax: Int = 7, bytesMax: Int = 1 << 20
    ) async -> Result<Page, FlowFailure> {
        let request = PageRequest(
            partition: partition, after: cursor, itemsMax: itemsMax, bytesMax: bytesMax)
        return await Answers.of(queue) { source.read(request, into: ByteBuffer(), $0) }
    }

    private func partitions(
        _ source: any PageSource, _ queue: DispatchQueue
    ) async throws -> [Flow.Partition] {
        try await Answers.of(queue) { source.open([], $0) }.get()
    }

    private func texts(_ page: Page) -> [String] {
        page.items.map { String(decoding: page.buffer.bytes[$0.range], as: UTF8.self) }
    }

    /// All items behind a cursor.
    private func rest(
        _ source: any PageSource, _ queue: DispatchQueue, _ partition: Flow.Partition,
        after cursor: Cursor?, _ visit: (Page) async throws -> Void = { _ in }
    ) async throws -> [String] {
        var (found, next): ([String], Cursor?) = ([], cursor)
        repeat {
            let page = try await page(source, queue, partition, after: next).get()
            #expect(page.items.count <= 7)
            found += texts(page)
            try await visit(page)
            if case .more(let cursor) = page.next { next = cursor } else { next = nil }
        } while next != nil
        return found
    }

    @Test(arguments: sources)
    func `pages join: each item comes once`(source: SourceCase) async throws {
        let fixture = try Self.fixture()
        let queue = DispatchQueue(label: "claims.source")
        let real = try source.make(try await fixture.client(), "source", queue)
        var found: [String] = []
        for partition in try await partitions(real, queue) {
            found += try await rest(real, queue, partition, after: nil)
        }
        #expect(found.count == Self.items.count)
        let expected = Set(Self.items.map(\.sorted))
        #expect(try Set(found.map { try JSON(parsing: $0).sorted }) == expected)
    }

    @Test(arguments: sources.filter(\.isResumable))
    func `it goes on behind each item, in another process too`(source: SourceCase) async throws {
        let fixture = try Self.fixture()
        let client = try await fixture.client()
        let queue = DispatchQueue(label: "claims.source")
        let first = try source.make(client, "source", queue)
        for partition in try await partitions(first, queue) {
            let all = try await rest(first, queue, partition, after: nil)
            var before = 0
            _ = try await rest(first, queue, partition, after: nil) { page in
                for item in page.items.indices where item % 3 == 0 || item == page.items.count - 1 {
                    let other = try source.make(client, "source", queue)
                    let left = try await rest(
                        other, queue, partition, after: first.cursor(after: item, of: page))
                    #expect(left == Array(all[(before + item + 1)...]))
                }
                before += page.items.count
            }
        }
    }

    @Test(arguments: sources)
    func `what is not there is named, and not asked for again`(source: SourceCase) async throws {
        let fixture = try Self.fixture()
        let queue = DispatchQueue(label: "claims.source")
        let real = try source.make(try await fixture.client(), "nowhere", queue)
        let partition = try #require(try await partitions(real, queue).first)
        let result = await page(real, queue, partition, after: nil)
        guard case .failure(let failure) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(failure.remedy == .giveUp)
        #expect(failure.message.contains("nowhere"), "\(failure)")
    }

    @Test(arguments: sources)
    func `a page that does not fit is to be split`(source: SourceCase) async throws {
        let fixture = try Self.fixture()
        let queue = DispatchQueue(label: "claims.source")
        let real = try source.make(try await fixture.client(), "source", queue)
        for partition in try await partitions(real, queue) {
            let result = await page(real, queue, partition, after: nil, bytesMax: 64)
            if case .failure(let failure) = result {
                return #expect(failure.remedy == .split, "\(failure)")
            }
        }
        Issue.record("each page fitted into 64 bytes")
    }

    // MARK: Sinks

    /// A sink on a table, and what holds of it besides.
    struct SinkCase: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// What is written is in the table.
        var writes = true
        var make:
            @Sendable (_ client: Client, _ table: String, _ queue: DispatchQueue) -> any BatchSink
    }

    private static let sinks = [
        SinkCase(testDescription: "TableSink") { client, table, queue in
            TableSink(
                TargetTable(name: table, client: client), schema: schema, indexes: [],
                memoryBytes: 1 << 20, on: queue)
        },
        SinkCase(testDescription: "ConditionalSink") { client, table, queue in
            conditional(client, table, queue)
        },
        SinkCase(testDescription: "FindingSink") { client, table, queue in
            FindingSink(
                .init(conditional(client, table, queue), deletesExtra: false), isLastRound: true,
                isSlow: false, on: queue
            ) { (_) throws(FlowFailure) in }
        },
        SinkCase(testDescription: "LineSink", writes: false) { _, _, _ in
            LineSink(nowhere)
        },
        SinkCase(testDescription: "SpillSink", writes: false) { _, _, _ in
            let sums = TableSums(buckets: 1 << 4, segments: 1)
            return SpillSink(
                KeySpill(folder: NSTemporaryDirectory(), bytesMax: 1 << 20),
                SumDifference(sums, sums), isTarget: false, schema: schema,
                key: DigestKey(bytes: [UInt8](repeating: 7, count: 16)))
        },
        SinkCase(testDescription: "KeyPlacesSink", writes: false) { _, _, _ in
            KeyPlacesSink(schema: schema, folder: NSTemporaryDirectory(), bytesMax: 1 << 20)
        },
    ]

    /// Where lines go that nobody reads.
    private static let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)

    private static func conditional(
        _ client: Client, _ table: String, _ queue: DispatchQueue
    ) -> ConditionalSink {
        ConditionalSink(
            TargetTable(name: table, client: client), schema: schema, indexes: [],
            conflict: .isKept(isResumed: false), memoryBytes: 1 << 20, on: queue)
    }

    /// Items as the flow gives them to a sink.
    private func held(_ items: [JSON]) throws -> HeldPage {
        let buffer = ByteBuffer()
        let list = items.map(\.text).joined(separator: ",")
        buffer.append(Array(#"{"Count":\#(items.count),"Items":[\#(list)]}"#.utf8))
        let request = PageRequest(
            partition: Flow.Partition(name: "0"), after: nil, itemsMax: items.count,
            bytesMax: 1 << 20)
        var page = Page(request, in: buffer)
        page.items = try PageCutter(schema: Self.schema).cut(buffer.bytes).items
        let states = items.map { _ in PairState(source: 1, target: nil) }
        page.made = [
            PagePairs(
                pairs: zip(page.items, states).map { slice, state in
                    var asked = AskedPair(
                        KeyDifference(keyHash: 0, key: []), trustsAbsence: true)
                    asked.last = state
                    return Pair(asked: asked, now: state, source: slice)
                }),
            PageLines(first: LinePlace(file: 0, line: 0)),
        ]
        return HeldPage(page)
    }

    private func write(
        _ sink: any BatchSink, _ queue: DispatchQueue, _ held: HeldPage, _ items: [Int]
    ) async -> Result<BatchReply, FlowFailure> {
        let batch = items.map { BatchItem(UInt32($0), of: held, mayBeWritten: false) }
        let reply = await Answers.of(queue) { sink.write(batch, $0) }
        return withExtendedLifetime(held) { reply }
    }

    // MARK: Sinks of units

    /// A sink of units, in a folder.
    struct UnitSinkCase: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var make: @Sendable (_ folder: String) -> any UnitSink
    }

    private static let unitSinks = [
        UnitSinkCase(testDescription: "ExportSink") { folder in
            ExportSink(FolderStore(folder), .init(folder: "data/", job: 7, epoch: 1))
        }
    ]

    @Test(arguments: unitSinks)
    func `a unit is there with all its items once it is sealed, and not before`(
        sink: UnitSinkCase
    ) async throws {
        let folder = try TemporaryFolder()
        let store = FolderStore(folder.path(""))
        let queue = DispatchQueue(label: "claims.units")
        let real = sink.make(folder.path(""))
        let held = try held(Self.items)
        let unit = UnitID(partition: Flow.Partition(name: "0"), ordinal: 0)
        for start in [0, 30] {
            let batch = (start..<start + 30).map {
                BatchItem(UInt32($0), of: held, mayBeWritten: false)
            }
            let reply = try await Answers.of(queue) { real.write(batch, in: unit, $0) }.get()
            #expect(reply.exceptions.isEmpty && !reply.isUnitFull)
        }
        #expect(try await store.listed("", patience: .zero).isEmpty)
        let record = try await Answers.of(queue) { real.seal(unit, $0) }.get()
        let file = try #require(DataFile(stored: record))
        #expect(file.items == Self.items.count)
        #expect(try await store.listed("", patience: .zero).map(\.name) == [file.name])
        let source = ExportSource(store, [file], schema: Self.schema, on: queue)
        let found = try await rest(
            source, queue, Flow.Partition(name: file.name), after: nil)
        #expect(
            try found.map { try JSON(parsing: $0).sorted } == Self.items.map(\.sorted))
        withExtendedLifetime(held) {}
    }

    @Test(arguments: unitSinks)
    func `a place that can't be written is named, and the unit is sealed when it can`(
        sink: UnitSinkCase
    ) async throws {
        let folder = try TemporaryFolder()
        let blocked = folder.path("data")
        try "in the way".write(toFile: blocked, atomically: true, encoding: .utf8)
        let queue = DispatchQueue(label: "claims.units")
        let real = sink.make(folder.path(""))
        let held = try held(Self.items)
        let unit = UnitID(partition: Flow.Partition(name: "0"), ordinal: 0)
        let batch = [BatchItem(0, of: held, mayBeWritten: false)]
        _ = try await Answers.of(queue) { real.write(batch, in: unit, $0) }.get()
        guard case .failure(let failure) = await Answers.of(queue, { real.seal(unit, $0) }) else {
            Issue.record("it was sealed")
            return
        }
        #expect(failure.message.contains("data"), "\(failure)")
        try FileManager.default.removeItem(atPath: blocked)
        let record = try await Answers.of(queue) { real.seal(unit, $0) }.get()
        #expect(DataFile(stored: record)?.items == 1)
        withExtendedLifetime(held) {}
    }

    @Test(arguments: sinks)
    func `what is said to be written is there, and may be written again`(
        sink: SinkCase
    ) async throws {
        let fixture = try Self.fixture()
        let queue = DispatchQueue(label: "claims.sink")
        let real = sink.make(try await fixture.client(), "target", queue)
        let held = try held(Self.items)
        for _ in 0..<2 {
            var next = 0
            while next < Self.items.count {
                let count = min(real.shape.itemsMax, Self.items.count - next)
                let reply = try await write(real, queue, held, Array(next..<(next + count))).get()
                #expect(!reply.exceptions.contains { $0.outcome == .unprocessed })
                next += count
            }
            if sink.writes {
                #expect(
                    fixture.server.items(of: "target") == fixture.server.items(of: "source"))
            }
        }
    }

    @Test(arguments: sinks.filter(\.writes))
    func `an item that is refused for its content is told by itself`(
        sink: SinkCase
    ) async throws {
        let fixture = try Self.fixture()
        let queue = DispatchQueue(label: "claims.sink")
        let real = sink.make(try await fixture.client(), "target", queue)
        let poison: JSON = ["id": ["S": "a"], "n": ["N": "1"], "set": ["SS": ["b", "b"]]]
        let held = try held([Self.items[0], poison])
        guard case .failure(let failure) = await write(real, queue, held, [1]) else {
            Issue.record("it was taken")
            return
        }
        #expect(failure.remedy == .split, "\(failure)")
        #expect(failure.code == "ValidationException")
        #expect(fixture.server.count(of: "target") == 0)
    }

    @Test(arguments: sinks.filter(\.writes))
    func `a target that is not there is named`(sink: SinkCase) async throws {
        let fixture = try Self.fixture()
        let queue = DispatchQueue(label: "claims.sink")
        let real = sink.make(try await fixture.client(), "nowhere", queue)
        let held = try held([Self.items[0]])
        guard case .failure(let failure) = await write(real, queue, held, [0]) else {
            Issue.record("it was taken")
            return
        }
        #expect(failure.remedy == .giveUp)
        #expect(failure.message.contains("nowhere"), "\(failure)")
    }
}

/// Waits for an answer, and sees that it comes once.
private enum Answers {
    static func of<Value: Sendable>(
        _ queue: DispatchQueue, _ ask: @escaping @Sendable (@escaping Done<Value>) -> Void
    ) async -> Result<Value, FlowFailure> {
        let count = Locked(0)
        let result = await withCheckedContinuation { continuation in
            queue.async {
                ask { result in
                    let number = count.withLock { count in
                        count += 1
                        return count
                    }
                    if number == 1 { continuation.resume(returning: result) }
                }
            }
        }
        await Task.yield()
        #expect(count.withLock { $0 } == 1)
        return result
    }
}

extension JSON {
    /// The same for items whose members stand in another order.
    var sorted: String {
        guard let members else { return text }
        return members.sorted { $0.name < $1.name }.map { "\($0.name):\($0.value.sorted)" }
            .joined(separator: ",")
    }
}
