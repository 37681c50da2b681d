/// A word or sign of an expression, and where it stands in the text.
struct ExpressionToken: Equatable {
    enum Kind: Equatable {
        /// A name, a keyword or the name of a function.
        case word
        /// `#name`
        case nameAlias
        /// `:value`
        case valueAlias
        case integer
        /// One of `= <> < <= > >= ( ) [ ] . , + -`; with literals in place one of
        /// `{ } : << >> || * /` too.
        case sign
        /// With literals in place: `'text'`, `"name"`, `b64'...'`, and a number that is no integer.
        case text
        case quotedName
        case base64
        case number
        /// A quote that is never closed.
        case unclosed
        /// What no expression has.
        case unknown
        case end
    }

    let kind: Kind
    /// Offsets in the bytes of the text.
    let range: Range<Int>
}

/// Cuts an expression into tokens. It never fails: what can't be a token becomes an unknown one, at
/// which the parser stops.
struct ExpressionLexer {
    private let text: [UInt8]
    private let form: ExpressionForm
    private var offset = 0

    /// All tokens of `text`; the last is the end.
    static func tokens(_ text: [UInt8], _ form: ExpressionForm) -> [ExpressionToken] {
        var lexer = ExpressionLexer(text, form)
        var tokens: [ExpressionToken] = []
        while true {
            let token = lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private init(_ text: [UInt8], _ form: ExpressionForm) {
        self.text = text
        self.form = form
    }

    private mutating func next() -> ExpressionToken {
        while offset < text.count, Self.isSpace(text[offset]) { offset += 1 }
        let start = offset
        guard start < text.count else { return ExpressionToken(kind: .end, range: start..<start) }
        let kind = scan(text[start])
        return ExpressionToken(kind: kind, range: start..<offset)
    }

    /// Moves behind the token that begins with `first`.
    private mutating func scan(_ first: UInt8) -> ExpressionToken.Kind {
        offset += 1
        if form == .literal, let kind = scanLiteral(first) { return kind }
        switch first {
        case 0x23, 0x3A:  // # :
            let start = offset
            skip(while: Self.isWordPart)
            guard offset > start else { return .unknown }
            return first == 0x23 ? .nameAlias : .valueAlias
        case 0x30...0x39:
            skip { (0x30...0x39).contains($0) }
            return .integer
        // The service's names begin with letters.
        case 0x5F where form == .aliases: return .unknown
        case _ where Self.isWordPart(first):
            skip(while: Self.isWordPart)
            return .word
        case 0x3C:  // < <= <>
            if offset < text.count, text[offset] == 0x3D || text[offset] == 0x3E { offset += 1 }
            return .sign
        case 0x3E:  // > >=
            if offset < text.count, text[offset] == 0x3D { offset += 1 }
            return .sign
        case 0x3D, 0x28, 0x29, 0x5B, 0x5D, 0x2E, 0x2C, 0x2B, 0x2D: return .sign
        default:
            // The rest of a character of several bytes belongs to it.
            skip { $0 & 0xC0 == 0x80 }
            return .unknown
        }
    }

    /// Moves behind a token that stands for no alias; nil for one that all expressions have.
    private mutating func scanLiteral(_ first: UInt8) -> ExpressionToken.Kind? {
        let next = offset < text.count ? text[offset] : 0
        switch first {
        case 0x27: return scanQuoted(first) ? .text : .unclosed
        case 0x22: return scanQuoted(first) ? .quotedName : .unclosed
        case 0x62 where text[offset...].starts(with: Array("64'".utf8)):
            offset += 3
            return scanQuoted(0x27) ? .base64 : .unclosed
        case 0x30...0x39: return scanNumber()
        case 0x3C where next == first, 0x3E where next == first:  // << >>
            offset += 1
            return .sign
        case 0x7B, 0x7D, 0x3A, 0x2A, 0x2F: return .sign  // { } : * /
        case 0x7C where next == first:  // ||
            offset += 1
            return .sign
        case 0x23: return .unknown
        default: return nil
        }
    }

    /// Moves behind the closing quote; one that stands twice is a part of what is quoted.
    private mutating func scanQuoted(_ quote: UInt8) -> Bool {
        while offset < text.count {
            offset += 1
            guard text[offset - 1] == quote else { continue }
            guard offset < text.count, text[offset] == quote else { return true }
            offset += 1
        }
        return false
    }

    /// `12`, `12.5`, `1e3`
    private mutating func scanNumber() -> ExpressionToken.Kind {
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        skip(while: isDigit)
        var kind = ExpressionToken.Kind.integer
        if offset + 1 < text.count, text[offset] == 0x2E, isDigit(text[offset + 1]) {
            offset += 1
            skip(while: isDigit)
            kind = .number
        }
        guard offset < text.count, text[offset] | 0x20 == 0x65 else { return kind }  // e
        var digits = offset + 1
        if digits < text.count, text[digits] == 0x2B || text[digits] == 0x2D { digits += 1 }
        guard digits < text.count, isDigit(text[digits]) else { return kind }
        offset = digits
        skip(while: isDigit)
        return .number
    }

    private mutating func skip(while condition: (UInt8) -> Bool) {
        while offset < text.count, condition(text[offset]) { offset += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private static func isWordPart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }
}
