import Dispatch
import DynamoModel
import Flow
import Foundation
import System

// The source of the guide's "Adding a source", which shows its parts as they stand here.

/// Lines of text files: a file is a partition, a cursor is how many of its bytes are behind it.
final class LinesOfFiles: PageSource {
    private let paths: [String]
    private let queue = DispatchQueue(label: "lines.files")
    private let lineBytesMax: Int

    init(_ paths: [String], lineBytesMax: Int = 1 << 16) {
        self.paths = paths
        self.lineBytesMax = lineBytesMax
    }

    var shape: PageShape {
        PageShape(
            itemBytesMax: lineBytesMax, pageBytesMax: 1 << 20, replyBytesPerByteMax: 1,
            envelope: lineBytesMax, unitBytes: 1 << 20, unit: 1)
    }

    func open(_ saved: [PartitionRecord], _ done: @escaping Done<[Partition]>) {
        for path in paths where !FileManager.default.isReadableFile(atPath: path) {
            return done(
                .failure(
                    FlowFailure(
                        .giveUp, code: "FileNotFound", message: "\(path) can't be read",
                        hint: "check its name")))
        }
        done(.success(paths.map { Partition(name: $0) }))
    }

    func read(_ request: PageRequest, into buffer: ByteBuffer, _ done: @escaping Done<Page>) {
        queue.async { [self] in done(page(request, buffer)) }
    }

    private func page(
        _ request: PageRequest, _ buffer: ByteBuffer
    ) -> Result<Page, FlowFailure> {
        guard let file = FileHandle(forReadingAtPath: request.partition.name),
            let start = try? offset(of: request.after, in: file),
            let bytes = try? file.read(upToCount: request.bytesMax) ?? Data()
        else {
            let message = "\(request.partition.name) can't be read"
            return .failure(FlowFailure(.retry, code: "ReadFailed", message: message))
        }
        var page = Page(request, in: buffer)
        var end = 0
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
            guard page.items.count < request.itemsMax else { break }
            let slice = ItemSlice(
                offset: UInt32(end), length: UInt32(line.count), size: UInt32(line.count))
            page.items.append(slice)
            page.storedBytes += line.count
            end += line.count + 1
        }
        buffer.append(Array(bytes.prefix(end)))
        if end > 0 { page.next = .more(Self.cursor(start + end)) }
        return .success(page)
    }

    func cursor(after item: Int, of page: Page) -> Cursor {
        let last = page.items[item]
        let end = Int(last.offset) + Int(last.length) + 1
        return Self.cursor(Self.count(page.request.after) + end)
    }

    private static func cursor(_ offset: Int) -> Cursor { Cursor(bytes: Array("\(offset)".utf8)) }

    private static func count(_ cursor: Cursor?) -> Int {
        cursor.flatMap { Int(String(decoding: $0.bytes, as: UTF8.self)) } ?? 0
    }

    private func offset(of cursor: Cursor?, in file: FileHandle) throws -> Int {
        let offset = Self.count(cursor)
        try file.seek(toOffset: UInt64(offset))
        return offset
    }
}
