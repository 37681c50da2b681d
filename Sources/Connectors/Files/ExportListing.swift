import Flow

/// What a listing shows of exports: decided by names alone.
package struct ExportListing: Equatable, Sendable {
    /// An export whose files are there.
    package struct Found: Equatable, Sendable {
        /// Ends with `/`; empty: the place itself.
        package var folder: String
        /// What it is known by: the name of its folder.
        package var id: String
        /// `manifest-summary.json`; nil: there is none, and all data files are taken as they are.
        package var summary: String?
        /// Below its folder, in the order of their names.
        package var data: [FileEntry]
        /// Ours, `table.json`: definition and settings of the table; or dynamodump's `schema.json`.
        package var table: String?
        /// Files lie among its data that are none by their names.
        package var hasStrangers = false
        /// Data Pipeline's list of its files.
        package var pipelineManifest: String?
        /// What lies in the folder `data` beside its own folder: incremental exports share it, and
        /// only their manifests say whose a file is.
        package var shared: [FileEntry] = []
    }

    package var exports: [Found] = []
    /// Folders of exports that were begun and have no manifest.
    package var unfinished: [String] = []
    /// Files that are no part of any export, and are not read.
    package var skipped: [String] = []
    /// A file whose name differs from another's in its Unicode form only: either could be meant.
    package var lookAlike: String?

    private static let summary = "manifest-summary.json"
    private static let schema = "schema.json"
    private static let manifest = "manifest"

    package init(_ entries: [FileEntry]) {
        var rest: [FileEntry] = []
        var names: Set<String> = []
        for entry in entries {
            // Strings are equal here whose characters are, however they are spelt in bytes.
            if !names.insert(entry.name).inserted { lookAlike = entry.name }
            // A key that ends so is how some tools mark a folder.
            if entry.name.hasSuffix("/"), entry.bytes == 0 { continue }
            if Self.isClutter(entry.name) { skipped.append(entry.name) } else { rest.append(entry) }
        }
        let all = Set(rest.map(\.name))
        var folders = Set(rest.compactMap { Self.folder(of: $0.name) })
        // Others may have a file of this name, too.
        for name in all where name == Self.schema || name.hasSuffix("/" + Self.schema) {
            let folder = String(name.dropLast(Self.schema.count))
            if all.contains(where: { $0.hasPrefix(folder + "data/") }) { folders.insert(folder) }
        }
        let manifests = all.filter { $0 == Self.manifest || $0.hasSuffix("/" + Self.manifest) }
        folders.formUnion(manifests.map { String($0.dropLast(Self.manifest.count)) })
        var byFolder: [String: [FileEntry]] = [:]
        for entry in rest {
            let owner = Self.prefixes(of: entry.name).first { folders.contains($0) }
            byFolder[owner ?? "", default: []].append(entry)
        }
        let pools = Self.takeShared(&byFolder, all)
        for (folder, entries) in byFolder.sorted(by: { $0.key < $1.key }) {
            add(folder, entries, isExport: folders.contains(folder))
        }
        for number in exports.indices where exports[number].summary != nil {
            let pool = exports[number].folder + "data/"
            exports[number].hasStrangers = skipped.contains { $0.hasPrefix(pool) }
            exports[number].shared = pools[Self.parent(of: exports[number].folder)] ?? []
        }
    }

    /// Takes the files out that exports may share, by the folders that those exports lie in.
    private static func takeShared(
        _ byFolder: inout [String: [FileEntry]], _ all: Set<String>
    ) -> [String: [FileEntry]] {
        let exports = byFolder.keys.filter { !$0.isEmpty && all.contains($0 + summary) }
        let parents = Set(exports.map(parent)).filter { !all.contains($0 + summary) }
        var pools: [String: [FileEntry]] = [:]
        for parent in parents {
            let pool = parent + "data/"
            for (folder, entries) in byFolder {
                let shared = entries.filter { $0.name.hasPrefix(pool) && isData($0.name) }
                guard !shared.isEmpty, !all.contains(folder + summary) else { continue }
                pools[parent, default: []] += shared
                let rest = entries.filter { !$0.name.hasPrefix(pool) || !isData($0.name) }
                byFolder[folder] = rest.isEmpty ? nil : rest
            }
            pools[parent]?.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }
        return pools
    }

    /// The folder that a folder lies in, with its `/`; empty: the place itself.
    fileprivate static func parent(of folder: String) -> String {
        let inner = folder.dropLast()
        return inner.lastIndex(of: "/").map { String(inner[...$0]) } ?? ""
    }

    private mutating func add(_ folder: String, _ entries: [FileEntry], isExport: Bool) {
        let names = Set(entries.map(\.name))
        let summary = folder + Self.summary
        if names.contains(folder + Self.manifest), !names.contains(summary) {
            return addPipeline(folder, entries)
        }
        let data = entries.filter { isExport ? $0.name.hasPrefix(folder + "data/") : true }
            .filter { Self.isData($0.name) }
        let known = Set(data.map(\.name))
        for name in names.sorted() where !known.contains(name) && !Self.isManifest(name, in: folder)
        {
            skipped.append(name)
        }
        if names.contains(folder + "_started"), !names.contains(summary) {
            return unfinished.append(folder)
        }
        let hasSummary = names.contains(summary)
        guard hasSummary || !data.isEmpty else { return }
        exports.append(
            Found(
                folder: folder, id: Self.name(of: folder),
                summary: hasSummary ? summary : nil, data: data,
                table: ["table.json", Self.schema].map { folder + $0 }.first(where: names.contains))
        )
    }

    private mutating func addPipeline(_ folder: String, _ entries: [FileEntry]) {
        exports.append(
            Found(
                folder: folder, id: Self.name(of: folder),
                data: entries.filter { $0.name != folder + Self.manifest },
                pipelineManifest: folder + Self.manifest))
    }

    /// The folder of the export that a file is of, as far as its name tells.
    private static func folder(of name: String) -> String? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last else { return nil }
        let isMarker = last == summary || last == "_started"
        if isMarker { return String(name.dropLast(last.count)) }
        guard parts.count >= 3, parts[parts.count - 2] == "data",
            parts.count >= 4 ? parts[parts.count - 4] == "AWSDynamoDB" : false
        else { return nil }
        return String(name.dropLast(last.count + "data/".count))
    }

    /// Folders that a file lies in, the innermost first.
    private static func prefixes(of name: String) -> [String] {
        name.indices.filter { name[$0] == "/" }.reversed().map { String(name[...$0]) }
    }

    private static func name(of folder: String) -> String {
        folder.split(separator: "/").last.map(String.init) ?? ""
    }

    private static func isManifest(_ name: String, in folder: String) -> Bool {
        let rest = name.dropFirst(folder.count)
        return [
            summary, "manifest-summary.md5", "manifest-summary.checksum", "manifest-files.json",
            "manifest-files.md5", "manifest-files.checksum", "_started", "table.json", schema,
        ].contains(String(rest))
    }

    /// Whether a file may hold items, as far as its name tells.
    package static func isData(_ name: String) -> Bool {
        let last = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        return endings.contains { last.hasSuffix($0) }
            // Data Pipeline and Hadoop have files without endings.
            || last.hasPrefix("part-") || isUUID(last)
    }

    private static let endings = [
        ".json", ".jsonl", ".ndjson", ".csv", ".ion", ".gz", ".zst",
    ]

    private static func isUUID(_ name: Substring) -> Bool {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && parts.allSatisfy { $0.allSatisfy(\.isHexDigit) }
    }

    /// What systems and tools leave behind.
    private static func isClutter(_ name: String) -> Bool {
        let last = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        return last == ".DS_Store" || last == "_SUCCESS" || last.hasSuffix(".crc")
            || last.hasSuffix(FolderStore.asideSuffix)
    }
}

extension ExportListing.Found {
    /// The folder of data that it shares with other incremental exports.
    var folderBeside: String { ExportListing.parent(of: folder) + "data/" }
}
