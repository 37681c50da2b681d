import DynamoModel
import JSON
import Pacing

/// Spells an item of DynamoDB JSON anew: equal by the service's rules, different byte for byte.
enum UnprocessedRewriter {
    static func write(
        _ item: JSON, using generator: inout SeededGenerator
    ) -> [UInt8] {
        var output: [UInt8] = []
        attributes(item, to: &output, using: &generator)
        return output
    }

    private static func attributes(
        _ item: JSON, to output: inout [UInt8], using generator: inout SeededGenerator
    ) {
        output.append(0x7B)
        let members = (item.members ?? []).shuffled(using: &generator)
        for (place, member) in members.enumerated() {
            if place > 0 {
                output.append(0x2C)
                if generator.next() & 1 == 0 { output.append(0x20) }
            }
            text(member.name, to: &output, using: &generator)
            output.append(0x3A)
            value(member.value, to: &output, using: &generator)
        }
        output.append(0x7D)
    }

    private static func value(
        _ json: JSON, to output: inout [UInt8], using generator: inout SeededGenerator
    ) {
        guard let member = json.members?.first else { return json.write(to: &output) }
        output.append(0x7B)
        output.append(0x22)
        output.append(contentsOf: member.name.utf8)
        output.append(0x22)
        output.append(0x3A)
        switch (member.name, member.value) {
        case ("M", let value): attributes(value, to: &output, using: &generator)
        case ("L", .array(let elements)):
            list(elements, to: &output) { value($0, to: &$1, using: &generator) }
        case ("SS", .array(let elements)), ("BS", .array(let elements)):
            list(elements.shuffled(using: &generator), to: &output) {
                text($0.string ?? "", to: &$1, using: &generator)
            }
        case ("NS", .array(let elements)):
            list(elements.shuffled(using: &generator), to: &output) {
                number($0.string ?? "", to: &$1, using: &generator)
            }
        case ("N", .string(let digits)): number(digits, to: &output, using: &generator)
        case (_, .string(let string)): text(string, to: &output, using: &generator)
        default: member.value.write(to: &output)
        }
        output.append(0x7D)
    }

    private static func list(
        _ elements: [JSON], to output: inout [UInt8], _ write: (JSON, inout [UInt8]) -> Void
    ) {
        output.append(0x5B)
        for (place, element) in elements.enumerated() {
            if place > 0 { output.append(0x2C) }
            write(element, &output)
        }
        output.append(0x5D)
    }

    /// The number with an exponent, with zeros behind the point, or as it is.
    private static func number(
        _ text: String, to output: inout [UInt8], using generator: inout SeededGenerator
    ) {
        var spelling = text
        if let number = try? DynamoNumber(text), !number.digits.isEmpty {
            let digits = String(decoding: number.digits.map { $0 + 0x30 }, as: UTF8.self)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0:
                let power = number.exponent - number.digits.count + 1
                spelling = "\(number.isNegative ? "-" : "")\(digits)E\(power)"
            case 1 where number.exponent >= 0 && number.exponent < 30:
                let plain = number.text
                spelling = plain + (plain.contains(".") ? "0" : ".0")
            default: break
            }
        }
        output.append(0x22)
        output.append(contentsOf: spelling.utf8)
        output.append(0x22)
    }

    /// Text in which some characters that need no escape have one: each other slash, and one of
    /// sixteen others.
    private static func text(
        _ text: String, to output: inout [UInt8], using generator: inout SeededGenerator
    ) {
        output.append(0x22)
        var chance = generator.next()
        for scalar in text.unicodeScalars {
            // Sixteen times four bits, then as many anew.
            chance = chance > 15 ? chance >> 4 : generator.next()
            switch scalar {
            case "/" where chance & 1 == 0:
                output.append(0x5C)
                output.append(0x2F)
            case "\"", "\\", "\u{0}"..."\u{1F}": escape(UInt16(scalar.value), to: &output)
            case _ where chance & 15 == 0:
                for unit in UTF16.encode(scalar)! { escape(unit, to: &output) }
            case _ where scalar.isASCII: output.append(UInt8(truncatingIfNeeded: scalar.value))
            default: output.append(contentsOf: UTF8.encode(scalar)!)
            }
        }
        output.append(0x22)
    }

    private static func escape(_ unit: UInt16, to output: inout [UInt8]) {
        output.append(0x5C)
        output.append(0x75)
        for shift in [12, 8, 4, 0] as [UInt16] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift & 15)
            output.append(digit < 10 ? 0x30 + digit : 0x37 + digit)
        }
    }
}
