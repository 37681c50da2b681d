import Arguments
import CommandLine
import Connectors
import DynamoModel
import Flow
import Schema
import System
import Transfer

/// A folder or a prefix as the command line names it, and which exports below it are meant.
struct FilesPlace {
    let text: String
    let files: any FileStore
    /// Of the tables' names; nil: whichever is there.
    let pattern: NamePattern?
    /// The one file that is meant.
    var file: String?
    /// The folder of the one incremental export that is meant: its data lies beside it.
    var only: String?
    /// What the exports are read for.
    var purpose = Purpose.copying

    /// An export that is meant.
    struct Chosen {
        /// It, with the windows of changes that follow it.
        var export: ReadExport
        /// What the stars of the pattern stand for.
        var stars: [String] = []
        /// All windows of its table, as each is read.
        var windows: [ReadExport] = []
    }

    enum Purpose {
        case copying
        /// They are compared with a table: changes hold none.
        case comparing
    }

    /// The exports that are meant.
    func exports(_ arguments: CopyArguments, _ voice: JobConsole) async throws -> [Chosen] {
        let entries = try await wrapped { () throws(FlowFailure) in
            let named = try await files.listed(
                file ?? only ?? "", patience: arguments.giveUpAfter)
            guard only != nil else { return named }
            return try await named + files.listed("data/", patience: arguments.giveUpAfter)
        }
        if let file {
            guard let entry = entries.first(where: { $0.name == file }) else {
                throw CommandFailure(
                    "there is no file \(files.title(of: file))",
                    hints: ["a folder's name ends with '/'"])
            }
            guard entry.bytes > 0 else {
                throw CommandFailure(
                    "\(files.title(of: file)) is empty",
                    hints: ["what was to write it may have failed"])
            }
            return [Chosen(export: ReadExport(file: entry))]
        }
        let listing = ExportListing(entries)
        if let name = listing.lookAlike {
            throw CommandFailure(
                "\(files.title(of: name)): two files have this name, in two spellings of Unicode",
                hints: ["rename one of them"])
        }
        // Of those who lie beside it only one export was asked for.
        if !listing.skipped.isEmpty, only == nil {
            let some = listing.skipped.prefix(3).map { String($0) }
            voice.note(
                listing.skipped.count.counted(
                    "file is no part of an export and is not read",
                    "files are no part of an export and are not read")
                    + ", \(some.joined(separator: ", ")) among them")
        }
        for folder in listing.unfinished where !listing.exports.isEmpty {
            voice.note("\(files.title(of: folder)) is an unfinished export, and is not read")
        }
        let reader = ExportReader(files, patience: arguments.giveUpAfter)
        var found: [ReadExport] = []
        for export in listing.exports {
            found.append(
                try await wrapped { () throws(FlowFailure) in try await reader.read(export) })
        }
        if let pattern { return try matching(pattern, found, arguments) }
        let named = Set(found.map { $0.tableName ?? "" })
        guard named.count <= 1 else {
            throw CommandFailure(
                "\(text) holds exports of several tables: "
                    + named.sorted().formattedList(joinedBy: "and"),
                hints: ["name one by its folder, or all by a pattern: '\(files.title)*' '*'"])
        }
        guard let one = try chained(found, arguments) else {
            throw missing(listing, isEmpty: entries.isEmpty)
        }
        return [one]
    }

    private func matching(
        _ pattern: NamePattern, _ found: [ReadExport], _ arguments: CopyArguments
    ) throws -> [Chosen] {
        var byName: [String: [ReadExport]] = [:]
        for export in found {
            if let name = export.tableName { byName[name, default: []].append(export) }
        }
        let excluded = arguments.excluded.map { NamePattern($0.text) }
        var chosen: [Chosen] = []
        for (name, exports) in byName.sorted(by: { $0.key < $1.key }) {
            guard let stars = pattern.match(name),
                !excluded.contains(where: { $0.match(name) != nil }),
                var one = try chained(exports, arguments)
            else { continue }
            one.stars = stars
            chosen.append(one)
        }
        guard !chosen.isEmpty else {
            throw CommandFailure(
                "no export below \(files.title) is of a table that matches \(pattern.text)",
                hints: byName.isEmpty
                    ? [] : ["there are \(byName.keys.sorted().formattedList(joinedBy: "and"))"])
        }
        return chosen
    }

