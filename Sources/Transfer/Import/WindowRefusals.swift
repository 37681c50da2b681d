import Connectors
import DynamoModel
import System

/// What can't be done with incremental exports, said before anything is written.
extension CopyPreflight {
    func checkWindows(_ source: TableDescription, _ target: TableDescription?) throws(CopyRefusal) {
        guard case .export(let export) = self.source, !export.export.windows.isEmpty,
            options.part != .schema
        else { return }
        try checkConsentToDelete(export)
        if export.export.isOnlyWindows, target == nil {
            throw CopyRefusal(
                "\(export.title) holds incremental exports alone, which change a table that is"
                    + " there, and there is no table \(self.target.name)",
                hint: "restore the full export that they follow first; or put it there too")
        }
        guard !export.export.isOnlyWindows || options.mergesIntoItems else {
            throw CopyRefusal(
                "\(export.title) holds incremental exports alone, which change the items that"
                    + " \(self.target.name) has",
                hint: "--merge applies them to these")
        }
        try checkMerging()
        try checkChanges(of: source.schema)
    }

    private func checkConsentToDelete(_ export: ExportedSource) throws(CopyRefusal) {
        guard !options.appliesDeletes else { return }
        let count = export.export.windows.count
        var refusal = CopyRefusal(
            export.export.isOnlyWindows
                ? "\(export.title) holds \(count.counted("incremental export")), and no full export"
                : count.counted(
                    "incremental export follows the full export in \(export.title)",
                    "incremental exports follow the full export in \(export.title)"),
            hint: "with --apply-deletes they are applied in order: items that were deleted are"
                + " deleted from \(target.name) too")
        if !export.export.isOnlyWindows {
            refusal.hints.append(
                "to read the full export alone, name its folder: \(export.title)AWSDynamoDB/"
                    + "\(export.export.id)/")
        }
        throw refusal
    }

    private func checkMerging() throws(CopyRefusal) {
        if options.keepsItems {
            throw CopyRefusal(
                "--merge=keep keeps items that incremental exports replace or delete",
                hint: "give --merge")
        }
        if options.onlyChanged {
            throw CopyRefusal(
                "--only-changed compares items, and incremental exports hold changes",
                hint: "leave it out")
        }
        if options.verifies {
            throw CopyRefusal(
                "--verify compares with what was read, and incremental exports say only what has"
                    + " changed",
                hint: "leave it out; compare with the source instead: dynaferry verify SOURCE"
                    + " \(target.name)")
        }
    }

    private func checkChanges(of schema: KeySchema) throws(CopyRefusal) {
        let transform = options.transform
        if transform.through != nil {
            throw CopyRefusal(
                "--through can't change what incremental exports delete, of which they have the"
                    + " keys alone",
                hint: "leave it out; or copy the table once it is restored")
        }
        if let name = transform.otherAttributeRead(settingKeysOf: schema) {
            throw CopyRefusal(
                "a key is set from \(name), which is no key attribute: what incremental exports"
                    + " delete would not be found, since they have its key alone",
                hint: "compute keys from key attributes")
        }
        if transform.changes != nil, [.leaveOut, .keep].contains(transform.onFailure) {
            throw CopyRefusal(
                "--on-error \(transform.onFailure.rawValue) would leave in the target what an item"
                    + " was before",
                hint: "choose dead-letter or fail")
        }
    }
}

extension ExportedSource {
    /// What is read, in the order of time, for people: a line each.
    var chainLines: [String] {
        guard !export.windows.isEmpty else { return [] }
        var lines: [String] = []
        if let time = export.time { lines.append("full export of \(ExportChain.words(time))") }
        return lines
            + export.windows.map { window in
                "\(window.items.counted("change")), \(ExportChain.words(window.window.from)) to"
                    + " \(ExportChain.words(window.window.to))"
            }
    }
}
