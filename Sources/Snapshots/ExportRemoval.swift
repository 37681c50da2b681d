import Connectors
import Flow

/// Removes one export, object by object: what its manifest lists, and then the manifests. Nothing
/// is removed because of where it lies. Asked again it goes on where it was.
package struct ExportRemoval: Sendable {
    private let files: any WritableFileStore
    private let patience: Duration

    package init(_ files: any WritableFileStore, patience: Duration) {
        self.files = files
        self.patience = patience
    }

    /// - Parameter folder: of the export, with its `/`.
    /// - Returns: how many objects were removed.
    package func remove(_ folder: String) async throws(FlowFailure) -> Int {
        let names = ExportNames(id: String(folder.dropFirst(ExportNames.root.count).dropLast()))
        let there = try await files.listed(folder, patience: patience)
        let found = ExportListing(there).exports.first { $0.folder == folder }
        var doomed: [String] = []
        if let found, found.summary != nil {
            doomed = try await ExportReader(files, patience: patience).read(found).data.map(\.name)
        }
        // The summary is the last to go: while it is there the others can be found again.
        doomed += [
            names.table, names.started, ExportNames.md5(of: names.files), names.files,
            ExportNames.md5(of: names.summary), names.summary,
        ]
        let known = Set(there.map(\.name))
        var count = 0
        for name in doomed where known.contains(name) {
            try await files.removed(name, patience: patience)
            count += 1
        }
        return count
    }
}
