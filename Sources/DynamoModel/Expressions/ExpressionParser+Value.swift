import System

/// Values that are computed, where literals stand in place: `||` binds looser than `+` and `-`, and
/// those looser than `*` and `/`, all from left to right.
extension ExpressionParser {
    /// Reads a value.
    mutating func value() throws(ExpressionError) -> ExpressionSyntax {
        try operation(after: try term())
    }

    /// Reads the operators that follow a value, and their right sides.
    /// - Parameter least: the precedence of the loosest that may follow.
    mutating func operation(
        after first: ExpressionSyntax, least: Int = 0
    ) throws(ExpressionError) -> ExpressionSyntax {
        var left = first
        while let sign = valueOperator, sign.precedence > least {
            _ = takeWord()
            try countOperator()
            left = .operation(
                sign, left, try operation(after: try term(), least: sign.precedence))
        }
        return left
    }

    private var valueOperator: ValueOperator? {
        kind == .sign ? ValueOperator(rawValue: word) : nil
    }

    /// A literal, a path, a call, or a value in parentheses.
    private mutating func term() throws(ExpressionError) -> ExpressionSyntax {
        if take("(") {
            let inner = try nested { (parser) throws(ExpressionError) in try parser.value() }
            return try closeGroup(inner)
        }
        if isCall { return try call() }
        if let value = try literal() { return .literal(value) }
        return .path(try path())
    }

    // MARK: Calls

    /// A call whose function is there, and has as many operands as it takes.
    mutating func literalCall() throws(ExpressionError) -> ExpressionSyntax {
        let start = offset
        let name = takeWord()
        try countOperator()
        guard let counts = LiteralCall.operandCounts[name] else {
            let near = nearest(to: name, among: LiteralCall.operandCounts.keys.sorted())
            throw ExpressionError(
                "there is no function \(name)" + (near.map { "; did you mean \($0)?" } ?? ""),
                at: start)
        }
        let isChoice = name == LiteralCall.choice
        let (condition, arguments) = try nested { (parser) throws(ExpressionError) in
            try parser.callArguments(withCondition: isChoice)
        }
        let given = arguments.count + (isChoice ? 1 : 0)
        guard counts.contains(given) else {
            throw ExpressionError(
                "\(name) takes \(LiteralCall.words(counts)), and was given \(given)", at: start)
        }
        if let condition { return .choice(condition, arguments[0], arguments[1]) }
        guard LiteralCall.values.contains(name) else { return .call(name, arguments) }
        let call = ExpressionSyntax.function(name, arguments)
        guard kind == .sign, word == "[" || word == "." else { return call }
        return .part(call, try steps(after: []))
    }

    private mutating func callArguments(
        withCondition: Bool
    ) throws(ExpressionError) -> (condition: ExpressionSyntax?, arguments: [ExpressionSyntax]) {
        try expect("(")
        if take(")") { return (nil, []) }
        var condition: ExpressionSyntax?
        if withCondition {
            condition = try disjunction(inGroup: false)
            guard take(",") else { return (condition, []) }
        }
        var arguments = [try value()]
        while take(",") { arguments.append(try value()) }
        try expect(")")
        return (condition, arguments)
    }
}

/// The functions that expressions with literals in place have.
enum LiteralCall {
    static let choice = "if"
    static let firstPresent = "coalesce"
    static let hash = "hash"
    static let now = "now"

    /// Those of conditions.
    private static let conditions: [String: ClosedRange<Int>] = [
        "attribute_exists": 1...1, "attribute_not_exists": 1...1, "attribute_type": 2...2,
        "begins_with": 2...2, "contains": 2...2,
    ]

    /// By name, how many operands each takes.
    static let operandCounts: [String: ClosedRange<Int>] = {
        var counts = conditions
        for function in ValueFunction.allCases {
            counts[function.rawValue] = function.operandCounts
        }
        counts[choice] = 3...3
        counts[firstPresent] = 1...100
        counts[hash] = 1...2
        counts[now] = 0...0
        return counts
    }()

    /// Those whose result is a value.
    static let values = Set(operandCounts.keys).subtracting(conditions.keys)

    static func words(_ counts: ClosedRange<Int>) -> String {
        let most = counts.upperBound
        let text = most.counted("operand")
        return counts.count == 1 ? text : "\(counts.lowerBound) to \(text)"
    }
}
