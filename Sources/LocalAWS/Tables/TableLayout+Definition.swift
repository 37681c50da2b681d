import DynamoModel

extension TableLayout {
    /// What matters of a table that is defined so.
    convenience init(_ definition: TableDefinition, schema: KeySchema, version: Int = 0) {
        var watched: [Watched] = []
        func position(of name: String) -> Int {
            let name = Array(name.utf8)
            if let known = watched.firstIndex(where: { $0.name == name }) { return known }
            watched.append(Watched(name: name))
            return watched.count - 1
        }
        let keys = [schema.partition] + (schema.sort.map { [$0] } ?? [])
        for (place, key) in keys.enumerated() {
            let index = position(of: key.name)
            watched[index].keyPosition = place
            watched[index].type = AttributeType(key.type)
        }
        var indexes: [Index] = []
        let all =
            definition.globalIndexes.map { ($0, true) }
            + definition.localIndexes.map { ($0, false) }
        for (index, isGlobal) in all {
            for key in index.keys {
                let place = position(of: key.attribute)
                let type = definition.attributes.first { $0.name == key.attribute }?.type
                watched[place].type = type.map(AttributeType.init)
                watched[place].indexRoles.append((index.name, key.role))
            }
            let partitions = index.keys.filter { $0.role == .partition }
            let indexKeys = index.keys.map { position(of: $0.attribute) }
            let projected: [Int]? =
                switch index.projection {
                case .all: nil
                case .keysOnly: keys.map { position(of: $0.name) } + indexKeys
                case .include(let names):
                    keys.map { position(of: $0.name) } + indexKeys + names.map(position)
                }
            indexes.append(
                Index(
                    name: index.name, isGlobal: isGlobal, keys: indexKeys,
                    partitionKeys: partitions.map { position(of: $0.attribute) },
                    projected: projected.map { Array(Set($0)).sorted() }))
        }
        self.init(schema: schema, version: version, watched: watched, indexes: indexes)
    }
}
