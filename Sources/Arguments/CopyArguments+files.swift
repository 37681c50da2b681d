import AWS
import CommandLine
import Connectors
import DynamoModel
import Formats
import S3
import System
import Transfer

/// What a copy to files, or from them, is asked.
package struct FilesArguments: Equatable, Sendable {
    package enum Compression: String, CaseIterable, Sendable {
        case gzip
        case zstd
        case none
    }

    /// Bytes of a file as it is stored, after compression.
    package var fileBytes = 16 << 20
    package var compression = Compression.gzip
    /// Of gzip or zstd; nil: what is usual.
    package var level: Int?
    /// A table whose definition an import takes.
    package var like: Location?
    /// The keys of the table that an import makes.
    package var key: KeyWords?
    /// Of several exports of one table the newest is read.
    package var latest = false
    /// What incremental exports say was deleted is deleted.
    package var appliesDeletes = false
    /// How files hold their items.
    package var format = FormatOptions()
    /// All files are read before the first item is written.
    package var checksFirst = false
    /// What is asked of a bucket with each request.
    package var bucket = BucketOptions()

    package var asCompression: FileCompression {
        switch compression {
        case .gzip: .gzip(level: level ?? Self.gzipLevel)
        case .zstd: .zstd(level: level ?? Self.zstdLevel)
        case .none: .none
        }
    }

    fileprivate static let gzipLevel = 6
    fileprivate static let zstdLevel = 3
}

/// Key attributes and their types: `pk:S,sk:N`.
package struct KeyWords: Equatable, Sendable {
    package var text: String
    package var schema: KeySchemaWords

    package typealias KeySchemaWords = [(name: String, type: String)]

    package static func == (left: Self, right: Self) -> Bool { left.text == right.text }

    /// nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else { return nil }
        var words: KeySchemaWords = []
        for part in parts {
            guard let colon = part.lastIndex(of: ":") else { return nil }
            let (name, type) = (part[..<colon], part[part.index(after: colon)...])
            guard !name.isEmpty, name.utf8.count <= 255, ["S", "N", "B"].contains(type) else {
                return nil
            }
            words.append((String(name), String(type)))
        }
        if words.count == 2, words[0].name == words[1].name { return nil }
        self.text = text
        schema = words
    }

    package var keySchema: KeySchema? {
        let attributes = schema.compactMap { word in
            ScalarType(rawValue: word.type).map { KeyAttribute(name: word.name, type: $0) }
        }
        return attributes.first.map {
            KeySchema(partition: $0, sort: attributes.dropFirst().first)
        }
    }
}

extension ValueKind where Value == KeyWords {
    package static var key: Self {
        ValueKind(
            name: "KEY", expected: "key attributes with their types, as pk:S or pk:S,sk:N",
            parse: { KeyWords($0) }, show: { $0.text })
    }
}

extension CopyArguments {
    package static var fileOptions: [Option<Self>] {
        [
            Option(
                "--file-size", .bytes, \.files.fileBytes, in: .files,
                "Write files of about this size, after compression."
            ).perTable,
            Option(
                "--compression", .choice, \.files.compression, in: .files,
                "How files are compressed."
            ).perTable,
            Option(
                "--level", .integer(ZstdWriter.levels), \.files.level, in: .files,
                default: "\(FilesArguments.gzipLevel) of gzip, \(FilesArguments.zstdLevel) of zstd",
                """
                How hard to compress: gzip from 1 to 9, zstd from 1 to 19. gzip at 1 takes half \
                of the CPU of 6, for files that are a fifth larger; zstd at 3 as well, for files \
                that are no larger.
                """
            ).perTable,
            Option(
                "--like", .table, \.files.like, in: .files, default: "table.json of the export",
                "Make the target of an import as this table at the target's side is."
            ).perTable,
            Option(
                "--key", .key, \.files.key, in: .target,
                default: "the source's, or those in table.json of the export",
                """
                Make the target with these keys, pk:S,sk:N: of a copy that changes them with \
                --set, or of an import whose export does not say them. Items that get the same \
                key are found and named.
                """
            ).perTable,
            Option(
                flag: "--latest", \.files.latest, in: .files,
                "Read the newest where a table has several exports."
            ).perTable,
            Option(
                flag: "--apply-deletes", \.files.appliesDeletes, in: .files,
                """
                Apply the incremental exports that follow the full one, in order: items that they \
                say were deleted are deleted from the target too.
                """
            ).perTable,
            Option(
                flag: "--check-first", \.files.checksFirst, in: .files,
                """
                Read all files before the first item is written: a file that is not what the \
                manifest says ends the copy before it has begun, and of keys that come twice the \
                last line counts. Where --memory can hold all items this is always done.
                """
            ).perTable,
        ] + nativeOptions + FormatArguments.options(\.files.format) + bucketOptions
    }

