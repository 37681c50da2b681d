/// The grammar of conditions and filters (guide, "Condition and filter expressions, operators, and
/// functions"): NOT binds tighter than AND, AND tighter than OR.
extension ExpressionParser {
    /// Reads the whole text as a condition.
    mutating func condition() throws(ExpressionError) -> ExpressionSyntax {
        let condition = try disjunction(inGroup: false)
        try expectEnd()
        return condition
    }

    /// - Parameter inGroup: whether it stands in parentheses, where a lone operand may stand too.
    mutating func disjunction(
        inGroup: Bool
    ) throws(ExpressionError) -> ExpressionSyntax {
        var left = try conjunction(inGroup: inGroup)
        while take(.or) {
            try countOperator()
            left = .or(left, try conjunction(inGroup: false))
        }
        return left
    }

    private mutating func conjunction(
        inGroup: Bool
    ) throws(ExpressionError) -> ExpressionSyntax {
        var left = try negation(inGroup: inGroup)
        while take(.and) {
            try countOperator()
            left = .and(left, try negation(inGroup: false))
        }
        return left
    }

    private mutating func negation(inGroup: Bool) throws(ExpressionError) -> ExpressionSyntax {
        guard take(.not) else { return try primary(inGroup: inGroup) }
        try countOperator()
        return .not(
            try nested { (parser) throws(ExpressionError) in try parser.negation(inGroup: false) })
    }

    /// A comparison, a call, or anything in parentheses.
    private mutating func primary(inGroup: Bool) throws(ExpressionError) -> ExpressionSyntax {
        let left: ExpressionSyntax
        let start = offset
        if take("(") {
            let inner = try nested { (parser) throws(ExpressionError) in
                try parser.disjunction(inGroup: true)
            }
            let group = try closeGroup(inner)
            left = form == .literal && group.isOperand ? try operation(after: group) : group
        } else {
            left = try operand()
        }
        let whole = left.isOperand ? try comparison(of: left) : left
        let isClosed = inGroup && kind == .sign && word == ")"
        guard whole.isCondition || isClosed else { throw noCondition }
        if form == .literal, !isClosed { try check(whole, at: start) }
        return whole
    }

    private var noCondition: ExpressionError {
        guard form == .literal, kind == .end || keyword != nil || word == ")" else {
            return syntaxError
        }
        return ExpressionError("a comparison is missing here, such as = 1", at: offset)
    }

    /// Errors in a part point at its beginning.
    private func check(_ part: ExpressionSyntax, at start: Int) throws(ExpressionError) {
        do throws(ExpressionError) {
            _ = try ConditionBinder.bind(part, context)
        } catch {
            throw ExpressionError(error.description, at: error.offset ?? start)
        }
    }

    /// What is said of an operand; the operand itself when nothing is.
    private mutating func comparison(
        of left: ExpressionSyntax
    ) throws(ExpressionError) -> ExpressionSyntax {
        if kind == .sign, let comparator = Comparator(rawValue: word) {
            _ = takeWord()
            try countOperator()
            return .comparison(comparator, left, try operand())
        }
        if take(.between) {
            try countOperator()
            let lower = try operand()
            try expect(.and)
            return .between(left, lower, try operand())
        }
        if take(.isIn) {
            try countOperator()
            return .in(left, try arguments())
        }
        return left
    }
}
