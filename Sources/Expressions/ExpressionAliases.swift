import DynamoModel

/// What stands for names and values in the expressions of one request
/// (`ExpressionAttributeNames`, `ExpressionAttributeValues`), and which of it has been used.
package struct ExpressionAliases: Sendable {
    /// By alias, `#` included.
    private let names: [String: [UInt8]]
    /// By alias, `:` included.
    private let values: [String: AttributeValue]
    /// Aliases that no expression has used yet.
    package private(set) var unusedNames: Set<String>
    package private(set) var unusedValues: Set<String>

    package init(names: [String: String] = [:], values: [String: AttributeValue] = [:]) {
        self.names = names.mapValues { Array($0.utf8) }
        self.values = values
        unusedNames = Set(names.keys)
        unusedValues = Set(values.keys)
    }

    mutating func name(_ alias: String) throws(ExpressionError) -> [UInt8] {
        guard let name = names[alias] else {
            throw ExpressionError(
                "An expression attribute name used in the document path is not defined; attribute "
                    + "name: \(alias)")
        }
        unusedNames.remove(alias)
        return name
    }

    mutating func value(_ alias: String) throws(ExpressionError) -> AttributeValue {
        guard let value = values[alias] else {
            throw ExpressionError(
                "An expression attribute value used in expression is not defined; attribute value: "
                    + alias)
        }
        unusedValues.remove(alias)
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
