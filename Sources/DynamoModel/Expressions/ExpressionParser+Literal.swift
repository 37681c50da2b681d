import System

/// Values in place, as PartiQL writes them (PartiQL specification, "Literals"; the DynamoDB guide,
/// "PartiQL data types for DynamoDB").
extension ExpressionParser {
    /// The value that comes next; nil where none begins.
    mutating func literal() throws(ExpressionError) -> AttributeValue? {
        let start = offset
        switch kind {
        case .text: return .string(takeQuoted())
        case .base64: return .binary(try bytes(takeWord(), at: start))
        case .integer, .number: return .number(try number(takeWord(), at: start))
        case .sign: return try signed()
        case .word: return constant()
        default: return nil
        }
    }

    private mutating func constant() -> AttributeValue? {
        let value: AttributeValue
        switch word.lowercased() {
        case "true": value = .bool(true)
        case "false": value = .bool(false)
        case "null": value = .null
        default: return nil
        }
        _ = takeWord()
        return value
    }

    /// What begins with a sign: a negative number, a list, a map, or a set.
    private mutating func signed() throws(ExpressionError) -> AttributeValue? {
        let start = offset
        if take("-") {
            guard kind == .integer || kind == .number else { throw syntaxError }
            return .number(try number("-" + takeWord(), at: start))
        }
        if take("[") {
            return .list(
                try elements(until: "]") { (parser) throws(ExpressionError) in
                    try parser.element()
                })
        }
        if take("{") { return .map(try members()) }
        guard take("<<") else { return nil }
        return try set(
            try elements(until: ">>") { (parser) throws(ExpressionError) in try parser.element() },
            at: start)
    }

    private mutating func element() throws(ExpressionError) -> AttributeValue {
        guard let value = try literal() else { throw syntaxError }
        return value
    }

    private mutating func elements<Element>(
        until end: String, _ take: (inout ExpressionParser) throws(ExpressionError) -> Element
    ) throws(ExpressionError) -> [Element] {
        try nested { (parser) throws(ExpressionError) in
            var elements: [Element] = []
            if parser.take(end) { return elements }
            repeat { elements.append(try take(&parser)) } while parser.take(",")
            try parser.expect(end)
            return elements
        }
    }

    private mutating func members() throws(ExpressionError) -> Item {
        let members = try elements(until: "}") { (parser) throws(ExpressionError) in
            guard parser.kind == .text else { throw parser.syntaxError }
            let name = parser.takeQuoted()
            try parser.expect(":")
            return (name, try parser.element())
        }
        return Item(members, uniquingKeysWith: { $1 })
    }

    private func set(
        _ elements: [AttributeValue], at start: Int
    ) throws(ExpressionError) -> AttributeValue {
        var (texts, numbers, binaries): ([[UInt8]], [DynamoNumber], [[UInt8]]) = ([], [], [])
        for element in elements {
            switch element {
            case .string(let text): texts.append(text)
            case .number(let number): numbers.append(number)
            case .binary(let bytes): binaries.append(bytes)
            default: break
            }
        }
        if !texts.isEmpty, texts.count == elements.count { return .stringSet(Set(texts)) }
        if !numbers.isEmpty, numbers.count == elements.count { return .numberSet(Set(numbers)) }
        if !binaries.isEmpty, binaries.count == elements.count { return .binarySet(Set(binaries)) }
        throw ExpressionError("a set holds texts, numbers or binaries, of one kind", at: start)
    }

    private func bytes(_ word: String, at start: Int) throws(ExpressionError) -> [UInt8] {
        guard let bytes = Base64.decode(Array(word.dropFirst("b64'".count).dropLast().utf8)) else {
            throw ExpressionError("this is no base64", at: start)
        }
        return bytes
    }

    private func number(_ word: String, at start: Int) throws(ExpressionError) -> DynamoNumber {
        do {
            return try DynamoNumber(word)
        } catch {
            throw ExpressionError("\(word) \(ValueFailure.words(error))", at: start)
        }
    }
}
