import DynamoModel

/// What stands for names and values in the expressions of one request
/// (`ExpressionAttributeNames`, `ExpressionAttributeValues`), and which of it has been used.
package struct ExpressionAliases: Sendable {
    /// By alias, `#` included.
    private let names: [String: [UInt8]]
    /// By alias, `:` included.
    private let values: [String: AttributeValue]
    private var namesLeft: Set<String>
    private var valuesLeft: Set<String>

    package init(names: [String: String] = [:], values: [String: AttributeValue] = [:]) {
        self.names = names.mapValues { Array($0.utf8) }
        self.values = values
        namesLeft = Set(names.keys)
        valuesLeft = Set(values.keys)
    }

    /// Of an alias that stands twice the last one counts.
    package init(
        names: [(alias: String, name: String)], values: [(alias: String, value: AttributeValue)]
    ) {
        self.init(
            names: Dictionary(names.map { ($0.alias, $0.name) }, uniquingKeysWith: { $1 }),
            values: Dictionary(values.map { ($0.alias, $0.value) }, uniquingKeysWith: { $1 }))
    }

    /// The first alias, in their order, that is not the sign and then letters, digits or
    /// underscores; nil when all are.
    package static func misspelt(in aliases: [String], sign: Character) -> String? {
        aliases.sorted().first { alias in
            let isLegal =
                alias.first == sign && alias.utf8.count > 1
                && alias.dropFirst().utf8.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
                    default: false
                    }
                }
            return !isLegal
        }
    }

    /// Aliases that no expression has used yet, in order.
    package var unusedNames: [String] { namesLeft.sorted() }
    package var unusedValues: [String] { valuesLeft.sorted() }

    mutating func name(_ alias: String) throws(ExpressionError) -> [UInt8] {
        guard let name = names[alias] else {
            throw ExpressionError(
                "An expression attribute name used in the document path is not defined; attribute "
                    + "name: \(alias)")
        }
        namesLeft.remove(alias)
        return name
    }

    mutating func value(_ alias: String) throws(ExpressionError) -> AttributeValue {
        guard let value = values[alias] else {
            throw ExpressionError(
                "An expression attribute value used in expression is not defined; attribute value: "
                    + alias)
        }
        valuesLeft.remove(alias)
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
