import DynamoModel
import JSON

/// Reads one struct of Ion text, and writes what it holds in DynamoDB JSON (Amazon Ion
/// specification, "Text encoding").
struct IonReader {
    private let bytes: UnsafeRawBufferPointer
    private var position: Int

    /// DynamoDB takes 32.
    private static let depthMax = 64

    init(_ bytes: UnsafeRawBufferPointer, at position: Int) {
        self.bytes = bytes
        self.position = position
    }

    /// The attributes of `{Item:{...}}`.
    mutating func item() throws(RecordDefect) -> [UInt8] {
        try expect(0x7B, "a struct")
        var item: [UInt8]?
        while try !takes(0x7D) {
            let name = try fieldName()
            guard name.elementsEqual("Item".utf8), item == nil else {
                throw RecordDefect(
                    "has a field \(String(decoding: name, as: UTF8.self)) where Item alone belongs")
            }
            var output: [UInt8] = []
            try skipSpace()
            guard peek() == 0x7B else { throw RecordDefect("has an Item that is no struct") }
            try writeStruct(to: &output, depth: 0)
            item = output
            if try !takes(0x2C) {
                try expect(0x7D, "'}'")
                break
            }
        }
        guard let item else { throw RecordDefect("is no line of an export: Item is missing") }
        try skipSpace()
        guard position == bytes.count else { throw unexpected("the end of the item") }
        return item
    }

    /// The parts of `{Metadata:{...},Keys:{...},OldImage:{...},NewImage:{...}}`, in DynamoDB JSON.
    mutating func change() throws(RecordDefect) -> [UInt8] {
        try expect(0x7B, "a struct")
        var output: [UInt8] = [0x7B]
        while try !takes(0x7D) {
            let name = String(decoding: try fieldName(), as: UTF8.self)
            try skipSpace()
            guard peek() == 0x7B else { throw RecordDefect("has a \(name) that is no struct") }
            switch name {
            case "Metadata":
                var metadata: [UInt8] = []
                try writeStruct(to: &metadata, depth: 0)
                guard let written = try Self.written(metadata) else { break }
                if output.count > 1 { output.append(0x2C) }
                output += "\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"\(written)\"}}".utf8
            case "Keys", "OldImage", "NewImage":
                if output.count > 1 { output.append(0x2C) }
                output += "\"\(name)\":".utf8
                try writeStruct(to: &output, depth: 0)
            default: throw RecordDefect("has a field \(name), which no change has")
            }
            if try !takes(0x2C) {
                try expect(0x7D, "'}'")
                break
            }
        }
        output.append(0x7D)
        try skipSpace()
        guard position == bytes.count else { throw unexpected("the end of the change") }
        return output
    }

