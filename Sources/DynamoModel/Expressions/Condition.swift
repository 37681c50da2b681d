/// What is compared in a condition.
package indirect enum ConditionOperand: Hashable, Sendable {
    case path(DocumentPath)
    case value(AttributeValue)
    case size(ConditionOperand)
    case computed(ValueExpression)

    /// Its value for an item; nil when the item has none there.
    package func value(in item: Item) -> AttributeValue? {
        switch self {
        case .path(let path): path.value(in: item)
        case .value(let value): value
        case .size(let inner): inner.value(in: item)?.length.map { .number(DynamoNumber($0)) }
        // What can't be computed is like what is not there.
        case .computed(let value): (try? value.value(in: item)) ?? nil
        }
    }

    /// The name of the type that is known before there is an item; nil for a path.
    var knownType: String? {
        switch self {
        case .path, .computed: nil
        case .value(let value): value.typeName
        case .size: "N"
        }
    }

    var paths: [DocumentPath] {
        switch self {
        case .path(let path): [path]
        case .value: []
        case .size(let inner): inner.paths
        case .computed(let value): value.paths
        }
    }
}

/// A condition or filter, checked and with its aliases resolved: true or false of any item.
///
/// What an item lacks is equal to nothing and unequal to everything, itself included; any other
/// comparison with it is false, as is one of two types (observed of the service by Alternator's
/// authors).
package indirect enum Condition: Hashable, Sendable {
    case comparison(Comparator, ConditionOperand, ConditionOperand)
    case between(ConditionOperand, lower: ConditionOperand, upper: ConditionOperand)
    case `in`(ConditionOperand, [ConditionOperand])
    case exists(DocumentPath)
    case hasType(ConditionOperand, String)
    case beginsWith(ConditionOperand, ConditionOperand)
    case contains(ConditionOperand, ConditionOperand)
    case not(Condition)
    case and(Condition, Condition)
    case or(Condition, Condition)

    package func holds(for item: Item) -> Bool {
        switch self {
        case .comparison(let comparator, let left, let right):
            Self.compare(left.value(in: item), comparator, right.value(in: item))
        case .between(let operand, let lower, let upper):
            Self.compare(lower.value(in: item), .lessOrEqual, operand.value(in: item))
                && Self.compare(operand.value(in: item), .lessOrEqual, upper.value(in: item))
        case .in(let operand, let candidates):
            candidates.contains {
                Self.compare(operand.value(in: item), .equal, $0.value(in: item))
            }
        case .exists(let path): path.value(in: item) != nil
        case .hasType(let operand, let type): operand.value(in: item)?.typeName == type
        case .beginsWith(let operand, let prefix):
            Self.test(operand.value(in: item), prefix.value(in: item)) { $0.begins(with: $1) }
        case .contains(let operand, let part):
            Self.test(operand.value(in: item), part.value(in: item)) { $0.contains($1) }
        case .not(let inner): !inner.holds(for: item)
        case .and(let left, let right): left.holds(for: item) && right.holds(for: item)
        case .or(let left, let right): left.holds(for: item) || right.holds(for: item)
        }
    }

    private static func compare(
        _ left: AttributeValue?, _ comparator: Comparator, _ right: AttributeValue?
    ) -> Bool {
        guard let left, let right else { return comparator == .unequal }
        return switch comparator {
        case .equal: left == right
        case .unequal: left != right
        case .less: left.precedes(right) ?? false
        case .lessOrEqual: right.precedes(left).map { !$0 } ?? false
        case .greater: right.precedes(left) ?? false
        case .greaterOrEqual: left.precedes(right).map { !$0 } ?? false
        }
    }

    private static func test(
        _ left: AttributeValue?, _ right: AttributeValue?,
        _ relation: (AttributeValue, AttributeValue) -> Bool
    ) -> Bool {
        guard let left, let right else { return false }
        return relation(left, right)
    }

    /// The paths that it looks at.
    package var paths: [DocumentPath] {
        switch self {
        case .comparison(_, let left, let right), .beginsWith(let left, let right),
            .contains(let left, let right):
            left.paths + right.paths
        case .between(let operand, let lower, let upper):
            operand.paths + lower.paths + upper.paths
        case .in(let operand, let candidates):
            candidates.reduce(operand.paths) { $0 + $1.paths }
        case .exists(let path): [path]
        case .hasType(let operand, _): operand.paths
        case .not(let inner): inner.paths
        case .and(let left, let right), .or(let left, let right): left.paths + right.paths
        }
    }
}
