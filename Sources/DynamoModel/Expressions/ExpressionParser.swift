import System

/// Reads the text of an expression: what all kinds of expressions have in common, which is tokens,
/// paths, operands and the wording of syntax errors.
struct ExpressionParser {
    /// An expression may have 300 operators and functions and 4 KB of text (guide, "Quotas").
    /// Nothing nests deeper than it has operators, unless with needless parentheses.
    private static let operatorsMax = 300
    private static let bytesMax = 4096
    /// What is written on a command line, or in a file of rules.
    private static let literalBytesMax = 65_536

    private let text: [UInt8]
    private let tokens: [ExpressionToken]
    private var position = 0
    private var operators = 0
    private var depth = 0
    /// Whether parentheses stood directly within parentheses, as in `((a))`.
    private(set) var hasRedundantParentheses = false

    /// Whether the words that begin its sections can't be names.
    private let isUpdate: Bool
    let form: ExpressionForm
    let context: ValueContext

    init(
        _ text: String, isUpdate: Bool = false, form: ExpressionForm = .aliases,
        _ context: ValueContext = ValueContext()
    ) throws(ExpressionError) {
        self.context = context
        self.isUpdate = isUpdate
        self.form = form
        self.text = Array(text.utf8)
        guard self.text.count <= (form == .literal ? Self.literalBytesMax : Self.bytesMax) else {
            throw ExpressionError(
                "Expression size has exceeded the maximum allowed size; expression size: "
                    + "\(self.text.count)")
        }
        tokens = ExpressionLexer.tokens(self.text, form)
        guard tokens.count > 1 else { throw ExpressionError("The expression can not be empty;") }
    }

    // MARK: Tokens

    var kind: ExpressionToken.Kind { tokens[position].kind }

    /// Where the token that comes next begins.
    var offset: Int { tokens[position].range.lowerBound }

    /// The text of the token that comes next; empty at the end.
    var word: String { String(decoding: text[tokens[position].range], as: UTF8.self) }

    private var followingIsParenthesis: Bool {
        position + 1 < tokens.count && text[tokens[position + 1].range].elementsEqual([0x28])
    }

    /// Whether the name of a function comes next, and its parenthesis.
    var isCall: Bool { kind == .word && keyword == nil && followingIsParenthesis }

    mutating func takeWord() -> String {
        let word = word
        if kind != .end { position += 1 }
        return word
    }

    /// Consumes what stands in quotes, of which one that stands twice is one. By bytes: a mark that
    /// follows a quote would be one character with it.
    mutating func takeQuoted() -> [UInt8] {
        let token = text[tokens[position].range]
        position += 1
        guard let quote = token.first else { return [] }
        var bytes: [UInt8] = []
        var rest = token.dropFirst().dropLast()
        while let byte = rest.popFirst() {
            bytes.append(byte)
            if byte == quote { rest = rest.dropFirst() }
        }
        return bytes
    }

    /// Consumes a sign when it comes next.
    mutating func take(_ sign: String) -> Bool {
        guard kind == .sign, word == sign else { return false }
        position += 1
        return true
    }

    mutating func expect(_ sign: String) throws(ExpressionError) {
        guard take(sign) else { throw syntaxError }
    }

    func expectEnd() throws(ExpressionError) {
        guard kind == .end else { throw syntaxError }
    }

    /// The words that can't be names, in any case.
    enum Keyword: String {
        case and = "AND"
        case or = "OR"
        case not = "NOT"
        case between = "BETWEEN"
        case isIn = "IN"
    }

    /// The keyword that comes next; nil when something else does.
    var keyword: Keyword? { kind == .word ? Keyword(rawValue: word.uppercased()) : nil }

    mutating func take(_ wanted: Keyword) -> Bool {
        guard keyword == wanted else { return false }
        position += 1
        return true
    }

    mutating func expect(_ wanted: Keyword) throws(ExpressionError) {
        guard take(wanted) else { throw syntaxError }
    }

