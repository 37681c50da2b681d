import System

extension JSON {
    /// The document on one line, without spaces.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The document in UTF-8, on one line, without spaces.
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }

    package func write(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .number(let text): output += text.utf8
        case .string(let text): Self.write(text, to: &output)
        case .array(let elements):
            output.append(0x5B)
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(0x2C) }
                element.write(to: &output)
            }
            output.append(0x5D)
        case .object(let members):
            output.append(0x7B)
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(0x2C) }
                Self.write(member.name, to: &output)
                output.append(0x3A)
                member.value.write(to: &output)
            }
            output.append(0x7D)
        }
    }

    /// Writes `text` as a JSON string, escaping only what must be.
    package static func write(_ text: String, to output: inout [UInt8]) {
        write(utf8: text.utf8, to: &output)
    }

    /// The same of text that is in UTF-8 already, in runs of bytes that need no escape.
    package static func write(utf8: [UInt8], to output: inout [UInt8]) {
        output.append(0x22)
        utf8.withUnsafeBufferPointer { bytes in
            var start = 0
            for (place, byte) in bytes.enumerated()
            where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                output.append(contentsOf: bytes[start..<place])
                writeEscaped(byte, to: &output)
                start = place + 1
            }
            output.append(contentsOf: bytes[start...])
        }
        output.append(0x22)
    }

    /// The same of text that is in UTF-8 already.
    package static func write(utf8: some Sequence<UInt8>, to output: inout [UInt8]) {
        output.append(0x22)
        for byte in utf8 { writeEscaped(byte, to: &output) }
        output.append(0x22)
    }

    private static func writeEscaped(_ byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case 0x22: output += [0x5C, 0x22]
        case 0x5C: output += [0x5C, 0x5C]
        case 0x0A: output += [0x5C, 0x6E]
        case 0x0D: output += [0x5C, 0x72]
        case 0x09: output += [0x5C, 0x74]
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            output += [0x5C, 0x75, 0x30, 0x30, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: output.append(byte)
        }
    }

    /// The document over several lines, indented by two spaces, for people.
    package var prettyText: String {
        var output = ""
        writePretty(to: &output, indent: "")
        return output + "\n"
    }

    private func writePretty(to output: inout String, indent: String) {
        let inner = indent + "  "
        switch self {
        case .array(let elements) where !elements.isEmpty:
            output += "[\n"
            for (index, element) in elements.enumerated() {
                output += inner
                element.writePretty(to: &output, indent: inner)
                output += index + 1 < elements.count ? ",\n" : "\n"
            }
            output += indent + "]"
        case .object(let members) where !members.isEmpty:
            output += "{\n"
            for (index, member) in members.enumerated() {
                output += inner + JSON.string(member.name).text + ": "
                member.value.writePretty(to: &output, indent: inner)
                output += index + 1 < members.count ? ",\n" : "\n"
            }
            output += indent + "}"
        default: output += text
        }
    }
}
