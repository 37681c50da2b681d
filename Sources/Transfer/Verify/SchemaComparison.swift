import DynamoModel

/// In what two tables' definitions differ: keys, the types of key attributes, and indexes. Billing
/// and units are settings, which may well differ between a table and its copy.
struct SchemaComparison {
    let differences: [String]

    init(_ source: TableDefinition, _ target: TableDefinition) {
        var found: [String] = []
        if source.schema != target.schema {
            found.append("the keys are \(Self.text(source)) and \(Self.text(target))")
        }
        let types = [source, target].map { definition in
            Dictionary(
                definition.attributes.map { ($0.name, $0.type.rawValue) },
                uniquingKeysWith: { first, _ in first })
        }
        for name in Set(types[0].keys).intersection(types[1].keys).sorted()
        where types[0][name] != types[1][name] {
            found.append("\(name) is of type \(types[0][name]!) and \(types[1][name]!)")
        }
        found += Self.compare(source.globalIndexes, target.globalIndexes, "global")
        found += Self.compare(source.localIndexes, target.localIndexes, "local")
        differences = found
    }

    private static func text(_ table: TableDefinition) -> String {
        table.schema.map(\.description) ?? "none"
    }

    private static func compare(
        _ source: [IndexDefinition], _ target: [IndexDefinition], _ kind: String
    ) -> [String] {
        let names = Set(source.map(\.name) + target.map(\.name)).sorted()
        return names.compactMap { name in
            guard let one = source.first(where: { $0.name == name }) else {
                return "the \(kind) index \(name) is in the target only"
            }
            guard let other = target.first(where: { $0.name == name }) else {
                return "the \(kind) index \(name) is in the source only"
            }
            if one.keys != other.keys { return "the \(kind) index \(name) has other keys" }
            if normalised(one.projection) != normalised(other.projection) {
                return "the \(kind) index \(name) projects other attributes"
            }
            return nil
        }
    }

    /// The attributes that are projected have no order.
    private static func normalised(
        _ projection: IndexDefinition.Projection
    ) -> IndexDefinition.Projection {
        if case .include(let names) = projection { .include(names.sorted()) } else { projection }
    }
}
