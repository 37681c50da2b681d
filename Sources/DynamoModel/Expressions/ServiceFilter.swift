import JSON

/// What the service can judge of a condition itself, as a request has it. It never leaves out an
/// item that satisfies the condition; one that does not may pass.
///
/// An `=` on the partition key makes a Query of a Scan. With a key condition no key attribute may
/// stand in the filter (guide, "Filter expressions for the Query operation").
package struct ServiceFilter: Equatable, Sendable {
    /// Of a Query; nil: it is a Scan.
    package private(set) var keyCondition: String?
    package private(set) var filter: String?
    /// The service judges all of the condition: what passes satisfies it.
    package private(set) var isWhole: Bool
    private var aliases = Aliases()
    /// Those of the key condition alone.
    private var keyAliases = Aliases()
    /// Which partition key a Query is of.
    private var partition: Condition?

    /// Limits of one request (guide, "Quotas": expression parameters).
    private static let bytesMax = 4_096
    private static let operatorsMax = 300

    /// Nil: the service can judge nothing of it.
    package init?(_ condition: Condition, keys: KeySchema) {
        var parts = condition.conjuncts
        var writer = Writer()
        let count = parts.count
        var judgedCount = 0
        if let query = QueryParts(parts, keys: keys) {
            keyCondition = writer.text(of: query.parts)
            keyAliases = writer.aliases
            partition = query.parts.first
            judgedCount = query.parts.count
            let names = keys.names
            parts.removeAll { part in part.paths.contains { names.contains($0.attribute) } }
        }
        let judged = parts.filter(\.isKnownToService)
        // All that fits: a part that is left out is judged here alone.
        var chosen: [Condition] = []
        for part in judged {
            var attempt = writer
            let text = attempt.text(of: chosen + [part])
            guard text.utf8.count <= Self.bytesMax, attempt.operators <= Self.operatorsMax else {
                continue
            }
            chosen.append(part)
        }
        if !chosen.isEmpty { filter = writer.text(of: chosen) }
        isWhole = judgedCount + chosen.count == count
        guard keyCondition != nil || filter != nil else { return nil }
        aliases = writer.aliases
    }

    package var isQuery: Bool { keyCondition != nil }

    /// Whether reading can go on behind a key: a Query's lie in its partition.
    /// - Parameter key: as JSON.
    package func goesOn(behind key: [UInt8]) -> Bool {
        guard let partition else { return true }
        guard let item = try? Item(JSON(parsing: key)) else { return false }
        return partition.holds(for: item)
    }

    /// The same without the filter.
    package var unfiltered: ServiceFilter {
        var other = self
        (other.filter, other.aliases) = (nil, keyAliases)
        other.isWhole = false
        return other
    }

    /// What of a request it makes.
    package var members: [JSON.Member] {
        var members: [JSON.Member] = []
        if let keyCondition {
            members.append(JSON.Member("KeyConditionExpression", .string(keyCondition)))
        }
        if let filter { members.append(JSON.Member("FilterExpression", .string(filter))) }
        if !aliases.names.isEmpty {
            let names = aliases.names.enumerated().map { number, name in
                JSON.Member("#n\(number)", .string(String(decoding: name, as: UTF8.self)))
            }
            members.append(JSON.Member("ExpressionAttributeNames", .object(names)))
        }
        if !aliases.values.isEmpty {
            members.append(
                JSON.Member(
                    "ExpressionAttributeValues",
                    .object(
                        aliases.values.enumerated().map { number, value in
                            JSON.Member(":v\(number)", value.json)
                        })))
        }
        return members
    }
}

/// Names and values that stand for others in one request, each once.
private struct Aliases: Equatable, Sendable {
    var names: [[UInt8]] = []
    var values: [AttributeValue] = []

    mutating func alias(of name: [UInt8]) -> String {
        if let number = names.firstIndex(of: name) { return "#n\(number)" }
        names.append(name)
        return "#n\(names.count - 1)"
    }

    mutating func alias(of value: AttributeValue) -> String {
        if let number = values.firstIndex(of: value) { return ":v\(number)" }
        values.append(value)
        return ":v\(values.count - 1)"
    }
}

/// The parts of a condition that say which items of one partition key are wanted.
private struct QueryParts {
    /// One of the partition key, and one of the sort key where there is one.
    let parts: [Condition]

    init?(_ conjuncts: [Condition], keys: KeySchema) {
        let names = keys.names
        guard
            let partition = conjuncts.first(where: {
                $0.equals(names[0], type: keys.partition.type)
            })
        else { return nil }
        guard let sort = keys.sort else {
            parts = [partition]
            return
        }
        parts =
            [partition]
            + conjuncts.filter { $0.bounds(names[1], type: sort.type) }.prefix(1)
    }
}

extension Condition {
    /// Conditions all of which hold where this one does.
    fileprivate var conjuncts: [Condition] {
        if case .and(let left, let right) = self { return left.conjuncts + right.conjuncts }
        return [self]
    }

