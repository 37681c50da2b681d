/// A value that is computed of an item: the right side of `--set`, and what a condition compares.
///
/// Where an operand is absent so is the value, and of NULL it is NULL: neither is a failure. No
/// type becomes another by itself.
package indirect enum ValueExpression: Hashable, Sendable {
    case path(DocumentPath)
    case value(AttributeValue)
    /// `now()`, in seconds since 1970. No constant: whether an expression can be read must not
    /// depend on when that is.
    case now(Int)
    case operation(ValueOperator, ValueExpression, ValueExpression)
    case call(ValueFunction, [ValueExpression])
    /// The code of a value under a key, of so many characters.
    case hash(ValueExpression, SecretKey, length: Int)
    /// `if(condition, value, value)`
    case choice(Condition, ValueExpression, ValueExpression)
    /// The first operand that is there and not NULL.
    case firstPresent([ValueExpression])
    /// What lies in a value that was computed.
    case part(ValueExpression, [DocumentPath.Step])

    /// - Returns: nil where it has none.
    /// - Throws: ``ValueFailure`` when operands are of the wrong type, or the result is no value of
    ///   DynamoDB's.
    package func value(in item: Item) throws(ValueFailure) -> AttributeValue? {
        switch self {
        case .path(let path): return path.value(in: item)
        case .value(let value): return value
        case .now(let seconds): return .number(DynamoNumber(seconds))
        case .operation(let sign, let left, let right):
            guard let operands = try Self.values([left, right], in: item) else { return nil }
            if operands.contains(.null) { return .null }
            return try sign.value(operands[0], operands[1])
        case .call(let function, let arguments):
            guard let operands = try Self.values(arguments, in: item) else { return nil }
            if operands.contains(.null) { return .null }
            return try function.value(operands)
        case .hash(let inner, let key, let length):
            let value = try inner.value(in: item)
            guard let value, value != .null else { return value }
            return .string(try key.code(of: value, length: length))
        case .choice(let condition, let first, let second):
            return try (condition.holds(for: item) ? first : second).value(in: item)
        case .firstPresent(let candidates):
            var last: AttributeValue?
            for candidate in candidates {
                guard let value = try candidate.value(in: item) else { continue }
                if value != .null { return value }
                last = value
            }
            return last
        case .part(let whole, let steps):
            guard let value = try whole.value(in: item) else { return nil }
            return value.part(steps[...])
        }
    }

    /// Nil when one of them is absent.
    private static func values(
        _ expressions: [ValueExpression], in item: Item
    ) throws(ValueFailure) -> [AttributeValue]? {
        var values: [AttributeValue] = []
        for expression in expressions {
            guard let value = try expression.value(in: item) else { return nil }
            values.append(value)
        }
        return values
    }

    /// The paths that it looks at.
    package var paths: [DocumentPath] {
        switch self {
        case .path(let path): [path]
        case .value, .now: []
        case .operation(_, let left, let right): left.paths + right.paths
        case .call(_, let arguments), .firstPresent(let arguments): arguments.flatMap(\.paths)
        case .hash(let inner, _, _), .part(let inner, _): inner.paths
        case .choice(let condition, let first, let second):
            condition.paths + first.paths + second.paths
        }
    }

    /// Whether it is the same for all items, and at any time.
    var isConstant: Bool {
        switch self {
        case .path, .now, .choice: false
        case .value: true
        case .operation(_, let left, let right): left.isConstant && right.isConstant
        case .call(_, let arguments), .firstPresent(let arguments):
            arguments.allSatisfy(\.isConstant)
        case .hash(let inner, _, _), .part(let inner, _): inner.isConstant
        }
    }

    /// Whether it hides what it is computed of.
    package var hidesValues: Bool {
        switch self {
        case .hash, .call(.mask, _): true
        case .path, .value, .now: false
        case .operation(_, let left, let right), .choice(_, let left, let right):
            left.hidesValues || right.hidesValues
        case .call(_, let arguments), .firstPresent(let arguments):
            arguments.contains(where: \.hidesValues)
        case .part(let inner, _): inner.hidesValues
        }
    }
}

/// What stands between two values.
package enum ValueOperator: String, Sendable {
    case plus = "+"
    case minus = "-"
    case times = "*"
    case over = "/"
    case concatenation = "||"

    /// The higher, the tighter it binds.
    var precedence: Int {
        switch self {
        case .concatenation: 1
        case .plus, .minus: 2
        case .times, .over: 3
        }
    }

    func value(
        _ left: AttributeValue, _ right: AttributeValue
    ) throws(ValueFailure) -> AttributeValue {
        guard self != .concatenation else { return try Self.joined(left, right) }
        guard case .number(let first) = left, case .number(let second) = right else {
            let wrong = if case .number = left { right } else { left }
            throw .type(wrong, of: rawValue, wants: "numbers")
        }
        do throws(DynamoNumber.Refusal) {
            switch self {
            case .plus: return .number(try first.adding(second))
            case .minus: return .number(try first.adding(second.negated))
            case .times: return .number(try first.multiplied(by: second))
            case .over, .concatenation:
                guard second != DynamoNumber(0) else { throw .notANumber }
                return .number(try first.divided(by: second))
            }
        } catch {
            if error == .notANumber { throw ValueFailure("it divides by zero") }
            throw .number(error, of: rawValue)
        }
    }

    private static func joined(
        _ left: AttributeValue, _ right: AttributeValue
    ) throws(ValueFailure) -> AttributeValue {
        switch (left, right) {
        case (.string(let first), .string(let second)):
            try ValueFailure.checkSize(first.count + second.count, of: "||")
            return .string(first + second)
        case (.binary(let first), .binary(let second)):
            try ValueFailure.checkSize(first.count + second.count, of: "||")
            return .binary(first + second)
        case (.list(let first), .list(let second)):
            try ValueFailure.checkSize(
                ItemSize.of(left) + ItemSize.of(right), of: "||")
            return .list(first + second)
        case (.string, _), (.binary, _), (.list, _):
            throw .type(right, of: "||", wants: "\(left.typeInWords) on both sides")
        default: throw .type(left, of: "||", wants: "texts, binaries or lists")
        }
    }
}

extension AttributeValue {
    fileprivate func part(_ steps: ArraySlice<DocumentPath.Step>) -> AttributeValue? {
        guard let step = steps.first else { return self }
        switch (step, self) {
        case (.name(let name), .map(let members)):
            return members[name]?.part(steps.dropFirst())
        case (.index(let index), .list(let elements)) where index < elements.count:
            return elements[index].part(steps.dropFirst())
        default: return nil
        }
    }
}
