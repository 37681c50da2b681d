import AWS
import Connectors
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import Formats
import System

/// What a copy reads: a table, or the files of an export.
package enum CopySource: Sendable {
    case table(SourceTable)
    case export(ExportedSource)

    /// As it is called in messages and in the job.
    package var name: String {
        switch self {
        case .table(let table): table.name
        case .export(let export): export.title
        }
    }

    /// The name of the table that it is, or was; nil where files don't say.
    package var tableName: String? {
        switch self {
        case .table(let table): table.name
        case .export(let export): export.export.tableName
        }
    }

    /// Where it is reached, for the job's identity.
    var endpoint: String {
        switch self {
        case .table(let table): table.reader.endpoint.url
        case .export: "files"
        }
    }

    var table: SourceTable? {
        if case .table(let table) = self { table } else { nil }
    }

    /// The attribute by which items expire; nil also where that can't be read.
    func timeToLive() async -> String? {
        switch self {
        case .table(let table): (try? await table.timeToLive()) ?? nil
        case .export(let export): export.settings.timeToLive
        }
    }

    /// How files are read, for the job's identity; nil where their first bytes say it.
    var format: String? {
        if case .export(let export) = self { export.formatText } else { nil }
    }

    /// Of an export; nil for a table.
    var filesCount: Int? {
        guard case .export(let export) = self else { return nil }
        return min(max(1, export.export.data.count), ServiceLimits.segmentsMax)
    }

    /// Files that are read at a time, of so much memory in all; nil for a table.
    func filesOpenMax(of memory: Int) -> Int? {
        guard case .export(let export) = self else { return nil }
        return export.openMax(of: memory)
    }

    /// What those take besides their pages.
    func readersBytes(of memory: Int) -> Int {
        guard case .export(let export) = self else { return 0 }
        return export.openMax(of: memory) * export.memoryOfFile
    }

    /// Windows of changes are read.
    var hasWindows: Bool {
        if case .export(let export) = self { !export.export.windows.isEmpty } else { false }
    }

    /// How long what others have sent to the target may still take effect: earlier runs of the job,
    /// or the job that it goes on from.
    func lateFor(_ landsWithin: Duration, isResumed: Bool, at seconds: Double) -> Duration {
        guard hasWindows, case .export(let export) = self else { return .zero }
        if isResumed { return landsWithin }
        guard let last = export.follows else { return .zero }
        // Another job's file says when: no number of it is trusted.
        let passed = Int64(clamping: (max(0, seconds - last) * 1e9).rounded())
        return max(.zero, landsWithin - .nanoseconds(passed))
    }

    /// Everything has been looked at: from now on faults are taken for passing ones.
    func begin() { table?.begin() }
}

/// An export that is read as a table is.
package struct ExportedSource: Sendable {
    package var files: any FileStore
    package var export: ReadExport
    /// The table as it was, or as it is to be.
    package var description: TableDescription
    package var settings: TableSettings
    package var format: FormatOptions
    /// The bucket that they are in, and what keys begin with below it, with its `/`; nil: a folder.
    package var bucket: (name: String, key: String)?
    /// When another job wrote into the table last, in seconds since 1970, where what is read goes
    /// on from what it has written.
    package var follows: Double?

    package init(
        _ files: any FileStore, _ export: ReadExport, _ description: TableDescription,
        _ settings: TableSettings, in format: FormatOptions = FormatOptions()
    ) {
        self.format = format
        self.files = files
        self.export = export
        self.description = description
        self.settings = settings
    }

    package var title: String { files.title(of: export.folder) }

    /// How files are read, for the job's identity; nil where their first bytes say it.
    var formatText: String? { format == FormatOptions() ? nil : format.text }

    /// Bytes that a file takes that is read, besides its pages.
    var memoryOfFile: Int { ExportSource.memoryOfFile(of: export.data, in: files) }

    /// Files that are read at a time: half of the memory is theirs. A file holds one partition's
    /// part of the hash space, or less: what is not open is not written to.
    func openMax(of memory: Int) -> Int {
        let fitting = memory / 2 / max(1, memoryOfFile)
        return min(max(1, fitting), 64, max(1, export.data.count))
    }

    /// - Parameter queue: the flow's.
    func source(
        schema: KeySchema, for purpose: ExportSource.Purpose = .copying, on queue: DispatchQueue
    ) -> ExportSource {
        ExportSource(
            files, export.data, schema: schema, windows: export.windows, in: format, for: purpose,
            on: queue)
    }
}