    /// A side is a bucket: it is reached as a table would be.
    package var usesBuckets: Bool {
        native.via != nil
            || selection.contains { $0.source.kind == .bucket || $0.target.kind == .bucket }
    }

    /// A side is stdin or stdout.
    package var hasStream: Bool {
        selection.contains { $0.source.kind == .stream || $0.target.kind == .stream }
    }

    /// What is written, or read, besides tables.
    package enum FilesSide {
        case source
        case target
    }

    /// nil for a copy from table to table.
    package var filesSide: FilesSide? {
        if selection.contains(where: \.target.isFiles) { return .target }
        return selection.contains(where: \.source.isFiles) ? .source : nil
    }

    /// Refuses what can't be done with files.
    package func validateFiles() throws(UsageError) {
        if filesSide == nil { try validateNative() }
        try validatePlaces(
            twoPlaces: "cp -r copies folders; aws s3 sync copies buckets",
            mixed: "some tables are copied to or from files, others from table to table")
        guard let side = filesSide else { return }
        try validateNative()
        if hasStream { try validateStream() }
        if let level = files.level, files.compression == .gzip, level > 9 {
            throw UsageError(
                "--level \(level): gzip has levels up to 9", hints: ["give --compression zstd too"])
        }
        if files.level != nil, files.compression == .none {
            throw UsageError(
                "--level sets a compression, but --compression is none", hints: ["leave it out"])
        }
        if side == .target, let option = formatOption {
            throw UsageError(
                "\(option) is about files that are read, but files are written",
                hints: ["leave it out: an export is written as DynamoDB's own is"])
        }
        if let option = optionAgainstFiles(side) {
            throw UsageError(
                side == .target
                    ? "\(option) is about a target table, but the target is files"
                    : "\(option) is about a source table, but the source is files",
                hints: ["leave it out"])
        }
        if !renamings.isEmpty {
            throw UsageError(
                "--rename is about tables, but a side is files",
                hints: ["copy that table by a command of its own"])
        }
    }

    /// Refuses places that don't go together.
    /// - Parameters:
    ///   - twoPlaces: what to do where both sides are files.
    ///   - mixed: what is wrong where some sides are files and others are not.
    package func validatePlaces(twoPlaces: String, mixed: String) throws(UsageError) {
        guard let side = filesSide else {
            if let option = filesOption ?? (native.via == nil ? bucketOption : nil) {
                throw UsageError(
                    "\(option) is about files, but both sides are tables",
                    hints: ["a folder contains a '/': ./dump/"])
            }
            return
        }
        for (source, target) in selection {
            if source.isFiles, target.isFiles {
                throw UsageError(
                    "both sides are files: \(source.text), \(target.text)", hints: [twoPlaces])
            }
            guard (side == .target) == target.isFiles else {
                throw UsageError(mixed, hints: ["give each kind a command of its own"])
            }
            for place in [source, target] where place.kind == .bucket && !place.isPattern {
                do throws(ConfigurationError) {
                    _ = try S3Location(place.text)
                } catch {
                    throw UsageError(error.message, hints: error.hint.map { [$0] } ?? [])
                }
            }
            if target.isFiles, target.isPattern {
                throw UsageError(
                    "TARGET \(target.text): a folder has no stars",
                    hints: ["each table has a folder of its own below it"])
            }
        }
        if !usesBuckets, let option = bucketOption {
            throw UsageError(
                "\(option) is about buckets, but the files are in a folder", hints: ["leave it out"]
            )
        }
    }

