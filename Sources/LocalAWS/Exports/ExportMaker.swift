import DynamoModel
import HTTPServer
import Pacing
import System

/// Writes the objects of one export into the server's own S3.
struct ExportMaker {
    /// What an export is made of.
    struct Source: Sendable {
        let table: Table
        let filter: ExportFilter?
        /// Equal parts of the table's hash space, each with a data file of its own at least.
        let partitions: Int
    }

    let record: ExportRecord
    let s3: S3Service

    /// A data file ends when it has so many bytes before they are compressed.
    private static let fileBytesMax = 64 << 20
    private static let level: Int32 = 6
    /// An incremental export is billed for this much at least (guide, "DynamoDB data export to
    /// Amazon S3: how it works").
    private static let incrementalBytesMin = 10_000_000

    /// The empty object that says that the export has begun.
    func writeStarted() throws(S3Error) { try put([], as: record.layout.started) }

    /// Writes all other objects, the summary last.
    ///
    /// - Parameter generator: draws the names of data files.
    func make(
        _ source: Source, using generator: inout SeededGenerator
    ) throws(S3Error) -> ExportTotals {
        var totals = ExportTotals()
        var files: [ExportFile] = []
        let changes = changes(source)
        for index in 0..<source.partitions {
            let segment = HashSegment(index: index, total: source.partitions)
            for piece in pieces(source, segment, changes[index] ?? []) {
                let key = record.layout.data(Self.name(using: &generator))
                files.append(try write(piece, as: key, &totals))
            }
        }
        if case .changes = record.span {
            totals.billedBytes = max(Self.incrementalBytesMin, totals.billedBytes)
        }
        let list = files.flatMap(\.line)
        try put(list, as: record.layout.files)
        try put(Self.checksum(of: list), as: record.layout.filesChecksum)
        let summary = record.manifest(totals)
        try put(Self.checksum(of: summary), as: record.layout.summaryChecksum)
        try put(summary, as: record.layout.summary)
        return totals
    }

    // MARK: Data

    /// Lines that make one file, and how many they are.
    private struct Piece {
        let lines = ByteBuffer()
        var items = 0
    }

    /// Of an incremental export, by part of the hash space.
    private func changes(_ source: Source) -> [Int: [TableHistory.Change]] {
        guard case .changes(let start, let end, _) = record.span else { return [:] }
        return Dictionary(grouping: source.table.netChanges(from: start, to: end)) {
            HashSegment.index(of: $0.hash, total: source.partitions)
        }
    }

    /// What one part of the hash space has to write: one piece at least.
    private func pieces(
        _ source: Source, _ segment: HashSegment, _ changes: [TableHistory.Change]
    ) -> [Piece] {
        let writer = ExportLines(
            format: record.request.format, filter: source.filter, layout: source.table.layout)
        var pieces: [Piece] = []
        var piece = Piece()
        func add(_ append: (ByteBuffer) -> Bool) {
            if append(piece.lines) { piece.items += 1 }
            guard piece.lines.count > Self.fileBytesMax else { return }
            pieces.append(piece)
            piece = Piece()
        }
        switch record.span {
        case .content(let end, _):
            source.table.forEachItem(before: end, in: segment) { key, item in
                add { writer.append(item: item, key: key, to: $0) }
            }
        case .changes(_, _, let viewType):
            for change in changes { add { writer.append(change, viewType, to: $0) } }
        }
        return pieces + [piece]
    }

    private func write(
        _ piece: Piece, as key: String, _ totals: inout ExportTotals
    ) throws(S3Error) -> ExportFile {
        totals.items += piece.items
        totals.billedBytes += piece.lines.count
        let output = ByteBuffer()
        let writer = GzipWriter(level: Self.level)
        writer.write(piece.lines.bytes, into: output)
        writer.finish(into: output)
        var bytes = Array(output.bytes)
        // The system that wrote it: unknown (RFC 1952, section 2.3.1), as AWS's files have it.
        bytes[9] = 0xFF
        try put(bytes, as: key, isUploadInParts: true)
        return ExportFile(key: key, items: piece.items, md5: MD5.hash(bytes))
    }

    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")

    /// 26 letters and digits of base 32.
    private static func name(using generator: inout SeededGenerator) -> String {
        String((0..<26).map { _ in alphabet[Int(generator.next() >> 59)] })
    }

    private static func checksum(of bytes: [UInt8]) -> [UInt8] {
        Array(Base64.encode(MD5.hash(bytes)).utf8)
    }

    // MARK: Objects

    private func put(
        _ bytes: [UInt8], as key: String, isUploadInParts: Bool = false
    ) throws(S3Error) {
        let request = record.request
        let headers =
            request.encryption == .kms
            ? ObjectHeaders.ofKMS(keyID: request.keyID) : ObjectHeaders.usual
        try s3.put(
            bytes, as: ObjectKey(key), in: request.bucket, headers: headers,
            isUploadInParts: isUploadInParts)
    }
}
