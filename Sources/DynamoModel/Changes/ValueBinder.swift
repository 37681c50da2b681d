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
/// computed here, so that what never works is refused before anything is read.
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
        case .value, .comparison, .between, .in, .not, .and, .or:
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

    /// Its value, where that is a constant. What no item could make work is refused.
    private static func folded(
        _ expression: ValueExpression
    ) throws(ExpressionError) -> ValueExpression {
        guard expression.isConstant else {
            if let failure = expression.failsAlways { throw ExpressionError("\(failure)") }
            return expression
        }
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

extension ValueExpression {
    /// Why it fails for every item, as far as its constants tell: `mask(name, -1)`, `n + 'x'`.
    fileprivate var failsAlways: ValueFailure? {
        switch self {
        case .operation(let sign, let left, let right):
            for case .value(let constant) in [left, right] where constant != .null {
                // Beside itself: whatever else there may be, its type does not fit.
                do throws(ValueFailure) {
                    _ = try sign.value(constant.ofItsKind, constant.ofItsKind)
                } catch {
                    return error
                }
            }
            return nil
        case .call(.bucket, let operands):
            guard case .value(let width) = operands[1] else { return nil }
            return Self.failure([.value(width.asNumerator), .value(width)], .bucket)
        case .call(let function, let operands): return Self.failure(operands, function)
        default: return nil
        }
    }

    /// One value of each kind that an operand may have; the message is about the first.
    private static let samples: [AttributeValue] = [
        .string(Array("1".utf8)), .number(DynamoNumber(1)), .binary([1]), .bool(true),
        .list([.null]), .map([:]), .stringSet([[1]]),
    ]

    private static func failure(
        _ operands: [ValueExpression], _ function: ValueFunction
    ) -> ValueFailure? {
        // A null is null whatever else there is.
        if operands.contains(.value(.null)) { return nil }
        var choices: [[AttributeValue]] = [[]]
        for operand in operands {
            let values: [AttributeValue] =
                if case .value(let constant) = operand { [constant] } else { samples }
            choices = choices.flatMap { before in values.map { before + [$0] } }
        }
        var first: ValueFailure?
        for choice in choices {
            do throws(ValueFailure) {
                _ = try function.value(choice)
                return nil
            } catch {
                first = first ?? error
            }
        }
        return first
    }
}

extension AttributeValue {
    /// One of the same type that nothing is wrong with.
    fileprivate var ofItsKind: AttributeValue {
        switch self {
        case .number: .number(DynamoNumber(1))
        case .string: .string([])
        case .binary: .binary([])
        case .list: .list([])
        default: self
        }
    }

    /// What can be put into a bucket of this width, if anything can.
    fileprivate var asNumerator: AttributeValue {
        if case .number = self { self } else { .number(DynamoNumber(1)) }
    }
}
