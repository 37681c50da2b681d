import DynamoModel
import Flow
import JSON
import System

/// What the manifests of an export say, checked against what is there: everything that an import
/// is to read.
package struct ReadExport: Equatable, Sendable {
    package var folder: String
    package var id: String
    /// nil where there is no manifest that says.
    package var tableName: String?
    package var tableARN: String?
    package var data: [DataFile]
    /// Of all data files; nil where nothing says.
    package var items: Int?
    /// Of the data files, as they lie there.
    package var bytes: Int
    package var storedBytes: Int
    /// `table.json`, as ``ExportedTable`` has it.
    package var table: ExportedTable?
    /// Files lie among its data that its manifest does not list.
    package var hasUnlisted = false
    /// What its reader should know.
    package var notes: [String] = []
    /// Of the table that it was made of, as DynamoDB knows it.
    package var tableID: String?
    /// As of when its items are, in seconds since 1970; nil where nothing says.
    package var time: Double?
    /// Of one incremental export, as it is read: when its changes were made.
    package var window: ExportWindow?
    /// The windows of changes that follow its items, in the order of ``DataFile/window``.
    package var windows: [ChainedWindow] = []
    /// False: windows are all there is.
    package var hasItems = true
}

extension ReadExport {
    /// Tells these files from others: by their names, and what is known of what they hold.
    package var digest: String {
        let hash = RunningDigest(.md5)
        for file in data {
            let line =
                "\(file.name) \(file.items ?? -1) \(file.bytes ?? -1) "
                + Base64.encode(file.md5 ?? []) + "\n"
            Array(line.utf8).withUnsafeBytes { hash.add($0) }
        }
        return Base64.encode(hash.finish())
    }

    /// Of one file, as a listing has it.
    package init(file entry: FileEntry) {
        let file = DataFile(
            name: entry.name, items: nil, bytes: entry.bytes, md5: nil, etag: nil)
        self.init(
            folder: entry.name, id: entry.name, data: [file], bytes: entry.bytes,
            storedBytes: entry.bytes)
    }

    /// Of a stream of lines, of which nothing is known.
    package init(stream name: String) {
        let file = DataFile(name: name, items: nil, bytes: nil, md5: nil, etag: nil)
        self.init(folder: "", id: "stream", data: [file], bytes: 0, storedBytes: 0)
    }
}

