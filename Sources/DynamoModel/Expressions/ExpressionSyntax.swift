/// The operators that compare two operands.
package enum Comparator: String, Equatable, Sendable {
    case equal = "="
    case unequal = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    /// Whether it takes only values that have an order: S, N and B.
    var isOrdering: Bool { self != .equal && self != .unequal }
}

/// How values and odd names stand in an expression.
enum ExpressionForm: Equatable {
    /// As aliases, `:value` and `#name`, as requests have them.
    case aliases
    /// In place, as PartiQL writes them: `'text'`, `1.5`, `"odd name"`. No word is reserved.
    case literal
}

/// A step of a document path as it is written: `name`, `#alias` or `[0]`.
enum PathSyntax: Equatable {
    case name(String)
    case alias(String)
    case index(Int)
}

/// A condition or operand as it is written: its grammar holds, but no alias has been resolved.
indirect enum ExpressionSyntax: Equatable {
    case path([PathSyntax])
    case value(String)
    case literal(AttributeValue)
    case call(String, [ExpressionSyntax])
    case comparison(Comparator, ExpressionSyntax, ExpressionSyntax)
    case between(ExpressionSyntax, ExpressionSyntax, ExpressionSyntax)
    case `in`(ExpressionSyntax, [ExpressionSyntax])
    case not(ExpressionSyntax)
    case and(ExpressionSyntax, ExpressionSyntax)
    case or(ExpressionSyntax, ExpressionSyntax)
    /// Parentheses.
    case group(ExpressionSyntax)
    // With literals in place:
    case operation(ValueOperator, ExpressionSyntax, ExpressionSyntax)
    /// A call of a function whose result is a value.
    case function(String, [ExpressionSyntax])
    /// `if(condition, value, value)`
    case choice(ExpressionSyntax, ExpressionSyntax, ExpressionSyntax)
    /// `call(...)[0].name`
    case part(ExpressionSyntax, [PathSyntax])

    /// Whether it can be compared. A call can, and it can be a condition as well.
    var isOperand: Bool {
        switch self {
        case .path, .value, .literal, .call, .operation, .function, .choice, .part: true
        case .group(let inner): inner.isOperand
        default: false
        }
    }

    /// Whether it can be true or false.
    var isCondition: Bool {
        switch self {
        case .path, .value, .literal, .operation, .function, .choice, .part: false
        case .group(let inner): inner.isCondition
        default: true
        }
    }

    /// The path within any parentheses; nil when it is something else.
    var path: [PathSyntax]? {
        switch self {
        case .path(let steps): steps
        case .group(let inner): inner.path
        default: nil
        }
    }
}
