import DynamoModel
import JSON

/// The rows of a CSV object as ImportTable reads them (developer guide, "Import formats").
///
/// The first names the attributes unless a header is given, keys have the table's types, all else
/// is a text, and an empty value is none. Quotes are doubled within quotes (RFC 4180).
struct CSVRows {
    private let bytes: UnsafeRawBufferPointer
    private let delimiter: UInt8
    private let keyTypes: [String: ScalarType]
    private var names: [String]?
    private var place = 0

    init(
        _ bytes: UnsafeRawBufferPointer, _ form: InputForm.CSV, keyTypes: [String: ScalarType]
    ) {
        self.bytes = bytes
        self.keyTypes = keyTypes
        delimiter = form.delimiter
        names = form.header
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
    }

    private enum Row {
        case values([[UInt8]])
        /// A quote that is not closed, or has something behind it: where rows end is not known.
        case broken
    }

    mutating func forEachItem(_ visit: (InputRecord) -> Bool) {
        var item: [UInt8] = []
        while let row = next() {
            guard case .values(let values) = row else {
                _ = visit(.defect("The row has a quote that is not closed, or not at its end"))
                return
            }
            guard let names else {
                self.names = values.map { String(decoding: $0, as: UTF8.self) }
                continue
            }
            guard values.count == names.count else {
                _ = visit(
                    .defect("The row has \(values.count) values, the header \(names.count) names"))
                return
            }
            item.removeAll(keepingCapacity: true)
            write(names, values, to: &item)
            guard item.withUnsafeBytes({ visit(.attributes($0)) }) else { return }
        }
    }

    private func write(_ names: [String], _ values: [[UInt8]], to item: inout [UInt8]) {
        item.append(0x7B)
        for (name, value) in zip(names, values) where !value.isEmpty {
            if item.count > 1 { item.append(0x2C) }
            JSON.write(utf8: Array(name.utf8), to: &item)
            item += ":{\"\((keyTypes[name] ?? .string).rawValue)\":".utf8
            JSON.write(utf8: value, to: &item)
            item.append(0x7D)
        }
        item.append(0x7D)
    }

    /// The next row that is not blank; nil at the end.
    private mutating func next() -> Row? {
        var values: [[UInt8]] = [[]]
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            switch byte {
            case delimiter: values.append([])
            case 0x0A:
                dropReturn(&values)
                if values != [[]] { return .values(values) }
            case 0x22 where values[values.count - 1].isEmpty:
                guard let value = takeQuoted() else { return .broken }
                values[values.count - 1] = value
            default: values[values.count - 1].append(byte)
            }
        }
        dropReturn(&values)
        return values == [[]] ? nil : .values(values)
    }

    /// Lines may end with CR LF.
    private func dropReturn(_ values: inout [[UInt8]]) {
        if values[values.count - 1].last == 0x0D { values[values.count - 1].removeLast() }
    }

    /// What stands in quotes, the first of which was taken; nil where they are not closed before
    /// the next delimiter or the end of the row.
    private mutating func takeQuoted() -> [UInt8]? {
        var value: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            guard byte == 0x22 else {
                value.append(byte)
                continue
            }
            guard place < bytes.count else { return value }
            switch bytes[place] {
            case 0x22:
                value.append(0x22)
                place += 1
            case delimiter, 0x0A, 0x0D: return value
            default: return nil
            }
        }
        return nil
    }
}
