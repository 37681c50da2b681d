import DynamoModel
import System

/// Makes lines of a file that holds items in another way: a line an item, as ``LineCutter`` reads
/// them. What it is given comes in pieces, and it holds none of it longer than a record.
package protocol LineMaker {
    /// What people call a record of such a file: `line`, `item`, `row`.
    var noun: String { get }

    /// How its lines are to be cut.
    var form: LineCutter.Form { get }

    /// Takes what comes next.
    /// - Parameters:
    ///   - bytes: of the file, behind those that were used before.
    ///   - isLast: nothing follows them.
    ///   - lines: gets the lines, each with its end, and none that is blank. Of a record that can't
    ///     become an item it gets the first bytes, to be shown.
    ///   - defects: gets why such records are none, by their places in the file, from 0.
    /// - Returns: how many bytes were used. The rest is given again, with more behind it where
    ///   none were; with `isLast` some are used as long as there are any.
    /// - Throws: ``FormatFlaw`` where nothing behind it can be read, either.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, into lines: ByteBuffer,
        _ defects: inout [Int: String]
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

    /// Bytes to the end of the first record, what ends it included; nil: that is not there yet.
    func length(of bytes: UnsafeRawBufferPointer, isLast: Bool) throws(FormatFlaw) -> Int?

    /// Whether there is nothing in a record.
    func isBlank(_ record: UnsafeRawBufferPointer) -> Bool

    /// Looks at the first record of a file.
    /// - Returns: whether it is the head of a table, and no record.
    mutating func isHead(_ record: UnsafeRawBufferPointer) throws(FormatFlaw) -> Bool

    /// The attributes of one record in DynamoDB JSON, `{"pk":{"S":"a"}}`.
    /// - Throws: ``RecordDefect``
    func item(_ record: UnsafeRawBufferPointer) throws(RecordDefect) -> [UInt8]
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
    private var count = 0
    private var hasBegun = false

    package var noun: String { format.noun }
    package let form: LineCutter.Form

    /// The longest record: each byte of an item takes six as `\u0001` at most.
    private static let recordBytesMax = 7 * ServiceLimits.itemBytesMax
    /// Bytes that are shown of a record that is no item.
    private static let shownMax = 1_024
    /// Bytes of lines after which it stops: a name may be longer than many rows.
    private static let linesBytesMax = 256 << 10

    init(_ format: any RecordFormat, form: LineCutter.Form = .attributes) {
        (self.format, self.form) = (format, form)
    }

    package mutating func take(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, into lines: ByteBuffer,
        _ defects: inout [Int: String]
    ) throws(FormatFlaw) -> Int {
        var used = 0
        let linesMax = lines.count + Self.linesBytesMax
        while used < bytes.count, lines.count < linesMax {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
            let length = try format.length(of: rest, isLast: isLast)
            guard length ?? rest.count <= Self.recordBytesMax else {
                throw FormatFlaw(
                    "has a \(noun) of more than \(Self.recordBytesMax.counted("byte")), which no"
                        + " item has: it follows \(noun) \(count)")
            }
            guard let length else { break }
            let record = UnsafeRawBufferPointer(rebasing: rest[..<length])
            used += length
            if format.isBlank(record) { continue }
            if !hasBegun {
                hasBegun = true
                if try format.isHead(record) { continue }
            }
            add(record, to: lines, &defects)
        }
        return used
    }

    /// The first bytes of a record, as a line that is not blank.
    private static func shown(of record: UnsafeRawBufferPointer) -> [UInt8] {
        var shown = record.prefix(shownMax).map { $0 < 0x20 ? 0x20 : $0 }
        while shown.last == 0x20 { shown.removeLast() }
        return shown.isEmpty ? Array("(blank)".utf8) : shown
    }

    private mutating func add(
        _ record: UnsafeRawBufferPointer, to lines: ByteBuffer, _ defects: inout [Int: String]
    ) {
        do throws(RecordDefect) {
            lines.append(try format.item(record))
        } catch {
            lines.append(Self.shown(of: record))
            defects[count] = error.reason
        }
        lines.append(0x0A)
        count += 1
    }
}
