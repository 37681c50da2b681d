import Connectors
import Flow
import Jobs
import Status

/// What is looked at of files before the first item of them is written.
extension CopyTask {
    /// The check has not come to its end.
    struct CheckEnded: Error {
        var outcome: FlowOutcome
    }

    func checksFirst(_ export: ExportedSource) -> Bool {
        options.checksFirst ?? (export.export.storedBytes <= options.memory)
    }

    /// Reads all files, where that was asked for or costs little.
    /// - Returns: places of items whose keys come again further on: the last of each counts.
    func checkFiles() async -> Result<Set<LinePlace>, CheckEnded> {
        guard case .export(let export) = subject.tables.source, !export.isStream,
            checksFirst(export), !open.isCopiedByDifferences(options)
        else { return .success([]) }
        let files = Set(export.export.data.map(\.name))
        let finished = open.segments.lazy.filter(\.isFinished).map(\.partition.name)
        guard !files.subtracting(finished).isEmpty else { return .success([]) }
        if options.checksFirst == true { note("checking \(export.title) first") }
        let check = FilesCheck(
            FilesCheck.Request(
                export: export, schema: subject.source.schema,
                purpose: open.segments.isEmpty ? .checking : .checkingAgain,
                memory: options.memory, scratchFolder: options.scratchFolder,
                giveUpAfter: options.giveUpAfter, shared: (context.shared, number),
                time: context.time, seed: seed),
            of: (subject.source.definition.name, subject.target.definition.name))
        let outcome = await perform(check).outcome ?? .stopped
        guard outcome == .completed else { return .failure(CheckEnded(outcome: outcome)) }
        // Lines of one key may get keys of their own.
        let movesKeys = options.transform.movesKeys(
            from: subject.source.schema, to: subject.target.schema)
        let places = movesKeys ? [] : check.superseded
        if !places.isEmpty {
            note(
                places.count.counted(
                    "line of \(export.title) has a key that comes again further on",
                    "lines of \(export.title) have keys that come again further on")
                    + ": the last line of each key counts, and the others are left out")
        }
        return .success(places)
    }
}

extension ExportedSource {
    /// It can be read once.
    var isStream: Bool { files is StreamStore }
}