    /// A full export of one table, and the windows of changes that follow it, as one.
    private func chained(_ exports: [ReadExport], _ arguments: CopyArguments) throws -> Chosen? {
        let windows = exports.filter { $0.window != nil }
        let full = try newest(exports.filter { $0.window == nil }, arguments)
        guard !windows.isEmpty else { return full.map { Chosen(export: $0) } }
        let one = try joined(full, windows)
        if purpose == .comparing, !one.windows.isEmpty {
            throw CommandFailure(
                "\(text) holds \(one.windows.count.counted("incremental export")), which hold"
                    + " changes, and are not compared",
                hints: full.map {
                    ["name the folder of the full export: \(files.title(of: $0.folder))"]
                } ?? ["compare with the table itself"])
        }
        guard one.windows.isEmpty, var full else { return Chosen(export: one, windows: windows) }
        full.notes.append(
            windows.count.counted("incremental export ends", "incremental exports end")
                + " before the full export, and nothing of them is read")
        return Chosen(export: full)
    }

    /// Puts exports of one table one behind the other.
    /// - Parameter applied: as for ``ExportChain``.
    func joined(
        _ full: ReadExport?, _ windows: [ReadExport], applied: (until: Double, job: String)? = nil
    ) throws(CommandFailure) -> ReadExport {
        func link(_ export: ReadExport) -> ExportChain.Link {
            ExportChain.Link(export, title: files.title(of: export.folder))
        }
        do throws(ExportChain.Refusal) {
            let chain = try ExportChain(
                full: full.map(link), windows: windows.map(link), applied: applied)
            var one = ReadExport(chain, full: full, windows: windows)
            if let only { one.folder = only }
            return one
        } catch {
            throw CommandFailure(error.description, hints: [error.hint])
        }
    }

    /// Of several exports of one table one must be meant. Their names begin with their time.
    private func newest(_ exports: [ReadExport], _ arguments: CopyArguments) throws -> ReadExport? {
        guard exports.count > 1 else { return exports.first }
        let sorted = exports.sorted { $0.id < $1.id }
        if arguments.files.latest { return sorted.last }
        throw CommandFailure(
            "\(text) holds \(exports.count.counted("export")) of"
                + " \(exports[0].tableName ?? "a table"): "
                + sorted.map(\.folder).formattedList(joinedBy: "and"),
            hints: ["name one of them as SOURCE, or take the newest with --latest"])
    }

    private func missing(_ listing: ExportListing, isEmpty: Bool) -> CommandFailure {
        if isEmpty {
            return CommandFailure("there are no files in \(text)", hints: ["check the path"])
        }
        if let folder = listing.unfinished.first {
            return CommandFailure(
                "\(files.title(of: folder)) is an unfinished export: it has no manifest",
                hints: ["whoever writes it must finish it first: the same command resumes it"])
        }
        return CommandFailure(
            "no file in \(text) holds items, as far as their names say",
            hints: [
                "their names end with .json, .jsonl, .csv or .ion, or these with .gz or .zst; a"
                    + " single file may have any name"
            ])
    }

    private func wrapped<Value>(
        _ body: () async throws(FlowFailure) -> Value
    ) async throws(CommandFailure) -> Value {
        do throws(FlowFailure) {
            return try await body()
        } catch {
            throw CommandFailure(error.message, hints: error.hint.map { [$0] } ?? [])
        }
    }
}

extension String {
    /// The folder, with its `/`, and the last part of a path; nil where there is none.
    var folderAndFile: (folder: String, file: String?) {
        guard !hasSuffix("/"), !isEmpty else { return (self, nil) }
        let start = lastIndex(of: "/").map { index(after: $0) } ?? startIndex
        return (String(self[..<start]), String(self[start...]))
    }
}

extension String {
    /// The folder that a folder lies in, and its own name, both with their `/`; nil of one whose
    /// name does not tell.
    var folderAbove: (above: String, own: String)? {
        let path = hasSuffix("/") ? dropLast() : self[...]
        let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let own = path[start...]
        guard !own.isEmpty, own != ".", own != ".." else { return nil }
        return (String(path[..<start]), own + "/")
    }
}

extension Location {
    /// The folder before the first star, and the pattern of names behind it; nil without stars.
    var baseAndPattern: (base: String, pattern: NamePattern?) {
        guard let star = text.firstIndex(of: "*"),
            let slash = text[..<star].lastIndex(of: "/")
        else { return (text, nil) }
        return (
            String(text[...slash]), NamePattern(String(text[text.index(after: slash)...]))
        )
    }
}
