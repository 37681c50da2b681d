import Connectors
import Flow
import Status

/// What is looked at of files before the first item of them is written.
extension CopyTask {
    /// The check has not come to its end.
    struct CheckEnded: Error {
        var outcome: FlowOutcome
    }

    /// Reads all files, where that was asked for or costs little.
    /// - Returns: places of items whose keys come again further on: the last of each counts.
    func checkFiles() async -> Result<Set<LinePlace>, CheckEnded> {
        guard case .export(let export) = subject.tables.source, !export.isStream,
            options.checksFirst ?? (export.export.bytes <= options.memory),
            !open.isCopiedByDifferences(options)
        else { return .success([]) }
        if options.checksFirst == true { note("checking \(export.title) first") }
        let check = FilesCheck(self, export)
        let outcome = await perform(check).outcome ?? .stopped
        guard outcome == .completed else { return .failure(CheckEnded(outcome: outcome)) }
        let places = check.superseded
        if !places.isEmpty {
            note(
                "\(places.count) lines of \(export.title) have keys that come again further on:"
                    + " the last line of each key counts, and the others are left out")
        }
        return .success(places)
    }
}

extension ExportedSource {
    /// It can be read once.
    var isStream: Bool { files is StreamStore }
}
