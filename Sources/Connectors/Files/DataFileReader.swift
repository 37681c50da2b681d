import Dispatch
import DynamoModel
import Flow
import Formats
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

    /// Bytes of the file that have been read, and all there are, once that is known.
    private var offset = 0
    private var fileBytes: Int?
    private var version: String?
    private let digest: RunningDigest?
    private let text: FileText
    /// Bytes passed over of a line that is too long to be an item.
    private var overlong = 0
    /// Lines that have been given, or passed over.
    private(set) var line = 0

    private var changes: ChangeLines
    /// The longest line that may hold an item: what a page of one has room for.
    private let lineBytesMax: Int
    /// Bytes kept of a line that is too long.
    private static let overlongKept = 1_024

    /// Bytes that a reader takes between pages, at most, but for a line that is longer.
    static func memory(of file: DataFile, in files: any FileStore) -> Int {
        files.pieceBytes + FileText.memory(ofFile: file.name)
    }

    init(
        _ files: any FileStore, _ file: DataFile, number: Int, _ text: FileText,
        _ cutter: LineCutter, _ schema: KeySchema, window: ChainedWindow?,
        for purpose: ExportSource.Purpose,
        on queue: DispatchQueue
    ) {
        self.files = files
        changes = ChangeLines(cutter, schema, window)
        lineBytesMax = PageShape.lines(areChanges: window != nil).replyBytesMax(items: 1)
        self.file = file
        self.number = number
        self.text = text
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
        /// Why some can't be items, by their places among those.
        var defects: [Int: String] = [:]
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
            if text.isWhole { return end(draft) }
            do throws(FormatFlaw) {
                let isRead = fileBytes.map { offset >= $0 } ?? false
                guard try text.refill(isRead: isRead) else { return fetch(draft) }
            } catch {
                return draft.done(.failure(damaged(error.reason, hint: error.hint)))
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
        let rest = text.rest
        guard let count = Self.lineLength(rest, isWhole: text.isWhole) else {
            guard rest.count > lineBytesMax else { return .needsText }
            return passOver(rest, &draft)
        }
        let isEnd = count == rest.count
        let line = UnsafeRawBufferPointer(rebasing: rest[..<count])
        let length = overlong + count
        let isOverlong = length > lineBytesMax
        let isWanted = isOverlong || !line.allSatisfy(Self.isBlank)
        if isWanted, draft.passed == 0 {
            if draft.lines.count >= draft.request.itemsMax { return .pageFull }
            let room = draft.request.bytesMax - draft.buffer.count
            if !isOverlong, count > room {
                return draft.lines.isEmpty ? .tooLong(count) : .pageFull
            }
            let start = draft.buffer.count
            if isOverlong {
                draft.defects[draft.lines.count] =
                    "it has \(length.counted("byte")), more than any item; its first are kept"
                draft.buffer.append(overlong > 0 ? kept : Array(line.prefix(Self.overlongKept)))
            } else {
                draft.buffer.append(line)
            }
            if let defect = text.takeDefect(self.line) {
                draft.defects[draft.lines.count] = defect
            }
            draft.lines.append(start..<draft.buffer.count)
        }
        if isWanted {
            if draft.passed > 0 {
                _ = text.takeDefect(self.line)
                draft.passed -= 1
            }
            self.line += 1
        }
        (overlong, kept) = (0, [])
        text.take(isEnd ? count : count + 1)
        return .taken
    }

    /// The first bytes of a line that is too long.
    private var kept: [UInt8] = []

    /// A line that can't be an item is not held in memory.
    private func passOver(_ rest: UnsafeRawBufferPointer, _ draft: inout Draft) -> Step {
        if overlong == 0 { kept = Array(rest.prefix(Self.overlongKept)) }
        overlong += rest.count
        text.take(rest.count)
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
        for (number, result) in cut(draft, into: &page).enumerated() {
            switch checked(result, defect: draft.defects[number]) {
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

    /// The items of the lines.
    private func cut(_ draft: Draft, into page: inout Page) -> [Result<ItemSlice, JSONError>] {
        guard text.form == .change else {
            return cutter.cut(draft.lines, of: draft.buffer.bytes, as: text.form)
        }
        return changes.cut(draft.lines, of: draft.buffer, into: &page)
    }

    /// - Parameter defect: that was found before.
    private func checked(
        _ item: Result<ItemSlice, JSONError>, defect: String?
    ) -> Result<ItemSlice, LineDefect> {
        if let defect { return .failure(LineDefect(reason: defect)) }
        switch item {
        case .success(let slice) where Int(slice.size) > ServiceLimits.itemBytesMax:
            return .failure(
                LineDefect(
                    reason: "the item has \(Int(slice.size).counted("byte")), and"
                        + " \(ServiceLimits.itemBytesMax) are allowed"))
        case .success(let slice): return .success(slice)
        case .failure(let error):
            return .failure(LineDefect(reason: "\(error.reason) (byte \(error.offset))"))
        }
    }

    /// Why a line is no item.
    private struct LineDefect: Error, CustomStringConvertible {
        let reason: String
        var description: String { reason }
    }

    private func failure(_ error: LineDefect, line: Int) -> FlowFailure {
        FlowFailure(
            .giveUp, code: BadLine.code,
            message: "\(title), \(text.noun) \(line): \(error.reason)")
    }

    static func cursor(_ line: Int) -> Cursor { Cursor(bytes: Array(String(line).utf8)) }

    /// - Returns: nil for what no file's cursor is.
    static func line(_ cursor: Cursor?) -> Int? {
        guard let cursor else { return 0 }
        return CheckedNumber.int(String(decoding: cursor.bytes, as: UTF8.self), in: 0...Int.max)
    }

    // MARK: Bytes

    /// Reads the file's next bytes, then goes on. All that came before is used.
    private func fetch(_ draft: Draft) {
        let input = text.emptied
        let end = min(offset + files.pieceBytes, fileBytes ?? .max)
        files.read(file.name, offset..<end, version: version, into: input) { [self] result in
            queue.async { [self] in
                switch result {
                case .failure(let failure):
                    input.removeAll()
                    draft.done(.failure(failure))
                case .success(let part): take(part, input, draft)
                }
            }
        }
    }

    private func take(_ part: FilePart, _ input: ByteBuffer, _ draft: Draft) {
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
                .failure(damaged("has \(line.counted(text.noun)), and the manifest says \(items)")))
        }
        finish(draft, isLast: true)
    }

    private var effect: String {
        switch purpose {
        case .copying: "; up to \(line) of its \(text.noun)s have been written"
        case .checking: "; nothing has been written"
        case .checkingAgain, .comparing: ""
        }
    }

    private func damaged(_ what: String, hint: String? = nil) -> FlowFailure {
        let usual =
            file.name == StreamStore.fileName
            ? "what has arrived stays: --merge copies the whole stream over it"
            : "put the right file there, then run the same command: it resumes"
        return FlowFailure(
            .giveUp, code: "BadFile",
            message: "\(title) \(what)" + effect,
            hint: hint ?? usual)
    }
}

/// A line of a file that is no item.
enum BadLine {
    static let code = "BadLine"
}