/// Reads manifests.
package struct ExportReader: Sendable {
    private let files: any FileStore
    private let patience: Duration

    /// Manifests list at most 50,000 files or so: a line of them has some 250 bytes.
    private static let manifestBytesMax = 256 << 20
    private static let summaryBytesMax = 1 << 20

    package init(_ files: any FileStore, patience: Duration) {
        self.files = files
        self.patience = patience
    }

    /// - Throws: `FlowFailure` that names the file and says what is wrong with it.
    package func read(_ found: ExportListing.Found) async throws(FlowFailure) -> ReadExport {
        var export = ReadExport(
            folder: found.folder, id: found.id, data: [], bytes: 0, storedBytes: 0)
        if let table = found.table {
            let bytes = try await whole(table, Self.summaryBytesMax)
            export.table = try checked { () throws(ManifestError) in
                try ExportedTable(parsing: bytes, called: table)
            }
            export.tableName = export.table?.name
        }
        if let summary = found.summary {
            try await read(summary, found, into: &export)
        } else if let manifest = found.pipelineManifest {
            try await readPipeline(manifest, found, into: &export)
        } else {
            export.data = found.data.map {
                DataFile(name: $0.name, items: nil, bytes: $0.bytes, md5: nil, etag: nil)
            }
            export.notes.append(
                "\(files.title(of: found.folder)) has no manifest: all its \(found.data.count)"
                    + " data files are read, and nothing tells whether one is missing")
        }
        export.bytes = export.data.lazy.compactMap(\.bytes).clampedSum
        export.storedBytes = max(export.storedBytes, export.bytes)
        if let archived = found.data.first(where: { $0.archive != nil }) {
            throw archivedFile(archived)
        }
        return export
    }

    private func archivedFile(_ file: FileEntry) -> FlowFailure {
        FlowFailure(
            .giveUp, code: "Archived",
            message: "\(files.title(of: file.name)) is archived (\(file.archive ?? ""))",
            hint: "restore it first: aws s3api restore-object --restore-request Days=7")
    }

    private func read(
        _ summary: String, _ found: ExportListing.Found, into export: inout ReadExport
    ) async throws(FlowFailure) {
        let bytes = try await whole(summary, Self.summaryBytesMax)
        let read = try checked { () throws(ManifestError) in
            try ExportSummary(parsing: bytes, called: summary)
        }
        try await check(bytes, of: summary)
        export.tableName = export.tableName ?? read.tableName
        export.tableARN = read.tableARN
        export.items = read.items
        export.tableID = read.tableID
        (export.time, export.window) = (read.exportTime, read.window)
        // Of changes it says what is charged for, which is no size.
        export.storedBytes = read.window == nil ? read.storedBytes : 0
        // It lies beside the summary, also where the folder has been moved.
        let list = found.folder + "manifest-files.json"
        let lines = try await whole(list, Self.manifestBytesMax)
        try await check(lines, of: list)
        var listed = try checked { () throws(ManifestError) in
            try FilesManifest.files(parsing: lines, called: list)
        }
        let sum = listed.lazy.compactMap(\.items).clampedSum
        guard sum == read.items else {
            throw bad(
                ManifestError(
                    list,
                    "lists \(sum.counted("item")), and manifest-summary.json says \(read.items)"))
        }
        let own = read.window == nil ? found.data : found.shared + found.data
        let there = Dictionary(
            own.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let beside = read.window == nil ? nil : found.folderBeside
        var seen: Set<String> = []
        for number in listed.indices {
            let key = listed[number].name
            let last = key.split(separator: "/").last.map(String.init) ?? ""
            let entry =
                beside.flatMap { there[$0 + last] } ?? there[found.folder + "data/" + last]
                ?? there[key]
            guard let entry else {
                throw bad(
                    ManifestError(
                        list, "lists \(key), which is not there",
                        hint: "copy the whole export, its data folder included"))
            }
            guard seen.insert(entry.name).inserted else {
                throw bad(ManifestError(list, "lists \(key) twice"))
            }
            listed[number].name = entry.name
            listed[number].bytes = entry.bytes
        }
        export.data = listed
        if let archived = own.first(where: { $0.archive != nil && seen.contains($0.name) }) {
            throw archivedFile(archived)
        }
        // What else lies in a folder that several share is theirs.
        if read.window != nil { return }
        let unlisted = found.data.count - listed.count
        export.hasUnlisted = unlisted > 0 || found.hasStrangers
        if unlisted > 0 {
            export.notes.append(
                "not in the manifest, and not read: \(unlisted.counted("file")) below"
                    + " \(files.title(of: found.folder))data/")
        }
    }

    /// The manifest of Data Pipeline and the EMR connector:
    /// `{"name":"DynamoDB-export","version":3,"entries":[{"url":"s3://...","mandatory":true}]}`.
    private func readPipeline(
        _ manifest: String, _ found: ExportListing.Found, into export: inout ReadExport
    ) async throws(FlowFailure) {
        let bytes = try await whole(manifest, Self.manifestBytesMax)
        guard let json = try? JSON(parsing: bytes), let entries = json["entries"]?.array else {
            throw bad(
                ManifestError(
                    manifest, "is no manifest of Data Pipeline: it has no entries",
                    hint: "remove it where it belongs to nothing: all files are read then"))
        }
        guard !entries.isEmpty || found.data.isEmpty else {
            throw bad(
                ManifestError(
                    manifest, "lists no file, though there are some",
                    hint: "remove it to read all that is there"))
        }
        let there = Dictionary(
            found.data.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<String> = []
        for entry in entries {
            let url = entry["url"]?.string ?? ""
            let last = url.split(separator: "/").last.map(String.init) ?? ""
            guard let file = there[found.folder + last] else {
                throw bad(
                    ManifestError(
                        manifest, "lists \(url), which is not there", hint: "copy the whole folder")
                )
            }
            guard seen.insert(file.name).inserted else {
                throw bad(ManifestError(manifest, "lists \(url) twice"))
            }
            export.data.append(
                DataFile(name: file.name, items: nil, bytes: file.bytes, md5: nil, etag: nil))
        }
        let unlisted = found.data.count - export.data.count
        if unlisted > 0 {
            export.notes.append(
                unlisted.counted("file") + " in \(files.title(of: found.folder)): not in its"
                    + " manifest, and not read")
        }
    }

    /// A manifest's own sum, under either of the names that there are for it.
    private func check(_ bytes: [UInt8], of name: String) async throws(FlowFailure) {
        let base = name.dropLast(".json".count)
        let entries = try await files.listed(String(base) + ".", patience: patience)
        guard
            let sums = entries.first(where: {
                $0.name == base + ".md5" || $0.name == base + ".checksum"
            })
        else { return }
        let text = String(decoding: try await whole(sums.name, 1_024), as: UTF8.self)
            .filter { !$0.isWhitespace }
        guard text != Base64.encode(MD5.hash(bytes)) else { return }
        throw bad(
            ManifestError(
                name, "has another MD5 than \(files.title(of: sums.name)) says",
                hint: "it was changed or damaged; where that was on purpose, remove"
                    + " \(files.title(of: sums.name))"))
    }

    private func whole(_ name: String, _ bytesMax: Int) async throws(FlowFailure) -> [UInt8] {
        try await files.whole(name, bytesMax: bytesMax, patience: patience)
    }

    private func checked<Value>(
        _ body: () throws(ManifestError) -> Value
    ) throws(FlowFailure) -> Value {
        do throws(ManifestError) { return try body() } catch { throw bad(error) }
    }

    private func bad(_ error: ManifestError) -> FlowFailure {
        FlowFailure(
            .giveUp, code: "BadManifest",
            message: "\(files.title(of: error.file)) \(error.reason)", hint: error.hint)
    }
}
