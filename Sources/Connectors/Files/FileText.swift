import DynamoModel
import Formats
import System

/// The lines that a file's bytes become: they are inflated as their first ones say, and what holds
/// items in another way than a line each is made so.
final class FileText {
    private let name: String
    private let options: FormatOptions
    private let schema: KeySchema

    /// Compressed bytes that have been read and not used yet.
    private let input = ByteBuffer()
    private var inputUsed = 0
    private var coding: Coding?
    /// nil until its first bytes have been looked at.
    private var reading: FileReading?
    /// Inflated, and not made lines yet.
    private let raw = ByteBuffer()
    private var hasAllRaw = false
    /// What there is of it makes no line: more is needed.
    private var isRawShort = true
    /// Why records are no items, by their places in the file.
    private var defects: [Int: String] = [:]
    /// Lines, and not taken yet.
    private let text = ByteBuffer()
    private var textUsed = 0
    /// All of the file has been made lines.
    private(set) var isWhole = false

    /// How a file's bytes are to be read, by its first ones.
    private enum Coding {
        case plain
        case compressed(any Decompressor)
    }

    private static let pieceBytes = 64 << 10
    /// Bytes that it takes at most, besides its input, but for a line that is longer.
    static func memory(ofFile name: String) -> Int {
        let inflater = name.hasSuffix(".zst") ? ZstdReader.memory : 64 << 10
        return 3 * pieceBytes + inflater
    }

    init(_ name: String, _ options: FormatOptions, schema: KeySchema) {
        self.name = name
        self.options = options
        self.schema = schema
    }

    /// Bytes that have not been taken yet.
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: text.bytes[textUsed...]) }

    func take(_ count: Int) { textUsed += count }

    /// What a record is called.
    var noun: String {
        if case .made(let maker) = reading { maker.noun } else { "line" }
    }

    /// How lines are to be cut.
    var form: LineCutter.Form {
        switch reading {
        case .lines(let form): form
        case .made(let maker): maker.form
        case nil: .item
        }
    }

    /// What is wrong with a line, as whoever made it has found.
    /// - Parameter line: from 0.
    func takeDefect(_ line: Int) -> String? {
        defects.isEmpty ? nil : defects.removeValue(forKey: line).map { "it \($0)" }
    }

    /// Is filled with the file's next bytes, once ``refill(isRead:)`` has used what was there.
    var emptied: ByteBuffer {
        input.removeAll()
        inputUsed = 0
        return input
    }

    /// Makes more lines of what has been read.
    /// - Parameter isRead: the file has no bytes behind those.
    /// - Returns: false when they are used up.
    /// - Throws: ``FormatFlaw`` where the rest of the file can't be read.
    func refill(isRead: Bool) throws(FormatFlaw) -> Bool {
        drop(textUsed, of: text)
        textUsed = 0
        if case .lines = reading { return try inflate(into: text, &isWhole, isRead: isRead) }
        if isRawShort, !hasAllRaw, try !inflate(into: raw, &hasAllRaw, isRead: isRead) {
            return false
        }
        if reading == nil, try !look() { return true }
        guard case .made(var maker) = reading else { return true }
        let used = try maker.take(raw.bytes, isLast: hasAllRaw, into: text, &defects)
        reading = .made(maker)
        drop(used, of: raw)
        guard !hasAllRaw || used > 0 || raw.count == 0 else {
            throw FormatFlaw("can't be read to its end")
        }
        isRawShort = used == 0 || raw.count == 0
        isWhole = hasAllRaw && raw.count == 0
        return true
    }

    /// Finds how the file is to be read.
    /// - Returns: false where more of its bytes are needed.
    private func look() throws(FormatFlaw) -> Bool {
        // A mark of the encoding may stand before all else.
        if raw.count < 4, !hasAllRaw { return false }
        let found = try options.reading(raw.bytes, named: name, isWhole: hasAllRaw, schema: schema)
        guard let found else { return false }
        reading = found
        if raw.bytes.starts(with: ByteOrderMark.utf8) { drop(ByteOrderMark.utf8.count, of: raw) }
        if case .lines = found {
            text.append(raw.bytes)
            isWhole = hasAllRaw
            raw.removeAll()
        }
        return true
    }

    private func drop(_ used: Int, of buffer: ByteBuffer) {
        guard used > 0 else { return }
        let rest = Array(buffer.bytes[used...])
        buffer.removeAll()
        buffer.append(rest)
    }

    // MARK: Inflating

    private func inflate(
        into output: ByteBuffer, _ isEnd: inout Bool, isRead: Bool
    ) throws(FormatFlaw) -> Bool {
        let rest = UnsafeRawBufferPointer(rebasing: input.bytes[inputUsed...])
        if coding == nil {
            guard rest.count >= 4 || isRead else { return false }
            coding = Self.coding(of: rest)
            // What its window takes was not counted.
            if case .compressed(let reader) = coding, reader is ZstdReader,
                name != StreamStore.fileName, !name.hasSuffix(".zst")
            {
                throw FormatFlaw("is compressed by zstd: its name must end with .zst")
            }
        }
        switch coding {
        case .compressed(let reader):
            let before = output.count
            guard let used = reader.read(rest, into: output, room: Self.pieceBytes) else {
                throw FormatFlaw(reader.flaw)
            }
            inputUsed += used
            if output.count > before || used > 0 { return true }
            guard isRead else { return false }
            guard reader.isAtEnd else { throw FormatFlaw("is cut short") }
        case .plain, nil:
            guard rest.count > 0 else {
                guard isRead else { return false }
                break
            }
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceBytes))
            output.append(piece)
            inputUsed += piece.count
            return true
        }
        isEnd = true
        return true
    }

    /// By magic numbers (RFC 1952 section 2.3.1, RFC 8878 section 3.1.1).
    private static func coding(of start: UnsafeRawBufferPointer) -> Coding {
        if start.starts(with: [0x1F, 0x8B]) { return .compressed(GzipReader()) }
        if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return .compressed(ZstdReader()) }
        return .plain
    }
}
