import DynamoModel
import JSON
import System

/// How a CSV file is read.
package struct CSVOptions: Equatable, Sendable {
    /// Types that a column may have.
    package enum ColumnType: String, CaseIterable, Sendable {
        case string = "S"
        case number = "N"
        /// In base 64.
        case binary = "B"
        case bool = "BOOL"
    }

    package var delimiter: UInt8 = 0x2C
    /// Names of the columns; nil: the first row has them.
    package var header: [String]?
    /// Of columns that are no texts. Keys have the types of the table.
    package var types: [String: ColumnType] = [:]

    package init() {}
}

/// Rows of a CSV file (RFC 4180), read as DynamoDB's own import does (developer guide, "Import
/// formats"): the first row names the columns, keys have the table's types, all else is a text, and
/// an empty value is none.
struct CSVRecords: RecordFormat {
    let noun = "row"
    private let options: CSVOptions
    private let keys: [String: CSVOptions.ColumnType]
    private var columns: [Column]

    private struct Column {
        let name: [UInt8]
        let type: CSVOptions.ColumnType
    }

    init(_ options: CSVOptions, schema: KeySchema) {
        self.options = options
        var keys: [String: CSVOptions.ColumnType] = [:]
        for attribute in [schema.partition] + (schema.sort.map { [$0] } ?? []) {
            keys[attribute.name] = .init(rawValue: attribute.type.rawValue)
        }
        self.keys = keys
        columns = []
    }

    mutating func isHead(_ record: UnsafeRawBufferPointer) throws(FormatFlaw) -> Bool {
        let names: [String?]
        do throws(RecordDefect) {
            names = try values(record).map { String(validating: $0, as: UTF8.self) }
        } catch {
            guard let header = options.header else {
                throw FormatFlaw("has a first row that can't be read: it \(error.reason)")
            }
            try begin(header)
            return false
        }
        if let header = options.header {
            if names == header {
                throw FormatFlaw(
                    "has the names of --csv-header in its first row", hint: "leave --csv-header out"
                )
            }
            try begin(header)
            return false
        }
        guard let names = names as? [String] else {
            throw FormatFlaw("has a first row that is not in UTF-8")
        }
        try begin(names)
        return true
    }

    private mutating func begin(_ names: [String]) throws(FormatFlaw) {
        let some = names.prefix(20).map { $0.prefix(80) }.joined(separator: ", ")
        let shown = "its columns are \(some)"
        var seen: Set<[UInt8]> = []
        for (place, name) in names.enumerated() {
            let short = name.prefix(80)
            if name.isEmpty {
                throw FormatFlaw("has a column \(place + 1) without a name: \(shown)")
            }
            if name.utf8.contains(where: { $0 < 0x20 }) {
                throw FormatFlaw(
                    "has a line break or control character in a column's name",
                    hint: "rows end with a line feed (\\n), and quotes are closed")
            }
            if name.utf8.count > Self.nameBytesMax {
                throw FormatFlaw("has a column whose name is too long: \(short)")
            }
            if !seen.insert(Array(name.utf8)).inserted {
                throw FormatFlaw("has two columns called \(short): \(shown)")
            }
        }
        for key in keys.keys.sorted() where !seen.contains(Array(key.utf8)) {
            throw FormatFlaw(
                "has no column for the key attribute \(key): \(shown)",
                hint: "where the first row is no header, name the columns with --csv-header")
        }
        for (name, type) in options.types.sorted(by: { $0.key < $1.key }) {
            guard seen.contains(Array(name.utf8)) else {
                throw FormatFlaw(
                    "has no column \(name), which --csv-types names: \(shown)",
                    hint: "correct --csv-types; names count in upper and lower case")
            }
            if let key = keys[name], key != type {
                throw FormatFlaw(
                    "has the key attribute \(name), which is \(key.rawValue) in the table and"
                        + " \(type.rawValue) in --csv-types",
                    hint: "leave it out of --csv-types")
            }
        }
        columns = names.map { name in
            Column(name: Array(name.utf8), type: keys[name] ?? options.types[name] ?? .string)
        }
    }

    /// (Developer guide, "Quotas": attribute names.)
    private static let nameBytesMax = 65_535

