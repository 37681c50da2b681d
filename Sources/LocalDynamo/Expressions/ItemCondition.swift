import DynamoModel

/// A condition or filter, ready for the items of a table as they are stored.
struct ItemCondition {
    private let condition: Condition
    /// The attributes that it looks at: no others are decoded.
    private let attributes: Set<[UInt8]>

    init(_ condition: Condition) {
        self.condition = condition
        attributes = Set(condition.paths.map(\.attribute))
    }

    /// - Parameter record: the stored item; nil when there is none, which has no attributes.
    func holds(for record: Record?) -> Bool {
        guard let record else { return condition.holds(for: [:]) }
        do {
            return condition.holds(for: try Item(record.json, only: attributes))
        } catch {
            preconditionFailure("a stored item can't be read: \(error)")
        }
    }

    /// The attributes of the table's key are scalars: no path leads into them.
    func check(against layout: TableLayout) throws(ServiceError) {
        let keys = [layout.schema.partition.name] + (layout.schema.sort.map { [$0.name] } ?? [])
        for name in keys {
            let bytes = Array(name.utf8)
            let isEntered = condition.paths.contains { $0.attribute == bytes && !$0.steps.isEmpty }
            guard !isEntered else {
                throw .validation(
                    "Key attributes must be scalars; list random access '[]' and map lookup '.' "
                        + "are not allowed: Key: \(name)")
            }
        }
    }
}