    fileprivate func equals(_ name: [UInt8], type: ScalarType) -> Bool {
        guard case .comparison(.equal, .path(let path), .value(let value)) = self else {
            return false
        }
        return path.isAttribute(name) && value.isKey(of: type)
    }

    fileprivate func bounds(_ name: [UInt8], type: ScalarType) -> Bool {
        switch self {
        case .comparison(let comparator, .path(let path), .value(let value)):
            comparator != .unequal && path.isAttribute(name) && value.isKey(of: type)
        case .between(.path(let path), .value(let lower), .value(let upper)):
            path.isAttribute(name) && lower.isKey(of: type) && upper.isKey(of: type)
        case .beginsWith(.path(let path), .value(let value)):
            type != .number && path.isAttribute(name) && value.isKey(of: type)
        default: false
        }
    }

    /// Whether the service can judge all of it, as it is judged here.
    fileprivate var isKnownToService: Bool {
        switch self {
        case .comparison(_, let left, let right), .beginsWith(let left, let right),
            .contains(let left, let right):
            [left, right].areKnownToService
        case .between(let operand, let lower, let upper):
            [operand, lower, upper].areKnownToService
        case .in(let operand, let candidates):
            candidates.count <= Self.candidatesMax && ([operand] + candidates).areKnownToService
        case .exists(let path): path.isKnownToService
        case .hasType(let operand, _): [operand].areKnownToService
        case .not(let inner): inner.isKnownToService
        case .and(let left, let right), .or(let left, let right):
            left.isKnownToService && right.isKnownToService
        }
    }

    /// Values in one IN (guide, "Condition and filter expressions").
    private static let candidatesMax = 100
}

extension DocumentPath {
    fileprivate func isAttribute(_ name: [UInt8]) -> Bool { attribute == name && steps.isEmpty }

    fileprivate var isKnownToService: Bool {
        let names =
            [attribute] + steps.compactMap { if case .name(let name) = $0 { name } else { nil } }
        return steps.count < ServiceLimits.nestingMax
            && names.allSatisfy {
                !$0.isEmpty && $0.count <= ServiceLimits.attributeNameBytesMax
            }
    }
}

extension AttributeValue {
    fileprivate func isKey(of type: ScalarType) -> Bool {
        switch self {
        case .string(let bytes), .binary(let bytes):
            typeName == type.rawValue && !bytes.isEmpty
        case .number: type == .number
        default: false
        }
    }
}

extension [ConditionOperand] {
    fileprivate var areKnownToService: Bool {
        // What names nothing is the same for all items, which the service does not take.
        contains { !$0.paths.isEmpty } && allSatisfy(\.isKnownToService)
    }
}

extension ConditionOperand {
    fileprivate var isKnownToService: Bool {
        switch self {
        case .path(let path): path.isKnownToService
        case .value: true
        case .size(.path(let path)): path.isKnownToService
        case .size, .computed: false
        }
    }
}

/// Writes conditions with aliases for all names and values.
private struct Writer {
    var aliases = Aliases()
    var operators = 0

    mutating func text(of parts: [Condition]) -> String {
        operators += parts.count - 1
        var texts: [String] = []
        for part in parts { texts.append(text(part)) }
        return texts.joined(separator: " AND ")
    }

    private mutating func text(_ condition: Condition) -> String {
        operators += 1
        switch condition {
        case .comparison(let comparator, let left, let right):
            return "\(text(left)) \(comparator.rawValue) \(text(right))"
        case .between(let operand, let lower, let upper):
            return "\(text(operand)) BETWEEN \(text(lower)) AND \(text(upper))"
        case .in(let operand, let candidates):
            var texts: [String] = []
            for candidate in candidates { texts.append(text(candidate)) }
            return "\(text(operand)) IN (\(texts.joined(separator: ", ")))"
        case .exists(let path): return "attribute_exists(\(text(path)))"
        case .hasType(let operand, let type):
            return "attribute_type(\(text(operand)), \(aliases.alias(of: .string(type))))"
        case .beginsWith(let operand, let prefix):
            return "begins_with(\(text(operand)), \(text(prefix)))"
        case .contains(let operand, let part):
            return "contains(\(text(operand)), \(text(part)))"
        case .not(let inner): return "(NOT \(text(inner)))"
        case .and(let left, let right): return "(\(text(left)) AND \(text(right)))"
        case .or(let left, let right): return "(\(text(left)) OR \(text(right)))"
        }
    }

    private mutating func text(_ operand: ConditionOperand) -> String {
        switch operand {
        case .path(let path): return text(path)
        case .value(let value): return aliases.alias(of: value)
        case .size(let inner): return "size(\(text(inner)))"
        case .computed: preconditionFailure("the service can't compute values")
        }
    }

    private mutating func text(_ path: DocumentPath) -> String {
        var text = aliases.alias(of: path.attribute)
        for step in path.steps {
            switch step {
            case .name(let name): text += ".\(aliases.alias(of: name))"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }
}