    /// A row ends at the first line feed that stands in no quotes. Quotes are such only where a
    /// value begins.
    func length(of bytes: UnsafeRawBufferPointer, isLast: Bool) throws(FormatFlaw) -> Int? {
        var position = 0
        while position < bytes.count {
            if bytes[position] == 0x22 {
                guard let end = Self.endOfQuoted(bytes, position + 1) else {
                    if isLast { throw FormatFlaw("ends within a quote that is not closed") }
                    return nil
                }
                position = end
            }
            while position < bytes.count, bytes[position] != options.delimiter {
                if bytes[position] == 0x0A { return position + 1 }
                position += 1
            }
            position += 1
        }
        return isLast && !bytes.isEmpty ? bytes.count : nil
    }

    /// Behind the closing quote; nil where that is not there.
    private static func endOfQuoted(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        var position = start
        while position < bytes.count {
            guard bytes[position] == 0x22 else {
                position += 1
                continue
            }
            guard position + 1 < bytes.count, bytes[position + 1] == 0x22 else {
                return position + 1
            }
            position += 2
        }
        return nil
    }

    func isBlank(_ record: UnsafeRawBufferPointer) -> Bool {
        record.allSatisfy { $0 == 0x0D || $0 == 0x0A }
    }

    func item(_ record: UnsafeRawBufferPointer) throws(RecordDefect) -> [UInt8] {
        let values = try values(record)
        guard values.count == columns.count else {
            throw RecordDefect(
                "has \(values.count.counted("value")), and there are"
                    + " \(columns.count.counted("column"))")
        }
        var output: [UInt8] = [0x7B]
        for (column, value) in zip(columns, values) where !value.isEmpty {
            if output.count > 1 { output.append(0x2C) }
            JSON.write(utf8: column.name, to: &output)
            output.append(0x3A)
            try write(value, of: column, to: &output)
        }
        output.append(0x7D)
        return output
    }

    private func write(
        _ value: [UInt8], of column: Column, to output: inout [UInt8]
    ) throws(RecordDefect) {
        output += "{\"\(column.type.rawValue)\":".utf8
        switch column.type {
        case .bool:
            let word = String(decoding: value, as: UTF8.self).lowercased()
            guard word == "true" || word == "false" else {
                throw RecordDefect(
                    "has no BOOL in the column \(String(decoding: column.name, as: UTF8.self)):"
                        + " true or false is wanted")
            }
            output += word.utf8
        case .string, .number, .binary:
            guard String(validating: value, as: UTF8.self) != nil else {
                throw RecordDefect("is not in UTF-8")
            }
            JSON.write(utf8: value, to: &output)
        }
        output.append(0x7D)
    }

    /// The values of a row, without their quotes.
    private func values(_ record: UnsafeRawBufferPointer) throws(RecordDefect) -> [[UInt8]] {
        var row = record[...]
        if row.last == 0x0A { row.removeLast() }
        if row.last == 0x0D { row.removeLast() }
        var values: [[UInt8]] = []
        var position = row.startIndex
        while true {
            var value: [UInt8] = []
            if position < row.endIndex, row[position] == 0x22 {
                position = try takeQuoted(row, position + 1, into: &value)
            } else {
                let end = row[position...].firstIndex(of: options.delimiter) ?? row.endIndex
                value = Array(row[position..<end])
                position = end
            }
            values.append(value)
            guard position < row.endIndex else { return values }
            guard row[position] == options.delimiter else {
                throw RecordDefect("has something between a closing quote and the next value")
            }
            position += 1
        }
    }

    /// - Returns: where the closing quote ends.
    private func takeQuoted(
        _ row: Slice<UnsafeRawBufferPointer>, _ start: Int, into value: inout [UInt8]
    ) throws(RecordDefect) -> Int {
        var position = start
        while let quote = row[position...].firstIndex(of: 0x22) {
            value += row[position..<quote]
            guard quote + 1 < row.endIndex, row[quote + 1] == 0x22 else { return quote + 1 }
            value.append(0x22)
            position = quote + 2
        }
        throw RecordDefect("has a quote that is not closed")
    }
}
