import JSON

/// DescribeTable, ListTables and DeleteTable (API reference).
extension Service {
    func describeTable(_ request: Parameters) throws(ServiceError) -> JSON {
        let name = try request.tableName()
        let now = time.now
        guard let table = tables.table(named: name, at: now) else { throw .noSuchTable(name) }
        return ["Table": table.description(at: now)]
    }

    func listTables(_ request: Parameters) throws(ServiceError) -> JSON {
        let limit = try request.int("Limit", from: 1, to: 100) ?? 100
        var names = tables.names(at: time.now)
        if let start = try request.string("ExclusiveStartTableName") {
            names.removeAll { !start.utf8.lexicographicallyPrecedes($0.utf8) }
        }
        var reply: JSON = ["TableNames": .array(names.prefix(limit).map(JSON.string))]
        if names.count > limit { reply["LastEvaluatedTableName"] = .string(names[limit - 1]) }
        return reply
    }

    func deleteTable(_ request: Parameters) throws(ServiceError) -> JSON {
        let name = try request.tableName()
        let now = time.now
        guard let table = tables.table(named: name, at: now) else { throw .noSuchTable(name) }
        try admitMutation(of: table, .deleteTable)
        let end = tables.phaseEnd(from: now)
        return try table.itemLock.writing { () throws(ServiceError) in
            guard table.phase(at: now) == .active else {
                throw .inUse(
                    "Attempt to change a resource which is still in use: Table is in the state "
                        + "\(table.phase(at: now).status): \(table.name)")
            }
            table.enter(.deleting(until: end))
            // What remains of a deleted table is told without its keys.
            var description = table.describe(at: now)
            for member in ["AttributeDefinitions", "KeySchema", "CreationDateTime"] {
                description[member] = nil
            }
            return ["TableDescription": description]
        }
    }
}
