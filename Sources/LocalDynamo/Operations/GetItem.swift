import DynamoModel

/// GetItem and BatchGetItem (API reference): whole items by key.
extension Service {
    func getItem(
        _ request: Parameters, bench: Workbench, into output: inout ByteBuffer
    ) throws(ServiceError) {
        let name = try request.tableName()
        try request.refuse("AttributesToGet", "ProjectionExpression", "ExpressionAttributeNames")
        let mode =
            try request.choice("ReturnConsumedCapacity", ReturnConsumedCapacity.self) ?? .none
        let isConsistent = try request.bool("ConsistentRead") ?? false
        guard let bytes = request["Key"] else {
            throw .validation("The parameter 'Key' is required but was not present in the request")
        }
        let now = time.now
        let table = try tables.table(serving: name, at: now)
        let key = try bench.key(bytes, layout: table.layout)
        let (json, units) = try table.item(
            key, from: bench.encoder, isConsistent: isConsistent, now: now)
        output.append(0x7B)
        if let json {
            output.append("\"Item\":")
            output.append(array: json)
        }
        if mode != .none {
            output.append(json == nil ? "" : ",")
            output.append("\"ConsumedCapacity\":")
            ConsumedCapacity.write(
                UnitsUsed(table: units), of: table, name: name, mode: mode, to: &output)
        }
        output.append(0x7D)
    }

    /// Keys in one BatchGetItem, and bytes of its reply (API reference, BatchGetItem).
    private static let batchKeysMax = 100
    private static let batchBytesMax = 16 * 1024 * 1024

    private struct KeyGroup {
        let name: String
        let table: Table
        let isConsistent: Bool
        var keys: [(source: UnsafeRawBufferPointer, key: EncodedKey)] = []
    }

    func batchGetItem(
        _ request: Parameters, bench: Workbench, into output: inout ByteBuffer
    ) throws(ServiceError) {
        let mode =
            try request.choice("ReturnConsumedCapacity", ReturnConsumedCapacity.self) ?? .none
        let groups = try keyGroups(request, bench: bench)
        let now = time.now
        var unprocessed: [(name: String, keys: [UnsafeRawBufferPointer])] = []
        var used: [(Int, Double)] = []
        output.append("{\"Responses\":{")
        let start = output.count
        for (place, group) in groups.enumerated() {
            if place > 0 { output.append(0x2C) }
            output.append(0x22)
            output.append(text: group.name)
            output.append("\":[")
            var (units, count) = (0.0, 0)
            var left: [UnsafeRawBufferPointer] = []
            for entry in group.keys {
                guard output.count - start < Self.batchBytesMax else {
                    left.append(entry.source)
                    continue
                }
                let found = try group.table.item(
                    entry.key, from: bench.encoder, isConsistent: group.isConsistent, now: now)
                units += found.units
                guard let json = found.json else { continue }
                if count > 0 { output.append(0x2C) }
                output.append(array: json)
                count += 1
            }
            output.append(0x5D)
            used.append((place, units))
            if !left.isEmpty { unprocessed.append((group.name, left)) }
        }
        output.append("},\"UnprocessedKeys\":{")
        for (place, entry) in unprocessed.enumerated() {
            output.append(place == 0 ? "\"" : ",\"")
            output.append(text: entry.name)
            output.append("\":{\"Keys\":[")
            for (index, key) in entry.keys.enumerated() {
                if index > 0 { output.append(0x2C) }
                output.append(key)
            }
            output.append("]}")
        }
        output.append(0x7D)
        if mode != .none {
            output.append(",\"ConsumedCapacity\":[")
            for (place, units) in used {
                if place > 0 { output.append(0x2C) }
                ConsumedCapacity.write(
                    UnitsUsed(table: units), of: groups[place].table, name: groups[place].name,
                    mode: mode, to: &output)
            }
            output.append(0x5D)
        }
        output.append(0x7D)
    }

    private func keyGroups(
        _ request: Parameters, bench: Workbench
    ) throws(ServiceError) -> [KeyGroup] {
        var groups: [KeyGroup] = []
        guard let bytes = request["RequestItems"] else {
            throw .validation("The requestItems parameter is required for BatchGetItem")
        }
        let now = time.now
        var reader = WireReader(bytes)
        try reader.members { (reader, name) throws(ServiceError) in
            let parameters = try Parameters(try reader.skipValue())
            try parameters.refuse(
                "AttributesToGet", "ProjectionExpression", "ExpressionAttributeNames")
            try TableName.check(name.text)
            let table = try tables.table(serving: name.text, at: now)
            var group = KeyGroup(
                name: name.text, table: table,
                isConsistent: try parameters.bool("ConsistentRead") ?? false)
            guard let keys = parameters["Keys"] else {
                throw .constraint(
                    nil, at: "requestItems.\(name.text).member.keys", "Member must not be null")
            }
            var keyReader = WireReader(keys)
            try keyReader.elements { (reader) throws(ServiceError) in
                let source = try reader.skipValue()
                group.keys.append((source, try bench.key(source, layout: table.layout)))
            }
            groups.append(group)
        }
        try checkKeys(groups, bench: bench)
        return groups
    }

    private func checkKeys(_ groups: [KeyGroup], bench: Workbench) throws(ServiceError) {
        guard groups.contains(where: { !$0.keys.isEmpty }) else {
            throw .validation("The requestItems parameter is required for BatchGetItem")
        }
        guard groups.reduce(0, { $0 + $1.keys.count }) <= Self.batchKeysMax else {
            throw .validation("Too many items requested for the BatchGetItem call")
        }
        for group in groups {
            let spelled = group.keys.map { Array(bench.encoder.keys.bytes[$0.key.bytes]) }
            guard Set(spelled).count == spelled.count else {
                throw .validation("Provided list of item keys contains duplicates")
            }
        }
    }
}
