import DynamoModel
import Flow
import Foundation
import JSON
import Pacing
import System
import Testing

@testable import Connectors

/// Goal: names, listings and manifests of exports say what DynamoDB's own do, and nothing that a
/// folder holds makes a wrong one pass.
@Suite struct ExportFilesTests {
    @Test func `a data file's name tells whose it is`() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let name = DataFileName(
                job: UInt64.random(in: 0 ... .max, using: &generator),
                epoch: UInt16.random(in: 0 ... .max, using: &generator),
                partition: UInt32.random(in: 0 ... .max, using: &generator),
                ordinal: UInt32.random(in: 0 ... .max, using: &generator))
            let text = name.text
            #expect(text.count == 26 && text.allSatisfy { "a"..."z" ~= $0 || "2"..."7" ~= $0 })
            #expect(DataFileName(Substring(text)) == name)
        }
        #expect(DataFileName("") == nil)
        #expect(DataFileName("7777777777777777777777777a") == nil)
        #expect(DataFileName("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == nil)
    }

    @Test func `an export's id begins with its time in milliseconds`() {
        let names = ExportNames(started: 1_700_000_000.123, salt: 0xAB)
        #expect(names.id == "01700000000123-000000ab")
        #expect(names.data == "AWSDynamoDB/01700000000123-000000ab/data/")
        #expect(ExportNames.md5(of: names.summary).hasSuffix("/manifest-summary.md5"))
    }

    @Test func `a summary has the members of DynamoDB's own, in their order, in one line`() throws {
        let summary = ExportSummary(
            filesKey: "p/AWSDynamoDB/01-00/manifest-files.json", items: 3,
            tableARN: "arn:aws:dynamodb:us-east-1:123456789012:table/orders", tableID: nil,
            exportARN: "arn:aws:dynamodb:us-east-1:123456789012:table/orders/export/01-00",
            started: 1_700_000_000.5, ended: 1_700_000_060, storedBytes: 77)
        let text = String(decoding: summary.bytes, as: UTF8.self)
        #expect(!text.contains("\n") && !text.contains(": "))
        let json = try JSON(parsing: summary.bytes)
        #expect(
            json.members?.map(\.name) == [
                "version", "exportArn", "startTime", "endTime", "tableArn", "tableId",
                "exportTime", "s3Bucket", "s3Prefix", "s3SseAlgorithm", "s3SseKmsKeyId",
                "manifestFilesS3Key", "billedSizeBytes", "itemCount", "outputFormat",
            ])
        #expect(json["startTime"]?.string == "2023-11-14T22:13:20.500Z")
        let read = try ExportSummary(parsing: summary.bytes, called: "x")
        #expect(read.items == 3 && read.tableName == "orders" && read.filesKey == summary.filesKey)
    }

    @Test(arguments: [
        (#"[]"#, "is no JSON object"),
        (#"{"exportType":"HALF_EXPORT"}"#, "HALF_EXPORT"),
        (#"{"outputFormat":"PARQUET"}"#, "PARQUET"),
        (
            #"{"manifestFilesS3Key":"a","itemCount":1,"exportType":"INCREMENTAL_EXPORT"}"#,
            "when the changes"
        ),
        (
            #"{"manifestFilesS3Key":"a","itemCount":1,"exportType":"INCREMENTAL_EXPORT","#
                + #""exportFromTime":"2026-01-02T00:00:00Z","#
                + #""exportToTime":"2026-01-01T00:00:00Z"}"#,
            "when the changes"
        ),
        (#"{"itemCount":1}"#, "manifest-files.json"),
        (#"{"manifestFilesS3Key":"a","itemCount":-1}"#, "itemCount"),
    ])
    func `a summary that can't be gone by is refused with the reason`(
        text: String, reason: String
    ) {
        let error = #expect(throws: ManifestError.self) {
            try ExportSummary(parsing: Array(text.utf8), called: "manifest-summary.json")
        }
        #expect(error?.reason.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func `a list of files comes back as it was written, and a bad line is named`() throws {
        let files = (0..<3).map {
            DataFile(
                name: "AWSDynamoDB/x/data/\($0).json.gz", items: $0, bytes: 10,
                md5: MD5.hash([UInt8($0)]), etag: "e\($0)")
        }
        let bytes = FilesManifest.bytes(files, below: "p/")
        let read = try FilesManifest.files(parsing: bytes, called: "manifest-files.json")
        #expect(read.map(\.name) == files.map { "p/" + $0.name })
        #expect(read.map(\.items) == [0, 1, 2] && read.map(\.md5) == files.map(\.md5))
        for bad in ["{}", "x", #"{"dataFileS3Key":"a","itemCount":1,"md5Checksum":"AA=="}"#] {
            let error = #expect(throws: ManifestError.self) {
                try FilesManifest.files(
                    parsing: bytes + Array(bad.utf8), called: "manifest-files.json")
            }
            #expect(error?.reason.contains("line 4") == true)
        }
    }

    @Test func `a listing tells exports, unfinished ones and clutter apart`() {
        func entry(_ name: String, _ bytes: Int = 5) -> FileEntry {
            FileEntry(name: name, bytes: bytes)
        }
        let listing = ExportListing([
            entry("AWSDynamoDB/01-aa/_started", 0),
            entry("AWSDynamoDB/01-aa/manifest-summary.json"),
            entry("AWSDynamoDB/01-aa/manifest-summary.md5"),
            entry("AWSDynamoDB/01-aa/manifest-files.json"), entry("AWSDynamoDB/01-aa/table.json"),
            entry("AWSDynamoDB/01-aa/data/x.json.gz"), entry("AWSDynamoDB/01-aa/data/.DS_Store"),
            entry("AWSDynamoDB/01-aa/data/", 0),
            entry("AWSDynamoDB/02-bb/_started", 0), entry("AWSDynamoDB/02-bb/data/y.json.gz"),
            entry("t/AWSDynamoDB/uuid/data/z.gz"), entry("t/notes.txt"),
            entry("t/AWSDynamoDB/uuid/data/_SUCCESS"), entry("t/AWSDynamoDB/uuid/data/z.crc"),
        ])
        #expect(listing.exports.map(\.folder) == ["AWSDynamoDB/01-aa/", "t/AWSDynamoDB/uuid/"])
        #expect(listing.exports.map(\.id) == ["01-aa", "uuid"])
        #expect(listing.exports[0].summary != nil && listing.exports[0].table != nil)
        #expect(listing.exports[0].data.map(\.name) == ["AWSDynamoDB/01-aa/data/x.json.gz"])
        #expect(listing.exports[1].summary == nil)
        #expect(listing.unfinished == ["AWSDynamoDB/02-bb/"])
        #expect(listing.skipped.contains("t/notes.txt") && listing.skipped.count == 4)
    }

    @Test func `files whose names only look alike are not taken for one`() {
        let names = ["\u{e9}/data.json", "e\u{301}/data.json"]
        let listing = ExportListing(names.map { FileEntry(name: $0, bytes: 1) })
        #expect(listing.lookAlike == names[1])
        #expect(ExportListing([FileEntry(name: names[0], bytes: 1)]).lookAlike == nil)
    }

    @Test(arguments: ["gzip", "zstd"])
    func `what is compressed in pieces is read in pieces, of several parts too`(form: String) {
        let isGzip = form == "gzip"
        func reading() -> any Decompressor { isGzip ? GzipReader() : ZstdReader() }
        var generator = SeededGenerator(seed: 3)
        var text: [UInt8] = []
        let compressed = ByteBuffer()
        for _ in 0..<3 {
            let writer: any Compressor = isGzip ? GzipWriter(level: 6) : ZstdWriter(level: 3)
            for _ in 0..<40 {
                let piece = (0..<Int.random(in: 0...5_000, using: &generator)).map { _ in
                    UInt8.random(in: 97...107, using: &generator)
                }
                text += piece
                piece.withUnsafeBytes { writer.write($0, into: compressed) }
            }
            writer.finish(into: compressed)
        }
        let bytes = Array(compressed.bytes)
        for step in [1, 7, 1_000, bytes.count] {
            let (reader, output) = (reading(), ByteBuffer())
            var offset = 0
            while true {
                let end = min(bytes.count, offset + step)
                let before = output.count
                let used = bytes[offset..<end].withUnsafeBytes {
                    reader.read($0, into: output, room: 333)
                }
                offset += used ?? bytes.count
                if offset == bytes.count, output.count == before { break }
            }
            #expect(Array(output.bytes) == text && reader.isAtEnd, "steps of \(step)")
        }
        var damaged = bytes
        damaged[bytes.count / 2] ^= 0x55
        let (reader, output) = (reading(), ByteBuffer())
        var offset = 0
        var isRefused = false
        while offset < damaged.count, !isRefused {
            let used = damaged[offset...].withUnsafeBytes {
                reader.read($0, into: output, room: 1 << 20)
            }
            if let used { offset += used } else { isRefused = true }
        }
        #expect(isRefused || Array(output.bytes) != text)
    }
}
