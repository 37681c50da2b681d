import JSON

/// DescribeTable, ListTables and DeleteTable (API reference).
extension Service {
    func describeTable(_ request: Parameters) throws(ServiceError) -> JSON {
        let now = time.now
        return ["Table": try table(of: request, at: now).description(at: now)]
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
        try change(request, .deleteTable) { (table, now) throws(ServiceError) in
            let phase = table.phase(at: now)
            guard phase == .active else { throw .busy(table.name, phase) }
            guard table.state(at: now).indexPhases.isEmpty else {
                throw .stillInUse(
                    "Cannot delete table while indexes are being created, updated, or deleted.")
            }
            guard !table.features.isDeletionProtected else {
                throw .validation(
                    "Resource cannot be deleted as it is currently protected against deletion. "
                        + "Disable deletion protection first.")
            }
            table.enter(.deleting(until: tables.phaseEnd(from: now)))
            // What remains of a deleted table is reported without its keys and indexes.
            var description = table.describe(at: now)
            for member in [
                "AttributeDefinitions", "KeySchema", "CreationDateTime", "GlobalSecondaryIndexes",
                "LocalSecondaryIndexes",
            ] {
                description[member] = nil
            }
            return ["TableDescription": description]
        }
    }
}
