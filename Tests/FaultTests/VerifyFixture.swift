import Connectors
import DynamoDB
import DynamoModel
import Foundation
import JSON
import Jobs
import Pacing
import Status
import System

@testable import Transfer

/// What a verification between two tables of a fixture's server came to.
struct Verified {
    var status: TableStatus
    var findings: [VerifyFinding]
    var deadLettersPaths: [String] = []

    var comparison: Comparison { status.comparison ?? Comparison() }
    var counters: VerifyCounters { comparison.counters }

    /// The keys of the findings of one kind, as the service spells them.
    func keys(_ kind: VerifyFinding.Kind) -> Set<String> {
        Set(findings.filter { $0.kind == kind }.map { String(decoding: $0.key, as: UTF8.self) })
    }
}

extension CopyFixture {
    func prepareVerify(
        _ source: String = "source", _ target: String = "target",
        repair: RepairOptions? = nil, isKept: Bool = false,
        _ configure: (inout VerifyOptions) -> Void = { _ in },
        emit: @escaping VerifyPreparation.Emit = { _ in }
    ) async throws -> Job {
        try await prepareVerify(
            pairs: [(source, target)], repair: repair, isKept: isKept, configure, emit: emit)
    }

    func prepareVerify(
        pairs: [(source: String, target: String)], repair: RepairOptions? = nil,
        isKept: Bool = false, _ configure: (inout VerifyOptions) -> Void = { _ in },
        emit: @escaping VerifyPreparation.Emit = { _ in }
    ) async throws -> Job {
        var options = VerifyOptions()
        options.giveUpAfter = .seconds(60)
        options.scratchFolder = NSTemporaryDirectory()
        configure(&options)
        let client = try await client()
        let reader = ReadOnlyClient(client)
        let tables = pairs.map { pair -> VerifyPreparation.Pair in
            let compared: VerifyPreparation.Target =
                repair.map { .repaired(TargetTable(name: pair.target, client: client), $0) }
                ?? .compared(SourceTable(name: pair.target, reader: reader))
            return (.table(SourceTable(name: pair.source, reader: reader)), compared)
        }
        return try await prepareVerify(of: tables, options, isKept: isKept, emit: emit)
    }

    func prepareVerify(
        of tables: [VerifyPreparation.Pair], _ options: VerifyOptions, isKept: Bool = false,
        emit: @escaping VerifyPreparation.Emit = { _ in }
    ) async throws -> Job {
        let request = ["verify", tables[0].source.name]
        return try await VerifyPreparation.prepare(
            [VerifyOptions](repeating: options, count: tables.count),
            job: isKept ? JobOptions(folder: jobs, request: request) : nil,
            tables: tables, seed: 1, emit: emit)
    }

    /// Sets the attribute of a table's time to live.
    func expire(_ table: String, _ attribute: String) async throws {
        try await TargetTable(name: table, client: try await client()).setTimeToLive(attribute)
    }

    func put(_ item: JSON, into table: String) async throws {
        try await TargetTable(name: table, client: try await client()).put(item)
    }

    func verify(
        _ source: String = "source", _ target: String = "target", repair: RepairOptions? = nil,
        _ configure: (inout VerifyOptions) -> Void = { _ in }
    ) async throws -> Verified {
        try await verified {
            try await prepareVerify(source, target, repair: repair, configure, emit: $0)
        }
    }

    /// What a job comes to.
    func verified(
        _ make: (@escaping VerifyPreparation.Emit) async throws -> Job
    ) async throws -> Verified {
        let found = FoundItems()
        let job = try await make { found.add($0.item) }
        let status = await job.run()
        return Verified(
            status: status.tables[0], findings: found.all,
            deadLettersPaths: status.deadLettersPaths)
    }
}

private final class FoundItems: @unchecked Sendable {
    // @unchecked: touched under the lock only.
    private let lock = NSLock()
    private var found: [VerifyFinding] = []

    func add(_ finding: VerifyFinding) { lock.withLock { found.append(finding) } }
    var all: [VerifyFinding] { lock.withLock { found } }
}

/// Tables that differ in ways that are known.
struct EditedTables {
    static let definition = TableDefinition(
        name: "source",
        schema: KeySchema(
            partition: KeyAttribute(name: "id", type: .string),
            sort: KeyAttribute(name: "n", type: .number)))

    private(set) var source: [JSON] = []
    private(set) var target: [JSON] = []
    /// Keys by what is to be found about them.
    private(set) var expected: [VerifyFinding.Kind: Set<String>] = [:]
    private var generator: SeededGenerator

    init(seed: UInt64, items: Int, edits: Double) {
        generator = SeededGenerator(seed: seed)
        for index in 0..<items {
            let item = item(index)
            let isEdited = generator.unit() < edits
            edit(item, isEdited ? Int.random(in: 0...6, using: &generator) : 7, index)
        }
    }

    func load(into fixture: CopyFixture) throws {
        var definition = Self.definition
        try fixture.server.load(definition, items: source)
        definition.name = "target"
        try fixture.server.load(definition, items: target)
    }

    private static func key(_ index: Int) -> JSON {
        ["id": ["S": .string("item \"\(index / 3)\"")], "n": ["N": .string("\(index % 3)")]]
    }

    private mutating func item(_ index: Int) -> JSON {
        var item = Self.key(index)
        item["text"] = ["S": .string(String(repeating: "x", count: Int(generator.next() % 200)))]
        item["set"] = ["SS": ["b", "a", "\u{e9}"]]
        item["number"] = ["N": "1.5"]
        item["map"] = ["M": ["list": ["L": [["NULL": true], ["BOOL": false]]]]]
        return item
    }

    private mutating func edit(_ item: JSON, _ edit: Int, _ index: Int) {
        var other = item
        var kind: VerifyFinding.Kind? = .different
        switch edit {
        case 0: kind = .onlyInSource
        case 1: kind = .onlyInTarget
        case 2: other["text"] = ["S": "changed"]
        case 3: other["more"] = ["BOOL": true]
        case 4: other["number"] = ["N": "1.5000000000000000000000000000000000001"]
        case 5: other["map"] = ["M": ["list": ["L": [["BOOL": false], ["NULL": true]]]]]
        case 6:
            // The same by value.
            other["set"] = ["SS": ["\u{e9}", "b", "a"]]
            other["number"] = ["N": "15.0E-1"]
            kind = nil
        default: kind = nil
        }
        if kind != .onlyInTarget { source.append(item) }
        if kind != .onlyInSource { target.append(other) }
        if let kind { expected[kind, default: []].insert(Self.key(index).text) }
    }
}
