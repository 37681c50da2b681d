import Connectors
import Flow

/// Removes one export, object by object: what its manifest lists, and then the manifests. Nothing
/// is removed because of where it lies.
package struct ExportRemoval: Sendable {
    private let files: any WritableFileStore
    private let patience: Duration

    /// A manifest lists 50,000 files or so, in some 250 bytes each.
    private static let manifestBytesMax = 256 << 20

    package init(_ files: any WritableFileStore, patience: Duration) {
        self.files = files
        self.patience = patience
    }

    /// - Parameter folder: of the export, with its `/`.
    /// - Returns: how many objects were removed. Those that are gone already are not counted.
    package func remove(_ folder: String) async throws(FlowFailure) -> Int {
        let names = ExportNames(id: String(folder.dropFirst(ExportNames.root.count).dropLast()))
        let there = Set(try await files.listed(folder, patience: patience).map(\.name))
        // The list goes after what it lists: a second attempt finds the rest by it.
        let doomed =
            try await listed(names, there)
            + [
                names.table, names.started, ExportNames.md5(of: names.files), names.files,
                ExportNames.md5(of: names.summary), names.summary,
            ]
        var count = 0
        for name in doomed where there.contains(name) {
            try await files.removed(name, patience: patience)
            count += 1
        }
        return count
    }

    /// Data files of the manifest, as they lie in the export's own folder.
    private func listed(
        _ names: ExportNames, _ there: Set<String>
    ) async throws(FlowFailure) -> [String] {
        guard there.contains(names.files) else { return [] }
        let bytes = try await files.whole(
            names.files, bytesMax: Self.manifestBytesMax, patience: patience)
        do throws(ManifestError) {
            return try FilesManifest.files(parsing: bytes, called: names.files).map { file in
                names.data + (file.name.split(separator: "/").last.map(String.init) ?? "")
            }
        } catch {
            throw FlowFailure(
                .giveUp, code: "BadManifest",
                message: "\(files.title(of: error.file)) \(error.reason): nothing was removed",
                hint: error.hint)
        }
    }
}