    /// The word that begins a section of an update, in any case; nil when none comes next.
    var section: UpdateSection? {
        kind == .word ? UpdateSection(rawValue: word.uppercased()) : nil
    }

    /// The token that comes next stands where it can't: it is quoted with its neighbours.
    var syntaxError: ExpressionError {
        if form == .literal {
            let what =
                kind == .end
                ? "it ends too early"
                : kind == .unclosed ? "this quote is never closed" : "\(word) can't stand here"
            return ExpressionError(what, at: offset)
        }
        let start = tokens[max(0, position - 1)].range.lowerBound
        let end = tokens[min(tokens.count - 1, position + 1)].range.upperBound
        let near = String(decoding: text[start..<end], as: UTF8.self)
        let token = kind == .end ? "<EOF>" : word
        return ExpressionError("Syntax error; token: \"\(token)\", near: \"\(near)\"")
    }

    // MARK: Limits

    /// Begins another expression of the same text, which has limits of its own.
    mutating func forgetOperators() { operators = 0 }

    mutating func countOperator() throws(ExpressionError) {
        operators += 1
        guard operators <= Self.operatorsMax else { throw Self.tooMany(operators) }
    }

    /// Calls `body` one level deeper.
    mutating func nested<Result>(
        _ body: (inout ExpressionParser) throws(ExpressionError) -> Result
    ) throws(ExpressionError) -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.operatorsMax else { throw Self.tooMany(depth) }
        return try body(&self)
    }

    private static func tooMany(_ count: Int) -> ExpressionError {
        ExpressionError("The expression contains too many operators; operator count: \(count)")
    }

    // MARK: Paths and operands

    /// `name.name[0].#alias`
    mutating func path() throws(ExpressionError) -> [PathSyntax] {
        try steps(after: [try name()])
    }

    /// The steps that follow those read already.
    mutating func steps(after first: [PathSyntax]) throws(ExpressionError) -> [PathSyntax] {
        var steps = first
        while true {
            if take(".") {
                steps.append(try name())
            } else if take("[") {
                guard kind == .integer, let index = Int(word) else { throw syntaxError }
                position += 1
                try expect("]")
                steps.append(.index(index))
            } else {
                return steps
            }
        }
    }

    mutating func name() throws(ExpressionError) -> PathSyntax {
        switch kind {
        case .word where keyword == nil && !(isUpdate && section != nil): return .name(takeWord())
        case .quotedName:
            return .name(String(decoding: takeQuoted(), as: UTF8.self))
        case .nameAlias: return .alias(takeWord())
        default: throw syntaxError
        }
    }

    /// A path, a value, a call, or one of them in parentheses.
    mutating func operand() throws(ExpressionError) -> ExpressionSyntax {
        if form == .literal { return try value() }
        if take("(") {
            let inner = try nested { (parser) throws(ExpressionError) in try parser.operand() }
            return try closeGroup(inner)
        }
        if isCall { return try call() }
        if kind == .valueAlias { return .value(takeWord()) }
        return .path(try path())
    }

    /// Ends parentheses around `inner`; a path may go on behind them.
    mutating func closeGroup(
        _ inner: ExpressionSyntax
    ) throws(ExpressionError) -> ExpressionSyntax {
        try expect(")")
        if case .group = inner { hasRedundantParentheses = true }
        guard kind == .sign, word == "." || word == "[", let head = inner.path else {
            return .group(inner)
        }
        return .path(try steps(after: head))
    }

    mutating func call() throws(ExpressionError) -> ExpressionSyntax {
        if form == .literal { return try literalCall() }
        let name = takeWord()
        try countOperator()
        return .call(
            name, try nested { (parser) throws(ExpressionError) in try parser.arguments() })
    }

    /// `(operand, operand)`, one at least.
    mutating func arguments() throws(ExpressionError) -> [ExpressionSyntax] {
        try expect("(")
        var arguments = [try operand()]
        while take(",") { arguments.append(try operand()) }
        try expect(")")
        return arguments
    }
}
