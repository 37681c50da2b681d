import System

/// The functions that compute a value of others. Positions and lengths in texts count characters as
/// a reader does (Unicode Standard Annex 29, extended grapheme clusters).
package enum ValueFunction: String, CaseIterable, Sendable {
    case lower, upper, trim, substring, replace, length, split
    case toNumber = "to_number"
    case toText = "to_string"
    case bucket, mask, size

    /// How many operands it takes.
    var operandCounts: ClosedRange<Int> {
        switch self {
        case .lower, .upper, .trim, .length, .toNumber, .toText, .size: 1...1
        case .split, .bucket, .mask: 2...2
        case .substring: 2...3
        case .replace: 3...3
        }
    }

    /// - Parameter operands: as many as it takes, none of them NULL.
    func value(_ operands: [AttributeValue]) throws(ValueFailure) -> AttributeValue {
        switch self {
        case .lower: return .string(try text(operands[0]).lowercased())
        case .upper: return .string(try text(operands[0]).uppercased())
        case .trim: return .string(Self.trimmed(try text(operands[0])))
        case .substring: return try substring(operands)
        case .replace: return try replaced(operands)
        case .length: return try length(operands[0])
        case .size:
            guard let size = operands[0].length else {
                throw .type(operands[0], of: rawValue, wants: "what has a size")
            }
            return .number(DynamoNumber(size))
        case .split: return try parts(operands)
        case .toNumber: return try number(of: operands[0])
        case .toText: return try text(of: operands[0])
        case .bucket: return try bucket(operands)
        case .mask: return try masked(operands)
        }
    }

    // MARK: Operands

    private func bytes(_ value: AttributeValue) throws(ValueFailure) -> [UInt8] {
        guard case .string(let bytes) = value else {
            throw .type(value, of: rawValue, wants: "a text (S)")
        }
        return bytes
    }

    private func text(_ value: AttributeValue) throws(ValueFailure) -> String {
        String(decoding: try bytes(value), as: UTF8.self)
    }

    private func number(_ value: AttributeValue) throws(ValueFailure) -> DynamoNumber {
        guard case .number(let number) = value else {
            throw .type(value, of: rawValue, wants: "a number (N)")
        }
        return number
    }

    /// Beyond any length that there is: an item has at most 400 KB.
    private static let countMax = 1 << 30

    private func count(
        _ value: AttributeValue, from least: Int
    ) throws(ValueFailure) -> Int {
        let number = try number(value)
        let isWhole = number.digits.isEmpty || number.exponent >= number.digits.count - 1
        guard isWhole, number >= DynamoNumber(least) else {
            throw ValueFailure("\(rawValue) takes a whole number from \(least) on")
        }
        return CheckedNumber.int(number.text, in: least...Self.countMax) ?? Self.countMax
    }

    // MARK: Texts

    private static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }

    /// `substring(text, first, count)`: the first character is number 1, as in SQL.
    private func substring(_ operands: [AttributeValue]) throws(ValueFailure) -> AttributeValue {
        let text = try text(operands[0])
        let rest = text.dropFirst(try count(operands[1], from: 1) - 1)
        guard operands.count > 2 else { return .string(String(rest)) }
        return .string(String(rest.prefix(try count(operands[2], from: 0))))
    }

    private func replaced(_ operands: [AttributeValue]) throws(ValueFailure) -> AttributeValue {
        let (text, part) = (try bytes(operands[0]), try separator(operands[1]))
        let (pieces, new) = (Self.split(text, at: part), try bytes(operands[2]))
        try ValueFailure.checkSize(text.count + (pieces.count - 1) * new.count, of: rawValue)
        return .string(Array(pieces.joined(separator: new)))
    }

    private func parts(_ operands: [AttributeValue]) throws(ValueFailure) -> AttributeValue {
        let (text, part) = (try bytes(operands[0]), try separator(operands[1]))
        return .list(Self.split(text, at: part).map { .string(Array($0)) })
    }

    private func separator(_ value: AttributeValue) throws(ValueFailure) -> [UInt8] {
        let bytes = try bytes(value)
        guard !bytes.isEmpty else { throw ValueFailure("\(rawValue) can't look for an empty text") }
        return bytes
    }

    /// UTF-8 never begins a character within another, so that bytes can be compared.
    private static func split(_ text: [UInt8], at part: [UInt8]) -> [ArraySlice<UInt8>] {
        var (parts, start, place): ([ArraySlice<UInt8>], Int, Int) = ([], 0, 0)
        while place + part.count <= text.count {
            guard text[place] == part[0], text[place...].starts(with: part) else {
                place += 1
                continue
            }
            parts.append(text[start..<place])
            place += part.count
            start = place
        }
        return parts + [text[start...]]
    }

    private func length(_ value: AttributeValue) throws(ValueFailure) -> AttributeValue {
        let length: Int? = if case .string = value { try text(value).count } else { value.length }
        guard let length else { throw .type(value, of: rawValue, wants: "what has a length") }
        return .number(DynamoNumber(length))
    }

    // MARK: Numbers

    private func number(of value: AttributeValue) throws(ValueFailure) -> AttributeValue {
        if case .number = value { return value }
        let bytes = try bytes(value)
        do throws(DynamoNumber.Refusal) {
            return .number(
                try bytes.withUnsafeBytes { text in
                    Result { () throws(DynamoNumber.Refusal) in try DynamoNumber(text) }
                }.get())
        } catch {
            throw error == .notANumber
                ? ValueFailure("to_number was given a text that is no number")
                : .number(error, of: rawValue)
        }
    }

    private func text(of value: AttributeValue) throws(ValueFailure) -> AttributeValue {
        switch value {
        case .string: return value
        case .number(let number): return .string(number.text)
        case .bool(let value): return .string(value ? "true" : "false")
        default: throw .type(value, of: rawValue, wants: "a number, a boolean or a text")
        }
    }

    private func bucket(_ operands: [AttributeValue]) throws(ValueFailure) -> AttributeValue {
        let (number, width) = (try number(operands[0]), try number(operands[1]))
        guard width > DynamoNumber(0) else {
            throw ValueFailure("bucket takes a width that is greater than 0")
        }
        do throws(DynamoNumber.Refusal) {
            return .number(try number.rounded(downToMultipleOf: width))
        } catch {
            throw .number(error, of: rawValue)
        }
    }

    // MARK: Hiding

    /// Keeps the last characters, at most half of them; each other becomes `*`.
    private func masked(_ operands: [AttributeValue]) throws(ValueFailure) -> AttributeValue {
        let text: String
        switch operands[0] {
        case .string(let bytes): text = String(decoding: bytes, as: UTF8.self)
        case .number(let number): text = number.text
        default: throw .type(operands[0], of: rawValue, wants: "a text or a number")
        }
        let all = text.count
        let kept = min(try count(operands[1], from: 0), all / 2)
        return .string(String(repeating: "*", count: all - kept) + String(text.suffix(kept)))
    }
}
