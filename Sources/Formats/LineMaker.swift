import DynamoModel
import System

/// Makes lines of a file that holds items in another way: a line an item, as ``LineCutter`` reads
/// them. What it is given comes in pieces, and it holds none of it longer than a record.
package protocol LineMaker {
    /// What people call a record of such a file: `line`, `item`, `row`.
    var noun: String { get }

    /// How its lines are to be cut.
    var form: LineCutter.Form { get }

    /// Records, by their places in the file from 0, that can't become an item, and why. Lines of
    /// them are made all the same: of the first of their bytes, to be shown.
    var defects: [Int: String] { get set }

    /// Takes what comes next.
    /// - Parameters:
    ///   - bytes: of the file, behind those that were used before.
    ///   - isLast: nothing follows them.
    ///   - lines: gets the lines, each with its end, and none that is blank.
    /// - Returns: how many bytes were used. The rest is given again, with more behind it.
    /// - Throws: ``FormatFlaw`` where nothing behind it can be read, either.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, into lines: ByteBuffer
    ) throws(FormatFlaw) -> Int
}

/// Why a file can't be read on.
package struct FormatFlaw: Error, Equatable, Sendable, CustomStringConvertible {
    /// Follows the file's name in a message: `is cut short`.
    package let reason: String
    package var hint: String?
    package var description: String { reason }

    package init(_ reason: String, hint: String? = nil) {
        self.reason = reason
        self.hint = hint
    }
}

/// How the records of a file that has one behind the other become lines.
protocol RecordFormat {
    var noun: String { get }

    /// Looks at the first record of a file.
    /// - Returns: whether it is the head of a table, and no record.
    mutating func isHead(_ record: UnsafeRawBufferPointer) throws(FormatFlaw) -> Bool

    /// Bytes to the end of the first record, what ends it included; nil: that is not there yet.
    func length(of bytes: UnsafeRawBufferPointer, isLast: Bool) -> Int?

    /// The attributes of one record in DynamoDB JSON, `{"pk":{"S":"a"}}`; nil where it holds none.
    /// - Throws: ``RecordDefect``
    func item(_ record: UnsafeRawBufferPointer) throws(RecordDefect) -> [UInt8]?
}

extension RecordFormat {
    mutating func isHead(_ record: UnsafeRawBufferPointer) throws(FormatFlaw) -> Bool { false }
}

/// Why a record is no item.
struct RecordDefect: Error, Equatable, Sendable, CustomStringConvertible {
    let reason: String
    var description: String { reason }

    init(_ reason: String) { self.reason = reason }
}

/// Makes lines of records.
package struct RecordLines: LineMaker {
    private var format: any RecordFormat
    /// No item is as long.
    private let recordBytesMax: Int
    /// Of a record that is longer: it is passed over.
    private var passed = 0
    private var count = 0
    private var hasBegun = false
    package var defects: [Int: String] = [:]

    package var noun: String { format.noun }
    package let form = LineCutter.Form.attributes

    /// Bytes that are shown of a record that is no item.
    private static let shownMax = 1_024

    init(_ format: any RecordFormat, recordBytesMax: Int = 16 * ServiceLimits.itemBytesMax) {
        self.format = format
        self.recordBytesMax = recordBytesMax
    }

    package mutating func take(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, into lines: ByteBuffer
    ) throws(FormatFlaw) -> Int {
        var used = 0
        while used < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
            guard let length = format.length(of: rest, isLast: isLast) else {
                guard rest.count + passed > recordBytesMax else { break }
                if passed == 0 { add(shownOf: rest, to: lines) }
                passed += rest.count
                return bytes.count
            }
            let record = UnsafeRawBufferPointer(rebasing: rest[..<length])
            used += length
            if !hasBegun {
                hasBegun = true
                if try format.isHead(record) { continue }
            }
            if passed > 0 || length > recordBytesMax {
                if passed == 0 { add(shownOf: record, to: lines) }
                endOverlong(length)
            } else {
                add(record, to: lines)
            }
        }
        if isLast, used == bytes.count, passed > 0 { endOverlong(0) }
        return used
    }

    private mutating func endOverlong(_ rest: Int) {
        defects[count] =
            "has \((passed + rest).counted("byte")), more than any item; its first are kept"
        (passed, count) = (0, count + 1)
    }

    private mutating func add(_ record: UnsafeRawBufferPointer, to lines: ByteBuffer) {
        do throws(RecordDefect) {
            guard let item = try format.item(record) else { return }
            lines.append(item)
            lines.append(0x0A)
        } catch {
            add(shownOf: record, to: lines)
            defects[count] = error.reason
        }
        count += 1
    }

    private func add(shownOf record: UnsafeRawBufferPointer, to lines: ByteBuffer) {
        let shown = record.prefix(Self.shownMax).map { $0 < 0x20 ? 0x20 : $0 }
        lines.append(shown.allSatisfy { $0 == 0x20 } ? Array("(empty)".utf8) : shown)
        lines.append(0x0A)
    }
}
