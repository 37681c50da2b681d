import Dispatch
import DynamoModel
import Flow
import Glibc
import JSON
import System

/// Reads one data file from its start, page after page. Where it stands can't be kept: a reader
/// that begins behind a line passes over those before, so that the file's sums are those of all its
/// bytes all the same.
///
/// One read is under way at a time; what it does takes place on the queue that it was given.
final class DataFileReader: @unchecked Sendable {
    // @unchecked: see above.
    private let files: any FileStore
    private let file: DataFile
    /// Among those that are listed.
    private let number: Int
    private let purpose: ExportSource.Purpose
    private let cutter: LineCutter
    private let queue: DispatchQueue

    /// Compressed bytes that have been read and not used yet.
    private let input = ByteBuffer()
    private var inputUsed = 0
    /// Bytes of the file that have been read, and all there are, once that is known.
    private var offset = 0
    private var fileBytes: Int?
    private var version: String?
    private let digest: RunningDigest?
    private var form: Form?
    /// What lines are taken of: inflated, and not taken yet.
    private let text = ByteBuffer()
    private var textUsed = 0
    /// All of the file is in `text`.
    private var hasAllText = false
    /// Bytes passed over of a line that is too long to be an item.
    private var overlong = 0
    /// Lines that have been given, or passed over.
    private(set) var line = 0

    /// How a file's bytes are to be read, by its first ones.
    private enum Form {
        case plain
        case compressed(any Decompressor)
    }

    /// The longest line that may hold an item: what a page of one has room for.
    private static let lineBytesMax = PageShape.lines.replyBytesMax(items: 1)
    private static let textBytes = 64 << 10
    /// Bytes kept of a line that is too long.
    private static let overlongKept = 1_024

    /// Bytes that a reader takes between pages, at most, but for a line that is longer.
    static func memory(of file: DataFile, in files: any FileStore) -> Int {
        let inflater = file.name.hasSuffix(".zst") ? ZstdReader.memory : 64 << 10
        return files.pieceBytes + 2 * textBytes + inflater
    }

    init(
        _ files: any FileStore, _ file: DataFile, number: Int, _ cutter: LineCutter,
        for purpose: ExportSource.Purpose, on queue: DispatchQueue
    ) {
        self.files = files
        self.file = file
        self.number = number
        self.purpose = purpose
        self.cutter = cutter
        self.queue = queue
        digest = file.md5 == nil ? nil : RunningDigest(.md5)
        fileBytes = file.bytes
    }

    private var title: String { files.title(of: file.name) }

    // MARK: A page

    /// The page that is being made.
    private struct Draft {
        let request: PageRequest
        let buffer: ByteBuffer
        let done: Done<Page>
        /// Lines before the first that is wanted.
        var passed: Int
        var lines: [Range<Int>] = []
        /// Lines that are too long, by their places among those.
        var overlong: [Int: Int] = [:]
    }

    /// - Parameter first: lines before it are passed over.
    func read(
        _ request: PageRequest, from first: Int, into buffer: ByteBuffer,
        _ done: @escaping Done<Page>
    ) {
        queue.async { [self] in
            buffer.removeAll()
            advance(
                Draft(
                    request: request, buffer: buffer, done: done, passed: max(0, first - line)))
        }
    }

    /// Takes lines until the page is full, reading on where that takes it.
    private func advance(_ draft: Draft) {
        var draft = draft
        while true {
            switch takeLine(&draft) {
            case .taken: continue
            case .pageFull: return finish(draft, isLast: false)
            case .tooLong(let bytes):
                var failure = FlowFailure(
                    .split, code: "PageTooLong", message: "a line of \(title) is longer")
                failure.replyBytes = bytes
                return draft.done(.failure(failure))
            case .needsText: break
            }
            if hasAllText { return end(draft) }
            do throws(FlowFailure) {
                guard try inflate() else { return fetch(draft) }
            } catch {
                return draft.done(.failure(error))
            }
        }
    }

    private enum Step {
        case taken
        case pageFull
        /// The line does not fit an empty page of this size.
        case tooLong(Int)
        case needsText
    }

