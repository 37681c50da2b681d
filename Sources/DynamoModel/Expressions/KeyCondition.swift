/// What a Query asks of one attribute of a key.
package struct KeyCondition: Hashable, Sendable {
    package enum Test: Hashable, Sendable {
        /// By any comparator but `<>`.
        case comparison(Comparator, AttributeValue)
        case between(AttributeValue, AttributeValue)
        case beginsWith(AttributeValue)
    }

    package let attribute: [UInt8]
    package let test: Test

    /// The constants that it compares with.
    package var values: [AttributeValue] {
        switch test {
        case .comparison(_, let value), .beginsWith(let value): [value]
        case .between(let lower, let upper): [lower, upper]
        }
    }
}

extension Condition {
    /// The condition as one that a Query finds items by: tests of single attributes, joined by AND
    /// (guide, "Key condition expressions"). They stand in the order in which they are written.
    ///
    /// - Throws: the service's whole sentence, without the words that name the parameter.
    package func keyConditions() throws(ExpressionError) -> [KeyCondition] {
        var conditions: [KeyCondition] = []
        for simple in conjuncts {
            let condition = try simple.keyCondition()
            guard !conditions.contains(where: { $0.attribute == condition.attribute }) else {
                throw ExpressionError(
                    "Invalid KeyConditionExpression: KeyConditionExpressions must only contain "
                        + "one condition per key")
            }
            conditions.append(condition)
        }
        return conditions
    }

    private var conjuncts: [Condition] {
        if case .and(let left, let right) = self { return left.conjuncts + right.conjuncts }
        return [self]
    }

    private func keyCondition() throws(ExpressionError) -> KeyCondition {
        switch self {
        case .comparison(.unequal, _, _): throw Self.invalidOperator("<>")
        case .comparison(let comparator, let left, let right):
            return try Self.comparison(comparator, left, right)
        case .between(let operand, let lower, let upper):
            let path = try Self.key(operand, of: "BETWEEN")
            let values = try [Self.value(lower), Self.value(upper)]
            return KeyCondition(attribute: path, test: .between(values[0], values[1]))
        case .beginsWith(let operand, let prefix):
            let path = try Self.key(operand, of: "begins_with")
            return KeyCondition(attribute: path, test: .beginsWith(try Self.value(prefix)))
        case .in: throw Self.invalidOperator("IN")
        case .exists: throw Self.invalidOperator("attribute_exists")
        case .hasType: throw Self.invalidOperator("attribute_type")
        case .contains: throw Self.invalidOperator("contains")
        // Once bound, `NOT attribute_exists(a)` is the same as the function.
        case .not(.exists): throw Self.invalidOperator("attribute_not_exists")
        case .not: throw Self.invalidOperator("NOT")
        case .or: throw Self.invalidOperator("OR")
        case .and: preconditionFailure("a conjunct is no conjunction")
        }
    }

    private static func comparison(
        _ comparator: Comparator, _ left: ConditionOperand, _ right: ConditionOperand
    ) throws(ExpressionError) -> KeyCondition {
        switch (left, right) {
        case (.path, .path):
            throw invalidCondition("Multiple attribute names used in one condition")
        case (.path(let path), _):
            return KeyCondition(
                attribute: try attribute(path), test: .comparison(comparator, try value(right)))
        case (_, .path(let path)):
            return KeyCondition(
                attribute: try attribute(path),
                test: .comparison(comparator.reversed, try value(left)))
        default:
            _ = try value(left)
            _ = try value(right)
            throw invalidCondition("No key attribute specified")
        }
    }

    private static func key(
        _ operand: ConditionOperand, of name: String
    ) throws(ExpressionError) -> [UInt8] {
        guard case .path(let path) = operand else {
            _ = try value(operand)
            throw invalidCondition(
                "\(name) operator must have the key attribute as its first operand")
        }
        return try attribute(path)
    }

    private static func attribute(_ path: DocumentPath) throws(ExpressionError) -> [UInt8] {
        guard path.steps.isEmpty else {
            throw ExpressionError(
                "KeyConditionExpressions cannot have conditions on nested attributes")
        }
        return path.attribute
    }

    private static func value(
        _ operand: ConditionOperand
    ) throws(ExpressionError) -> AttributeValue {
        switch operand {
        case .value(let value): return value
        case .size, .computed: throw nestedOperation
        case .path: throw invalidCondition("Multiple attribute names used in one condition")
        }
    }

    private static let nestedOperation = ExpressionError(
        "KeyConditionExpressions cannot contain nested operations")

    private static func invalidOperator(_ name: String) -> ExpressionError {
        ExpressionError("Invalid operator used in KeyConditionExpression: \(name)")
    }

    private static func invalidCondition(_ words: String) -> ExpressionError {
        ExpressionError("Invalid condition in KeyConditionExpression: \(words)")
    }
}

extension Comparator {
    /// The one that says the same with its operands exchanged.
    fileprivate var reversed: Comparator {
        switch self {
        case .equal, .unequal: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }
}
