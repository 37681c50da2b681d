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
        if let header = options.header {
            try begin(header)
            return false
        }
        let names: [String?]
        do throws(RecordDefect) {
            names = try values(record).map { String(validating: $0, as: UTF8.self) }
        } catch {
            throw FormatFlaw("has a first row that can't be read: it \(error.reason)")
        }
        guard let names = names as? [String] else {
            throw FormatFlaw("has a first row that is not in UTF-8")
        }
        try begin(names)
        return true
    }

    private mutating func begin(_ names: [String]) throws(FormatFlaw) {
        let shown = "its columns are \(names.prefix(20).joined(separator: ", "))"
        for (place, name) in names.enumerated() {
            if name.isEmpty {
                throw FormatFlaw("has a column \(place + 1) without a name: \(shown)")
            }
            if names[..<place].contains(name) {
                throw FormatFlaw("has two columns called \(name): \(shown)")
            }
        }
        for key in keys.keys.sorted() where !names.contains(key) {
            throw FormatFlaw(
                "has no column for the key attribute \(key): \(shown)",
                hint: "where the first row is no header, name the columns with --csv-header")
        }
        for name in options.types.keys.sorted() where !names.contains(name) {
            throw FormatFlaw(
                "has no column \(name), which --csv-types names: \(shown)",
                hint: "correct --csv-types; names count in upper and lower case")
        }
        columns = names.map { name in
            Column(name: Array(name.utf8), type: keys[name] ?? options.types[name] ?? .string)
        }
    }

    /// A row ends at the first line break that stands in no quotes.
    func length(of bytes: UnsafeRawBufferPointer, isLast: Bool) -> Int? {
        var isQuoted = false
        for (place, byte) in bytes.enumerated() {
            if byte == 0x22 { isQuoted.toggle() }
            if byte == 0x0A, !isQuoted { return place + 1 }
        }
        return isLast && !bytes.isEmpty ? bytes.count : nil
    }

    func item(_ record: UnsafeRawBufferPointer) throws(RecordDefect) -> [UInt8]? {
        if TextLine.trimmed(record).isEmpty { return nil }
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