    /// Takes the next line of `text` into the page.
    private func takeLine(_ draft: inout Draft) -> Step {
        let rest = UnsafeRawBufferPointer(rebasing: text.bytes[textUsed...])
        guard let count = Self.lineLength(rest, isWhole: hasAllText) else {
            guard rest.count > Self.lineBytesMax else { return .needsText }
            return passOver(rest, &draft)
        }
        let isEnd = count == rest.count
        let line = UnsafeRawBufferPointer(rebasing: rest[..<count])
        let length = overlong + count
        let isOverlong = length > Self.lineBytesMax
        let isWanted = isOverlong || !line.allSatisfy(Self.isBlank)
        if isWanted, draft.passed == 0 {
            if draft.lines.count >= draft.request.itemsMax { return .pageFull }
            let room = draft.request.bytesMax - draft.buffer.count
            if !isOverlong, count > room {
                return draft.lines.isEmpty ? .tooLong(count) : .pageFull
            }
            let start = draft.buffer.count
            if isOverlong {
                draft.overlong[draft.lines.count] = length
                draft.buffer.append(overlong > 0 ? kept : Array(line.prefix(Self.overlongKept)))
            } else {
                draft.buffer.append(line)
            }
            draft.lines.append(start..<draft.buffer.count)
        }
        if isWanted {
            if draft.passed > 0 { draft.passed -= 1 }
            self.line += 1
        }
        (overlong, kept) = (0, [])
        textUsed += isEnd ? count : count + 1
        return .taken
    }

    /// The first bytes of a line that is too long.
    private var kept: [UInt8] = []

    /// A line that can't be an item is not held in memory.
    private func passOver(_ rest: UnsafeRawBufferPointer, _ draft: inout Draft) -> Step {
        if overlong == 0 { kept = Array(rest.prefix(Self.overlongKept)) }
        overlong += rest.count
        textUsed += rest.count
        return .needsText
    }

    /// Bytes to the end of the line; nil where that is not there yet, or nothing is left.
    private static func lineLength(_ text: UnsafeRawBufferPointer, isWhole: Bool) -> Int? {
        guard let start = text.baseAddress, text.count > 0 else { return nil }
        if let end = memchr(start, 0x0A, text.count) { return UnsafeRawPointer(end) - start }
        return isWhole ? text.count : nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0D || byte == 0x09
    }

    /// Hands the page over.
    private func finish(_ draft: Draft, isLast: Bool) {
        var page = Page(draft.request, in: draft.buffer)
        page.units = 0
        let first = line - draft.lines.count
        page.made = [PageLines(first: LinePlace(file: number, line: first))]
        var refused: [(item: Int, failure: FlowFailure)] = []
        for (number, result) in cutter.cut(draft.lines, of: draft.buffer.bytes).enumerated() {
            switch checked(result, overlong: draft.overlong[number]) {
            case .success(let item):
                page.items.append(item)
                page.storedBytes += Int(item.size)
            case .failure(let error):
                page.items.append(ItemSlice(line: draft.lines[number]))
                refused.append((number, failure(error, line: first + number + 1)))
            }
        }
        for (item, failure) in refused {
            if purpose == .checking || purpose == .checkingAgain {
                page.leaveOut(item, .unreadable)
            } else {
                page.refuse(item, failure)
            }
        }
        page.next = isLast ? .end : .more(Self.cursor(line))
        draft.done(.success(page))
    }

    /// - Parameter overlong: bytes of a line of which only the first are there.
    private func checked(
        _ item: Result<ItemSlice, JSONError>, overlong: Int?
    ) -> Result<ItemSlice, JSONError> {
        if let overlong {
            return .failure(
                JSONError(
                    offset: 0,
                    reason: "the line has \(overlong) bytes, more than any item; its first are"
                        + " kept"))
        }
        guard case .success(let slice) = item, Int(slice.size) > ServiceLimits.itemBytesMax else {
            return item
        }
        return .failure(
            JSONError(
                offset: 0,
                reason: "the item has \(slice.size) bytes, and"
                    + " \(ServiceLimits.itemBytesMax) are allowed"))
    }

    private func failure(_ error: JSONError, line: Int) -> FlowFailure {
        FlowFailure(
            .giveUp, code: BadLine.code,
            message: "\(title), line \(line): \(error.reason) (byte \(error.offset))")
    }

    static func cursor(_ line: Int) -> Cursor { Cursor(bytes: Array(String(line).utf8)) }

    /// - Returns: nil for what no file's cursor is.
    static func line(_ cursor: Cursor?) -> Int? {
        guard let cursor else { return 0 }
        return CheckedNumber.int(String(decoding: cursor.bytes, as: UTF8.self), in: 0...Int.max)
    }