    /// A stream is of one table, and nothing is kept of it.
    private func validateStream() throws(UsageError) {
        guard selection.count == 1, let (source, target) = selection.first else {
            throw UsageError(
                "- is a stream of one table's items, but several tables are copied",
                hints: ["give it a command of its own"])
        }
        if source.kind == .stream, config == "-" {
            throw UsageError(
                "SOURCE and --config would both be read from stdin", hints: ["name a file for one"])
        }
        if target.isPattern {
            throw UsageError(
                "TARGET \(target.text): the items of a stream go into one table", hints: ["name it"]
            )
        }
        if source.isPattern {
            throw UsageError(
                "\(source.text) are several tables, whose lines could not be told apart",
                hints: ["name one, or a folder as TARGET"])
        }
        let given: [(String, Bool)] = [
            ("--job", job != nil), ("--resume", resume), ("--restart", restart),
            ("--file-size", files.fileBytes != FilesArguments().fileBytes),
            ("--compression", files.compression != .gzip), ("--level", files.level != nil),
            ("--verify", verifies), ("--only-changed", onlyChanged), ("--latest", files.latest),
            ("--check-first", files.checksFirst), ("--apply-deletes", files.appliesDeletes),
        ]
        if let option = given.first(where: \.1)?.0 {
            throw UsageError(
                "\(option) does not apply to a stream, which is not a job", hints: ["leave it out"])
        }
    }

    private var filesOption: String? {
        let usual = FilesArguments()
        if files.fileBytes != usual.fileBytes { return "--file-size" }
        if files.compression != usual.compression { return "--compression" }
        if files.level != usual.level { return "--level" }
        if files.like != nil { return "--like" }
        if files.latest { return "--latest" }
        if files.appliesDeletes { return "--apply-deletes" }
        if let option = formatOption { return option }
        return files.checksFirst ? "--check-first" : nil
    }

    private var formatOption: String? {
        if files.format.format != nil { return "--format" }
        let (csv, usual) = (files.format.csv, CSVOptions())
        if csv.types != usual.types { return "--csv-types" }
        if csv.header != usual.header { return "--csv-header" }
        return csv.delimiter == usual.delimiter ? nil : "--csv-delimiter"
    }

    private func optionAgainstFiles(_ side: FilesSide) -> String? {
        let given: [(String, Bool)]
        switch side {
        case .target:
            given = [
                ("--merge", merge != nil), ("--only-changed", onlyChanged),
                ("--schema-only", schemaOnly), ("--data-only", dataOnly),
                ("--write-units", writeUnits != nil),
                ("--total-write-units", totalWriteUnits != nil),
                ("--write-concurrency", writeConcurrency != nil),
                ("--dead-letters", deadLetters != nil), ("--boost-write", boostWrite != nil),
                ("--max-cost", maxCost != nil), ("--like", files.like != nil),
                ("--key", files.key != nil), ("--latest", files.latest),
                ("--check-first", files.checksFirst), ("--apply-deletes", files.appliesDeletes),
            ]
        case .source:
            given = [
                ("--read-units", readUnits != nil),
                ("--total-read-units", totalReadUnits != nil), ("--segments", segments != nil),
                ("--scan-concurrency", scanConcurrency != nil),
                ("--consistent-read", consistentRead), ("--gzip", gzip),
            ]
        }
        return given.first { $0.1 }?.0
    }
}
