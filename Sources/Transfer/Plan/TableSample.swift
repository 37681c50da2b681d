import AWS
import Connectors
import DynamoDB
import DynamoModel
import JSON
import System

/// A few pages of a table: what its items are like, as far as some can tell of all.
struct TableSample: Equatable, Sendable {
    var items = 0
    /// As the service counts them, and as JSON.
    var storedBytes = 0
    var jsonBytes = 0
    /// Write units of the items, each rounded by itself, to the table with its local indexes, which
    /// are charged to it, and to each global index.
    var writes = SampledUnits()
    var indexes: [String: SampledUnits] = [:]
    /// Bytes of the entries of local indexes, and how many there are.
    var localBytes = 0
    var localEntries = 0
    /// Items of which an index would refuse the key, by why.
    var misfits: [IndexMisfit: Int] = [:]
    /// Everything was seen: these are all items there are.
    var isComplete = true

    /// Segments looked at, and items of each at most.
    static let segmentsMax = 4
    static let itemsMax = 200

    init() {}

    /// What manifests say of all items of an export: of their sizes only roughly.
    init(_ export: ReadExport) {
        items = export.items ?? 0
        storedBytes = export.storedBytes
        jsonBytes = storedBytes.addingClamped(storedBytes)
        let each = items > 0 ? storedBytes / items : 0
        let (units, isHuge) = items.multipliedReportingOverflow(
            by: CapacityUnits.write(bytes: each))
        writes = SampledUnits(units: isHuge ? .max : units)
        isComplete = export.items != nil
    }

    var itemBytes: Double { items > 0 ? Double(storedBytes) / Double(items) : 0 }
}

extension TableSample {
    /// - Parameter survey: looks at the items, too.
    /// The page that was read first, which is all of a small table; of others, one page of a few
    /// segments, which lie evenly over the table.
    static func take(
        of source: SourceTable, _ definition: TableDefinition, _ first: FirstRead,
        for survey: ItemSurvey? = nil
    ) async throws -> TableSample {
        let page = ByteBuffer()
        if first.page?.peek(into: page) == true {
            var sample = TableSample()
            let reply = try JSON(parsing: page.bytes)
            try sample.add(reply, definition)
            try survey?.look(at: reply["Items"]?.array ?? [])
            return sample
        }
        let count = min(segmentsMax, first.segments)
        let numbers = (0..<count).map { $0 * (first.segments / count) }
        return try await pages(
            of: source, definition, numbers, segments: first.segments, for: survey)
    }

    private static func pages(
        of source: SourceTable, _ definition: TableDefinition, _ numbers: [Int], segments: Int,
        for survey: ItemSurvey?
    ) async throws -> TableSample {
        var sample = TableSample()
        for number in numbers {
            var body: JSON = ["TableName": .string(source.name), "Limit": JSON(itemsMax)]
            if segments > 1 {
                body["Segment"] = JSON(number)
                body["TotalSegments"] = JSON(segments)
            }
            let reply = try await source.reader.call(.scan, body)
            try sample.add(reply, definition)
            try survey?.look(at: reply["Items"]?.array ?? [])
        }
        if segments > numbers.count { sample.isComplete = false }
        return sample
    }

    private mutating func add(_ reply: JSON, _ definition: TableDefinition) throws(AWSError) {
        do {
            for item in reply["Items"]?.array ?? [] { try add(item: item, definition) }
        } catch {
            throw AWSError(absurd: ReadOperation.scan.operation, "Items: \(error)")
        }
        if reply["LastEvaluatedKey"]?.members?.isEmpty == false { isComplete = false }
    }

    private mutating func add(item json: JSON, _ definition: TableDefinition) throws {
        let item = try Item(json)
        let size = ItemSize.of(item)
        items += 1
        storedBytes += size
        jsonBytes += json.bytes.count
        var units = CapacityUnits.write(bytes: size)
        for index in definition.localIndexes {
            switch index.fit(item, definition, isLocal: true) {
            case .indexed:
                let bytes = index.entryBytes(item, definition)
                units += CapacityUnits.write(bytes: bytes)
                localBytes += bytes
                localEntries += 1
            case .absent: break
            case .misfit(let misfit): misfits[misfit, default: 0] += 1
            }
        }
        writes.add(units, bytes: size)
        for index in definition.globalIndexes {
            switch index.fit(item, definition, isLocal: false) {
            case .indexed:
                let bytes = index.entryBytes(item, definition)
                indexes[index.name, default: SampledUnits()]
                    .add(CapacityUnits.write(bytes: bytes), bytes: bytes)
            case .absent: indexes[index.name, default: SampledUnits()].addNone()
            case .misfit(let misfit):
                indexes[index.name, default: SampledUnits()].addNone()
                misfits[misfit, default: 0] += 1
            }
        }
    }
}

extension IndexDefinition {
    /// Stored bytes of a new entry: of what is projected into it.
    fileprivate func entryBytes(_ item: Item, _ table: TableDefinition) -> Int {
        let names: Set<String>
        switch projection {
        case .all: return ItemSize.of(item)
        case .keysOnly: names = keyNames(table)
        case .include(let others): names = keyNames(table).union(others)
        }
        let entry = item.filter { names.contains(String(decoding: $0.key, as: UTF8.self)) }
        return ItemSize.of(entry)
    }

    private func keyNames(_ table: TableDefinition) -> Set<String> {
        Set((keys + table.keys).map(\.attribute))
    }
}
