import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow

/// One side of a verification: a table, or the files of an export.
enum ComparedSide: Sendable {
    case table(any ReadableTable)
    case export(ExportedSource)

    init(_ source: CopySource) {
        switch source {
        case .table(let table): self = .table(table)
        case .export(let export): self = .export(export)
        }
    }

    var table: (any ReadableTable)? {
        if case .table(let table) = self { table } else { nil }
    }

    var export: ExportedSource? {
        if case .export(let export) = self { export } else { nil }
    }

    /// As it is called in the job.
    var name: String {
        switch self {
        case .table(let table): table.name
        case .export(let export): export.title
        }
    }

    /// Where it is reached, for the job's identity.
    var endpoint: String { table?.reader.endpoint.url ?? "files" }

    /// What there is of it.
    /// - Parameter side: `source` or `target`, for messages.
    func description(_ side: String) async throws(CopyRefusal) -> TableDescription {
        switch self {
        case .table(let table): try await table.readable(side)
        case .export(let export): export.description
        }
    }

    /// Its definition is the table's own, not taken from elsewhere.
    var knowsSchema: Bool { export.map { $0.export.table != nil } ?? true }

    // MARK: The parts that it is read in

    /// - Parameter segments: of a table.
    func partCount(segments: Int) -> Int { export?.export.data.count ?? segments }

    /// - Parameter number: of those that there are.
    func partition(_ number: Int) -> Flow.Partition {
        switch self {
        case .table: ScanSource.partition(number)
        case .export(let export): ExportSource.partition(export.export.data[number])
        }
    }

    var numbers: PartNumbers {
        switch self {
        case .table: ScanSource.segment
        case .export(let export): ExportSource.numbers(of: export.export.data)
        }
    }
}
