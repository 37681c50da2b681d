import DynamoModel

/// What a Query or Scan reads, a table or one of its indexes, in terms of the table's layout.
struct ReadTarget {
    let layout: TableLayout
    /// Where the index stands in the layout; nil for the table itself.
    let position: Int?
    /// Positions in `watched` of the key's attributes.
    let partitionKeys: [Int]
    let sortKeys: [Int]

    /// The table itself.
    init(_ layout: TableLayout) {
        self.layout = layout
        position = nil
        partitionKeys = [0]
        sortKeys = layout.keyCount == 1 ? [] : [1]
    }

    /// An index; nil when the table has none of this name.
    init?(_ layout: TableLayout, index name: String) {
        guard let position = layout.indexes.firstIndex(where: { $0.name == name }) else {
            return nil
        }
        self.layout = layout
        self.position = position
        partitionKeys = layout.indexes[position].partitionKeys
        sortKeys = layout.indexes[position].sortKeys
    }

    var index: TableLayout.Index? { position.map { layout.indexes[$0] } }

    var isGlobal: Bool { index?.isGlobal ?? false }

    /// Whether all attributes of the items are there.
    var isWhole: Bool { index?.projected == nil }

    /// Positions in `watched` of all that says where a read goes on: the table's key, and what the
    /// index's has besides.
    var cursorKeys: [Int] {
        let tableKeys = Array(0..<layout.keyCount)
        return tableKeys + (partitionKeys + sortKeys).filter { $0 >= layout.keyCount }
    }

    func name(_ position: Int) -> String {
        String(decoding: layout.watched[position].name, as: UTF8.self)
    }

    /// What an index that does not project everything holds of an item; nil when all is there.
    var projection: ItemProjection? {
        guard let projected = index?.projected else { return nil }
        return ItemProjection(
            Projection(projected.map { DocumentPath(attribute: layout.watched[$0].name) }))
    }

    /// Those of the attributes that paths begin with that are not there.
    func missing(of paths: [DocumentPath]) -> [String] {
        guard let projected = index?.projected else { return [] }
        let present = Set(projected.map { layout.watched[$0].name })
        var missing: [String] = []
        for path in paths where !present.contains(path.attribute) {
            let name = String(decoding: path.attribute, as: UTF8.self)
            if !missing.contains(name) { missing.append(name) }
        }
        return missing
    }

    /// The spelling of a sort key's values: in an index more follows behind each.
    var spelling: KeySpelling { KeySpelling(isTerminated: position != nil) }
}
