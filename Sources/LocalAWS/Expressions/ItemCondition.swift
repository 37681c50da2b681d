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
        return holds(for: record.json)
    }

    /// - Parameter item: in JSON, as it is stored.
    func holds(for item: UnsafeRawBufferPointer) -> Bool {
        do {
            return condition.holds(for: try Item(item, only: attributes))
        } catch {
            preconditionFailure("a stored item can't be read: \(error)")
        }
    }

    func check(against layout: TableLayout) throws(ServiceError) {
        try layout.checkKeysAreScalars(in: condition.paths)
    }

    /// A Query's filter does not look at what the key condition is for.
    func checkLeavesKey(of target: ReadTarget) throws(ServiceError) {
        for position in target.partitionKeys + target.sortKeys
        where attributes.contains(target.layout.watched[position].name) {
            throw .validation(
                "Filter Expression can only contain non-primary key attributes: Primary key "
                    + "attribute: \(target.name(position))")
        }
    }
}

extension TableLayout {
    /// The attributes of the table's key are scalars: no path may lead into them.
    func checkKeysAreScalars(in paths: [DocumentPath]) throws(ServiceError) {
        for name in [schema.partition.name] + (schema.sort.map { [$0.name] } ?? []) {
            let bytes = Array(name.utf8)
            guard !paths.contains(where: { $0.attribute == bytes && !$0.steps.isEmpty }) else {
                throw .validation(
                    "Key attributes must be scalars; list random access '[]' and map lookup '.' "
                        + "are not allowed: Key: \(name)")
            }
        }
    }
}
