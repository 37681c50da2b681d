/// What stands for names and values in the expressions of one request
/// (`ExpressionAttributeNames`, `ExpressionAttributeValues`), and which of it has been used.
package struct ExpressionAliases: Sendable {
    private struct Meaning<Value: Sendable>: Sendable {
        let value: Value
        var isUsed = false
    }

    /// By alias, `#` included.
    private var names: [String: Meaning<[UInt8]>] = [:]
    /// By alias, `:` included.
    private var values: [String: Meaning<AttributeValue>] = [:]

    package init() {}

    /// Says what a name stands for; what was said of it before is forgotten.
    package mutating func define(_ alias: String, name: [UInt8]) {
        names[alias] = Meaning(value: name)
    }

    /// Says what a value stands for; what was said of it before is forgotten.
    package mutating func define(_ alias: String, value: AttributeValue) {
        values[alias] = Meaning(value: value)
    }

    /// Aliases that no expression has used yet, in order.
    package var unusedNames: [String] { Self.unused(names) }
    package var unusedValues: [String] { Self.unused(values) }

    private static func unused<Value>(_ meanings: [String: Meaning<Value>]) -> [String] {
        var unused: [String] = []
        for (alias, meaning) in meanings where !meaning.isUsed { unused.append(alias) }
        return unused.sorted()
    }

    mutating func name(_ alias: String) throws(ExpressionError) -> [UInt8] {
        guard let name = names[alias]?.value else {
            throw ExpressionError(
                "An expression attribute name used in the document path is not defined; attribute "
                    + "name: \(alias)")
        }
        names[alias]?.isUsed = true
        return name
    }

    mutating func value(_ alias: String) throws(ExpressionError) -> AttributeValue {
        guard let value = values[alias]?.value else {
            throw ExpressionError(
                "An expression attribute value used in expression is not defined; attribute value: "
                    + alias)
        }
        values[alias]?.isUsed = true
        return value
    }

    /// The path that `steps` mean.
    mutating func path(_ steps: [PathSyntax]) throws(ExpressionError) -> DocumentPath {
        var resolved: [DocumentPath.Step] = []
        for step in steps {
            switch step {
            case .name(let name): resolved.append(.name(Array(name.utf8)))
            case .alias(let alias): resolved.append(.name(try name(alias)))
            case .index(let index): resolved.append(.index(index))
            }
        }
        guard case .name(let attribute)? = resolved.first else {
            preconditionFailure("a path begins with a name")
        }
        return DocumentPath(attribute: attribute, steps: Array(resolved.dropFirst()))
    }
}
