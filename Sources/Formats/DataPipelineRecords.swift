import DynamoModel
import JSON
import System

/// What Data Pipeline and the EMR connector for DynamoDB wrote: a line an item, each value under
/// its type in lower case, `{"pk":{"s":"a"},"ids":{"nS":["1"]}}`; or, as Hive had it,
/// `pk<ETX>{"s":"a"}<STX>ids<ETX>{"nS":["1"]}` (awslabs/emr-dynamodb-connector).
struct DataPipelineRecords: RecordFormat {
    let noun = "line"

    func length(of bytes: UnsafeRawBufferPointer, isLast: Bool) -> Int? {
        TextLine.length(of: bytes, isLast: isLast)
    }

    func isBlank(_ record: UnsafeRawBufferPointer) -> Bool { TextLine.trimmed(record).isEmpty }

    func item(_ record: UnsafeRawBufferPointer) throws(RecordDefect) -> [UInt8] {
        let line = TextLine.trimmed(record)
        var output: [UInt8] = []
        output.reserveCapacity(line.count + 16)
        if line.first == 0x7B, !line.contains(0x03) {
            let json = try parsed(line)
            guard let members = json.members else { throw RecordDefect("is no item") }
            try write(members, to: &output)
        } else {
            try write(hive: line, to: &output)
        }
        return output
    }

    private func parsed(_ bytes: some Sequence<UInt8>) throws(RecordDefect) -> JSON {
        do throws(JSONError) {
            return try JSON(parsing: Array(bytes))
        } catch {
            throw RecordDefect("is no JSON: \(error.reason)")
        }
    }

    private func write(
        hive line: Slice<UnsafeRawBufferPointer>, to output: inout [UInt8]
    ) throws(RecordDefect) {
        var members: [JSON.Member] = []
        for part in line.split(separator: 0x02, omittingEmptySubsequences: false) {
            guard let end = part.firstIndex(of: 0x03),
                let name = String(validating: part[..<end], as: UTF8.self)
            else { throw RecordDefect("has an attribute without a name") }
            members.append(.init(name, try parsed(part[part.index(after: end)...])))
        }
        try write(members, to: &output)
    }

    private func write(
        _ members: [JSON.Member], to output: inout [UInt8]
    ) throws(RecordDefect) {
        output.append(0x7B)
        for (place, member) in members.enumerated() {
            if place > 0 { output.append(0x2C) }
            JSON.write(member.name, to: &output)
            output.append(0x3A)
            try write(member.value, to: &output)
        }
        output.append(0x7D)
    }

    /// Writes `{"s":"x"}` as `{"S":"x"}`.
    private func write(_ value: JSON, to output: inout [UInt8]) throws(RecordDefect) {
        guard let member = value.members?.first, value.members?.count == 1,
            let type = Self.type(Array(member.name.utf8))
        else {
            throw RecordDefect("has a value without a type: \(value.text.prefix(80))")
        }
        output += "{\"\(type)\":".utf8
        switch (type, member.value) {
        case ("M", .object(let members)): try write(members, to: &output)
        case ("L", .array(let elements)):
            output.append(0x5B)
            for (place, element) in elements.enumerated() {
                if place > 0 { output.append(0x2C) }
                try write(element, to: &output)
            }
            output.append(0x5D)
        default: member.value.write(to: &output)
        }
        output.append(0x7D)
    }

    /// DynamoDB's name of a type.
    static func type(_ name: [UInt8]) -> String? {
        switch String(decoding: name, as: UTF8.self) {
        case "s": "S"
        case "n": "N"
        case "b": "B"
        case "m": "M"
        case "l": "L"
        case "sS": "SS"
        case "nS": "NS"
        case "bS": "BS"
        case "bOOL": "BOOL"
        case "nULL", "nULLValue": "NULL"
        default: nil
        }
    }
}

/// A line of text.
enum TextLine {
    /// With its end; nil where that is not there yet.
    static func length(of bytes: UnsafeRawBufferPointer, isLast: Bool) -> Int? {
        if let end = bytes.firstIndex(of: 0x0A) { return end + 1 }
        return isLast && !bytes.isEmpty ? bytes.count : nil
    }

    /// Without the white space around it.
    static func trimmed(_ line: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        func isSpace(_ byte: UInt8) -> Bool {
            byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
        }
        var rest = line[...]
        while let first = rest.first, isSpace(first) { rest.removeFirst() }
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest
    }
}