    /// When it was written: a number, a text, or a struct with a number in it; nil where nothing
    /// says.
    private static func written(_ bytes: [UInt8]) throws(RecordDefect) -> String? {
        guard let time = (try? JSON(parsing: bytes))?["WriteTimestampMicros"] else { return nil }
        let value = time["M"]?["N"] ?? time
        let digits = (value["N"] ?? value["S"])?.string ?? ""
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw RecordDefect("has a WriteTimestampMicros that is no whole number")
        }
        return digits
    }

    // MARK: Values

    private mutating func writeStruct(to output: inout [UInt8], depth: Int) throws(RecordDefect) {
        try writeParts(to: &output, from: 0x7B, until: 0x7D) {
            (reader, output) throws(RecordDefect) in
            JSON.write(utf8: try reader.fieldName(), to: &output)
            output.append(0x3A)
            try reader.writeValue(to: &output, depth: depth + 1)
        }
    }

    private mutating func writeValue(to output: inout [UInt8], depth: Int) throws(RecordDefect) {
        guard depth <= Self.depthMax else { throw RecordDefect("is nested too deeply") }
        try skipSpace()
        guard let byte = peek() else { throw unexpected("a value") }
        switch byte {
        case 0x22: try write("S", text: try string(), to: &output)
        case 0x27:
            if starts(with: "'''") {
                try write("S", text: try longStrings(), to: &output)
            } else {
                try writeAnnotated(try quotedSymbol(), to: &output, depth: depth)
            }
        case 0x5B:
            output += "{\"L\":".utf8
            try writeList(to: &output, depth: depth)
            output.append(0x7D)
        case 0x7B where starts(with: "{{"): try write("B", text: try blob(), to: &output)
        case 0x7B:
            output += "{\"M\":".utf8
            try writeStruct(to: &output, depth: depth)
            output.append(0x7D)
        case 0x30...0x39, 0x2D: try write("N", text: try number(), to: &output)
        default: try writeWord(to: &output, depth: depth)
        }
    }

    private mutating func writeList(to output: inout [UInt8], depth: Int) throws(RecordDefect) {
        try writeParts(to: &output, from: 0x5B, until: 0x5D) {
            (reader, output) throws(RecordDefect) in
            try reader.writeValue(to: &output, depth: depth + 1)
        }
    }

    /// What stands in brackets, with commas between, of which one may follow the last.
    private mutating func writeParts(
        to output: inout [UInt8], from open: UInt8, until close: UInt8,
        _ part: (inout Self, inout [UInt8]) throws(RecordDefect) -> Void
    ) throws(RecordDefect) {
        try expect(open, "a \(open == 0x7B ? "struct" : "list")")
        output.append(open)
        var isFirst = true
        while try !takes(close) {
            if !isFirst { output.append(0x2C) }
            isFirst = false
            try part(&self, &output)
            if try !takes(0x2C) {
                try expect(close, "',' or '\(Character(Unicode.Scalar(close)))'")
                break
            }
        }
        output.append(close)
    }

    /// `null`, `true`, `false`, or an annotation.
    private mutating func writeWord(to output: inout [UInt8], depth: Int) throws(RecordDefect) {
        let word = String(decoding: try identifier(), as: UTF8.self)
        if starts(with: "::") {
            return try writeAnnotated(Array(word.utf8), to: &output, depth: depth)
        }
        switch word {
        case "true", "false": output += "{\"BOOL\":\(word)}".utf8
        case "null":
            if position < bytes.count, bytes[position] == 0x2E {
                position += 1
                _ = try identifier()
            }
            output += "{\"NULL\":true}".utf8
        default: throw RecordDefect("has \(word), which is no value of DynamoDB's")
        }
    }

    private mutating func writeAnnotated(
        _ annotation: [UInt8], to output: inout [UInt8], depth: Int
    ) throws(RecordDefect) {
        let name = String(decoding: annotation, as: UTF8.self)
        try skipSpace()
        guard starts(with: "::") else {
            throw RecordDefect("has the symbol \(name), which is no value of DynamoDB's")
        }
        position += 2
        let type: String
        switch name {
        case "$dynamodb_SS": type = "SS"
        case "$dynamodb_NS": type = "NS"
        case "$dynamodb_BS": type = "BS"
        default: throw RecordDefect("has the annotation \(name), which is none of DynamoDB's")
        }
        output += "{\"\(type)\":".utf8
        try writeSet(of: type, to: &output)
        output.append(0x7D)
    }

    private mutating func writeSet(of type: String, to output: inout [UInt8]) throws(RecordDefect) {
        try skipSpace()
        try writeParts(to: &output, from: 0x5B, until: 0x5D) {
            (reader, output) throws(RecordDefect) in
            JSON.write(utf8: try reader.element(of: type), to: &output)
        }
    }

    private mutating func element(of type: String) throws(RecordDefect) -> [UInt8] {
        try skipSpace()
        switch (type, peek()) {
        case ("SS", 0x22): return try string()
        case ("SS", 0x27) where starts(with: "'''"): return try longStrings()
        case ("NS", 0x2D?), ("NS", (0x30...0x39)?): return try number()
        case ("BS", 0x7B): return try blob()
        default: throw unexpected("an element of a \(type)")
        }
    }

    private func write(
        _ type: StaticString, text: [UInt8], to output: inout [UInt8]
    ) throws(RecordDefect) {
        guard String(validating: text, as: UTF8.self) != nil else {
            throw RecordDefect("is not in UTF-8")
        }
        output += "{\"\(type)\":".utf8
        JSON.write(utf8: text, to: &output)
        output.append(0x7D)
    }

    // MARK: Scalars

    /// Digits as DynamoDB takes them: never by way of a floating-point number.
    private mutating func number() throws(RecordDefect) -> [UInt8] {
        var text: [UInt8] = []
        let start = position
        while let byte = peek(), !Self.isEnd(byte) {
            position += 1
            switch byte {
            case 0x64, 0x44: text.append(0x65)
            case 0x5F: break
            default: text.append(byte)
            }
        }
        // `1.` and `1.d3` have nothing behind the point.
        if let point = text.firstIndex(of: 0x2E), point + 1 == text.count || text[point + 1] == 0x65
        {
            text.remove(at: point)
        }
        let given = bytes[start..<position]
        guard !given.contains(0x65), !given.contains(0x45) else {
            throw RecordDefect(
                "has the float \(String(decoding: given, as: UTF8.self)): DynamoDB has decimals,"
                    + " as 1d3")
        }
        return text
    }

    private static func isEnd(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == 0x2C || byte == 0x5D || byte == 0x7D || byte == 0x2F
    }

    private mutating func blob() throws(RecordDefect) -> [UInt8] {
        guard starts(with: "{{") else { throw unexpected("a blob") }
        position += 2
        var text: [UInt8] = []
        while let byte = peek(), byte != 0x7D {
            if byte > 0x20 { text.append(byte) }
            position += 1
        }
        guard starts(with: "}}") else { throw unexpected("}}") }
        position += 2
        if text.first == 0x22 || text.first == 0x27 {
            throw RecordDefect("has a clob, which is no value of DynamoDB's")
        }
        return text
    }

    private mutating func string() throws(RecordDefect) -> [UInt8] { try text(until: "\"") }

    private mutating func quotedSymbol() throws(RecordDefect) -> [UInt8] { try text(until: "'") }

    /// One or several behind each other are one text.
    private mutating func longStrings() throws(RecordDefect) -> [UInt8] {
        var text: [UInt8] = []
        while starts(with: "'''") {
            text += try self.text(until: "'''")
            try skipSpace()
        }
        return text
    }

    private mutating func text(until quote: StaticString) throws(RecordDefect) -> [UInt8] {
        position += quote.utf8CodeUnitCount
        var text: [UInt8] = []
        while !starts(with: quote) {
            guard let byte = peek() else { throw RecordDefect("has a text that is not closed") }
            position += 1
            if byte == 0x5C {
                try takeEscape(into: &text)
            } else if byte == 0x0D, quote.utf8CodeUnitCount > 1 {
                // Line ends are one in a long text (specification, "Strings").
                if peek() == 0x0A { position += 1 }
                text.append(0x0A)
            } else {
                text.append(byte)
            }
        }
        position += quote.utf8CodeUnitCount
        return text
    }

    private mutating func takeEscape(into text: inout [UInt8]) throws(RecordDefect) {
        guard let byte = peek() else { throw RecordDefect("has a text that is not closed") }
        position += 1
        let simple: [UInt8: UInt8] = [
            0x30: 0x00, 0x61: 0x07, 0x62: 0x08, 0x74: 0x09, 0x6E: 0x0A, 0x66: 0x0C, 0x72: 0x0D,
            0x76: 0x0B, 0x22: 0x22, 0x27: 0x27, 0x3F: 0x3F, 0x5C: 0x5C, 0x2F: 0x2F,
        ]
        if let meant = simple[byte] { return text.append(meant) }
        switch byte {
        case 0x0A: break
        case 0x0D: if peek() == 0x0A { position += 1 }
        case 0x78: try append(scalar: try hex(2), to: &text)
        case 0x55: try append(scalar: try hex(8), to: &text)
        case 0x75:
            let unit = try hex(4)
            guard (0xD800...0xDBFF).contains(unit), starts(with: "\\u") else {
                return try append(scalar: unit, to: &text)
            }
            position += 2
            let low = try hex(4)
            guard (0xDC00...0xDFFF).contains(low) else {
                throw RecordDefect("has half of a surrogate pair")
            }
            try append(scalar: 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00), to: &text)
        default: throw RecordDefect("has an escape that Ion does not know")
        }
    }

    private func append(scalar: UInt32, to text: inout [UInt8]) throws(RecordDefect) {
        guard let scalar = Unicode.Scalar(scalar) else {
            throw RecordDefect("has half of a surrogate pair")
        }
        text += UTF8.encode(scalar).map(Array.init) ?? []
    }

    private mutating func hex(_ digits: Int) throws(RecordDefect) -> UInt32 {
        guard position + digits <= bytes.count,
            bytes[position..<position + digits].allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte & 0xDF)
            }),
            let value = UInt32(
                String(decoding: bytes[position..<position + digits], as: UTF8.self), radix: 16)
        else { throw RecordDefect("has an escape with wrong digits") }
        position += digits
        return value
    }

    // MARK: Names

    private mutating func fieldName() throws(RecordDefect) -> [UInt8] {
        try skipSpace()
        let name: [UInt8]
        switch peek() {
        case 0x22: name = try string()
        case 0x27: name = starts(with: "'''") ? try longStrings() : try quotedSymbol()
        default: name = try identifier()
        }
        try skipSpace()
        try expect(0x3A, "':'")
        return name
    }

    private mutating func identifier() throws(RecordDefect) -> [UInt8] {
        let start = position
        while let byte = peek() {
            switch byte {
            case 0x30...0x39 where position > start, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x24:
                position += 1
            default:
                guard position > start else { throw unexpected("a name or a value") }
                return Array(bytes[start..<position])
            }
        }
        guard position > start else { throw unexpected("a name or a value") }
        return Array(bytes[start..<position])
    }

    // MARK: Bytes

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private func starts(with text: StaticString) -> Bool {
        guard bytes.count - position >= text.utf8CodeUnitCount else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy {
            bytes[position + $0] == text.utf8Start[$0]
        }
    }

    private mutating func skipSpace() throws(RecordDefect) {
        while let byte = peek() {
            if byte <= 0x20 {
                position += 1
            } else if starts(with: "//") {
                while let byte = peek(), byte != 0x0A { position += 1 }
            } else if starts(with: "/*") {
                while !starts(with: "*/") {
                    guard peek() != nil else { throw RecordDefect("has a comment without an end") }
                    position += 1
                }
                position += 2
            } else {
                return
            }
        }
    }

    private mutating func takes(_ byte: UInt8) throws(RecordDefect) -> Bool {
        try skipSpace()
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ byte: UInt8, _ wanted: String) throws(RecordDefect) {
        guard try takes(byte) else { throw unexpected(wanted) }
    }

    private func unexpected(_ wanted: String) -> RecordDefect {
        RecordDefect("is no Ion text: \(wanted) is missing (byte \(position))")
    }
}