    // MARK: Bytes

    /// Inflates a piece of what has been read.
    /// - Returns: false when that is used up.
    private func inflate() throws(FlowFailure) -> Bool {
        makeRoomForText()
        let rest = UnsafeRawBufferPointer(rebasing: input.bytes[inputUsed...])
        let isRead = fileBytes.map { offset >= $0 } ?? false
        if form == nil {
            guard rest.count >= 4 || isRead else { return false }
            form = Self.form(of: rest)
            // What its window takes was not counted.
            if case .compressed(let reader) = form, reader is ZstdReader,
                file.name != StreamStore.fileName, !file.name.hasSuffix(".zst")
            {
                throw damaged("is compressed by zstd: its name must end with .zst")
            }
        }
        switch form {
        case .compressed(let reader):
            let before = text.count
            guard let used = reader.read(rest, into: text, room: Self.textBytes) else {
                throw damaged(reader.flaw)
            }
            inputUsed += used
            if text.count > before || used > 0 { return true }
            guard isRead else { return false }
            guard reader.isAtEnd else { throw damaged("is cut short") }
        case .plain, nil:
            guard rest.count > 0 else {
                guard isRead else { return false }
                break
            }
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.textBytes))
            text.append(piece)
            inputUsed += piece.count
            return true
        }
        hasAllText = true
        return true
    }

    /// By magic numbers (RFC 1952 section 2.3.1, RFC 8878 section 3.1.1).
    private static func form(of start: UnsafeRawBufferPointer) -> Form {
        if start.starts(with: [0x1F, 0x8B]) { return .compressed(GzipReader()) }
        if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return .compressed(ZstdReader()) }
        return .plain
    }

    /// Moves the rest of a line to the buffer's start.
    private func makeRoomForText() {
        guard textUsed > 0 else { return }
        let rest = Array(text.bytes[textUsed...])
        text.removeAll()
        text.append(rest)
        textUsed = 0
    }

    /// Reads the file's next bytes, then goes on. All that came before is used.
    private func fetch(_ draft: Draft) {
        input.removeAll()
        inputUsed = 0
        let end = min(offset + files.pieceBytes, fileBytes ?? .max)
        files.read(file.name, offset..<end, version: version, into: input) { [self] result in
            queue.async { [self] in
                switch result {
                case .failure(let failure):
                    input.removeAll()
                    draft.done(.failure(failure))
                case .success(let part): take(part, draft)
                }
            }
        }
    }

    private func take(_ part: FilePart, _ draft: Draft) {
        guard fileBytes == nil || fileBytes == part.fileBytes else {
            return draft.done(.failure(damaged("has changed since it was listed")))
        }
        guard input.count > 0 || offset == part.fileBytes else {
            return draft.done(.failure(damaged("ends before its end")))
        }
        digest?.add(input.bytes)
        offset += input.count
        (fileBytes, version) = (part.fileBytes, part.version)
        advance(draft)
    }

    // MARK: The end

    /// All lines have been taken: the file must be what its manifest says.
    private func end(_ draft: Draft) {
        if let md5 = file.md5, let found = digest?.finish(), found != md5 {
            return draft.done(
                .failure(
                    damaged(
                        "is not the file that the manifest lists: its MD5 is"
                            + " \(Base64.encode(found)), not \(Base64.encode(md5))")))
        }
        if let items = file.items, items != line {
            return draft.done(
                .failure(damaged("has \(line) lines, and the manifest says \(items)")))
        }
        finish(draft, isLast: true)
    }

    private var effect: String {
        switch purpose {
        case .copying: "; up to \(line) of its lines have been written"
        case .checking: "; nothing has been written"
        case .checkingAgain, .comparing: ""
        }
    }

    private func damaged(_ what: String) -> FlowFailure {
        FlowFailure(
            .giveUp, code: "BadFile",
            message: "\(title) \(what)" + effect,
            hint: file.name == StreamStore.fileName
                ? "what has arrived stays: --merge copies the whole stream over it"
                : "put the right file there, then run the same command: it resumes")
    }
}

/// A line of a file that is no item.
enum BadLine {
    static let code = "BadLine"
}

extension ItemSlice {
    /// Of a line that is no item.
    fileprivate init(line: Range<Int>) {
        self.init(
            offset: UInt32(clamping: line.lowerBound), length: UInt32(clamping: line.count),
            size: 0)
    }
}
