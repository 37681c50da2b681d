import System

/// What expressions are given beside the item.
package struct ValueContext: Sendable {
    /// What `now()` is, in seconds since 1970; nil: it can't be asked for.
    package var now: Int?
    /// What `hash` hashes with; nil: it can't be asked for.
    package var key: SecretKey?

    package init(now: Int? = nil, key: SecretKey? = nil) {
        self.now = now
        self.key = key
    }
}

/// Makes values of what is written where literals stand in place. What holds constants alone is
/// computed here, so that what never works is told before anything is read.
struct ValueBinder {
    private let context: ValueContext

    init(_ context: ValueContext) { self.context = context }

    func value(_ syntax: ExpressionSyntax) throws(ExpressionError) -> ValueExpression {
        switch syntax {
        case .path(let steps): return .path(try Self.path(steps))
        case .literal(let value): return .value(value)
        case .group(let inner): return try value(inner)
        case .operation(let sign, let left, let right):
            return try Self.folded(.operation(sign, try value(left), try value(right)))
        case .function(let name, let arguments): return try call(name, try values(arguments))
        case .choice(let condition, let first, let second):
            return .choice(
                try ConditionBinder.bind(condition, context), try value(first), try value(second))
        case .part(let whole, let steps):
            return .part(try value(whole), try Self.steps(steps))
        case .call(let name, _):
            throw ExpressionError("\(name) is a condition, and no value")
        case .value, .comparison, .between, .membership, .not, .both, .either:
            preconditionFailure("the parser takes no \(syntax) for a value")
        }
    }

    private func values(
        _ syntax: [ExpressionSyntax]
    ) throws(ExpressionError) -> [ValueExpression] {
        var values: [ValueExpression] = []
        for element in syntax { values.append(try value(element)) }
        return values
    }

    private func call(
        _ name: String, _ arguments: [ValueExpression]
    ) throws(ExpressionError) -> ValueExpression {
        switch name {
        case LiteralCall.firstPresent: return .firstPresent(arguments)
        case LiteralCall.now:
            guard let now = context.now else {
                throw ExpressionError("now() is not known here: give it with --now")
            }
            return .now(now)
        case LiteralCall.hash: return try hash(arguments)
        default:
            guard let function = ValueFunction(rawValue: name) else {
                preconditionFailure("the parser takes no function \(name)")
            }
            return try Self.folded(.call(function, arguments))
        }
    }

    private func hash(_ arguments: [ValueExpression]) throws(ExpressionError) -> ValueExpression {
        guard let key = context.key else {
            throw ExpressionError("hash needs a secret key: name its file with --secret-file")
        }
        var length = SecretKey.lengthUsual
        if arguments.count > 1 {
            guard case .value(.number(let number)) = arguments[1],
                let given = CheckedNumber.int(number.text, in: SecretKey.lengths)
            else {
                throw ExpressionError(
                    "the length of a hash is a number from \(SecretKey.lengths.lowerBound) to"
                        + " \(SecretKey.lengths.upperBound)")
            }
            length = given
        }
        return try Self.folded(.hash(arguments[0], key, length: length))
    }

    /// Its value, where that is a constant.
    private static func folded(
        _ expression: ValueExpression
    ) throws(ExpressionError) -> ValueExpression {
        guard expression.isConstant else { return expression }
        do throws(ValueFailure) {
            return try expression.value(in: [:]).map { .value($0) } ?? expression
        } catch {
            throw ExpressionError("\(error)")
        }
    }

    // MARK: Paths

    static func path(_ steps: [PathSyntax]) throws(ExpressionError) -> DocumentPath {
        var none = ExpressionAliases()
        return try none.path(steps)
    }

    private static func steps(_ steps: [PathSyntax]) throws(ExpressionError) -> [DocumentPath.Step]
    {
        try path([.name("")] + steps).steps
    }
}
