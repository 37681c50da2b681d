import JSON

/// Spells items in Ion's text format, as exports have it (guide, "DynamoDB import format for S3":
/// Amazon Ion; Ion specification, "Text encoding").
///
/// Sets are annotated lists, `$dynamodb_SS::["a","b"]`; numbers are decimals, which have a point or
/// the exponent `d`.
enum IonText {
    /// - Parameter json: an item in DynamoDB JSON, as it is stored.
    static func item(_ json: [UInt8]) -> [UInt8] {
        guard let tree = try? JSON(parsing: json) else {
            preconditionFailure("a stored item is no JSON")
        }
        var output: [UInt8] = []
        write(attributes: tree.members ?? [], to: &output)
        return output
    }

    private static func write(attributes: [JSON.Member], to output: inout [UInt8]) {
        output += "{".utf8
        for (place, member) in attributes.enumerated() {
            if place > 0 { output += ",".utf8 }
            write(name: member.name, to: &output)
            output += ":".utf8
            write(value: member.value, to: &output)
        }
        output += "}".utf8
    }

    private static func write(value: JSON, to output: inout [UInt8]) {
        guard let typed = value.members?.first else {
            preconditionFailure("a stored value has no type")
        }
        let elements = typed.value.array ?? []
        switch typed.name {
        case "S": write(text: typed.value.string ?? "", to: &output)
        case "N": output += number(typed.value.string ?? "").utf8
        case "B": output += blob(typed.value).utf8
        case "BOOL": output += (typed.value.bool == true ? "true" : "false").utf8
        case "NULL": output += "null".utf8
        case "M": write(attributes: typed.value.members ?? [], to: &output)
        case "L": write(list: elements, to: &output) { write(value: $0, to: &$1) }
        case "SS":
            output += "$dynamodb_SS::".utf8
            write(list: elements, to: &output) { write(text: $0.string ?? "", to: &$1) }
        case "NS":
            output += "$dynamodb_NS::".utf8
            write(list: elements, to: &output) { $1 += number($0.string ?? "").utf8 }
        case "BS":
            output += "$dynamodb_BS::".utf8
            write(list: elements, to: &output) { $1 += blob($0).utf8 }
        default: preconditionFailure("a stored value has the type \(typed.name)")
        }
    }

    private static func write(
        list: [JSON], to output: inout [UInt8], _ write: (JSON, inout [UInt8]) -> Void
    ) {
        output += "[".utf8
        for (place, element) in list.enumerated() {
            if place > 0 { output += ",".utf8 }
            write(element, &output)
        }
        output += "]".utf8
    }

    private static func blob(_ json: JSON) -> String { "{{\(json.string ?? "")}}" }

    /// `103` becomes `103.`, `1E+3` becomes `1d+3`.
    private static func number(_ text: String) -> String {
        if let place = text.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            return text[..<place] + "d" + text[text.index(after: place)...]
        }
        return text.contains(".") ? text : text + "."
    }

    private static func write(name: String, to output: inout [UInt8]) {
        guard !isIdentifier(name) else {
            output += name.utf8
            return
        }
        output += "'".utf8
        write(escaping: name, quote: 0x27, to: &output)
        output += "'".utf8
    }

    private static let keywords: Set = ["null", "true", "false", "nan"]

    /// Whether a name needs no quotes. What begins with a dollar may mean something else to Ion.
    private static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return !keywords.contains(name)
            && name.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
                default: false
                }
            }
    }

    private static func write(text: String, to output: inout [UInt8]) {
        output += "\"".utf8
        write(escaping: text, quote: 0x22, to: &output)
        output += "\"".utf8
    }

    private static func write(escaping text: String, quote: UInt8, to output: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case quote, 0x5C: output += [0x5C, byte]
            case 0x09: output += "\\t".utf8
            case 0x0A: output += "\\n".utf8
            case 0x0D: output += "\\r".utf8
            case 0..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                output += "\\x\(byte < 16 ? "0" : "")\(digits)".utf8
            default: output.append(byte)
            }
        }
    }
}
