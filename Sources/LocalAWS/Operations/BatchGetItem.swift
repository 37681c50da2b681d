import DynamoModel
import System

/// BatchGetItem (API reference): items of several tables by key. Each is rounded up to read units
/// by itself.
extension Service {
    /// Keys in one request, over all tables, and stored bytes of the items in one reply.
    private static let batchKeysMax = 100
    private static let batchBytesMax = 16 * 1024 * 1024

    /// The keys of one member of `RequestItems`.
    private struct KeyGroup {
        /// The table as the request spelled it.
        let name: String
        let table: Table
        let parameters: Parameters
        let isConsistent: Bool
        let projection: ItemProjection?
        var keys: [Entry] = []

        struct Entry {
            let source: UnsafeRawBufferPointer
            let spelling: [String: [UInt8]]
            let key: EncodedKey
        }
    }

    /// What the groups that were read so far came to.
    private struct Progress {
        /// Stored bytes that the reply may still hold.
        var bytesLeft = Service.batchBytesMax
        var wasAnyRead = false
        var throttling: ServiceError?
        /// For each group: its units, and the keys that were not read.
        var units: [Double] = []
        var unread: [[UnsafeRawBufferPointer]] = []
    }

    /// - Parameter fault: of the request: it may leave a share of the keys unprocessed.
    func batchGetItem(
        _ request: Parameters, _ fault: Fault?, scratch: RequestScratch,
        into output: inout ByteStorage
    ) throws(ServiceError) {
        let mode =
            try request.choice("ReturnConsumedCapacity", ReturnConsumedCapacity.self) ?? .none
        let groups = try keyGroups(request, scratch: scratch)
        var progress = Progress()
        output.append("{\"Responses\":{")
        for (place, group) in groups.enumerated() {
            if place > 0 { output.append(0x2C) }
            output.append(0x22)
            output.append(text: group.name)
            output.append("\":[")
            let withheld = faults.withhold(fault?.withheldShare ?? 0, of: group.keys.indices)
            try read(group, except: Set(withheld), &progress, scratch: scratch, into: &output)
            output.append(0x5D)
        }
        if let throttling = progress.throttling, !progress.wasAnyRead { throw throttling }
        output.append("},\"UnprocessedKeys\":{")
        var isFirst = true
        for (group, keys) in zip(groups, progress.unread) where !keys.isEmpty {
            if !isFirst { output.append(0x2C) }
            isFirst = false
            Self.write(unread: keys, of: group, to: &output)
        }
        output.append(0x7D)
        if mode != .none {
            output.append(",\"ConsumedCapacity\":[")
            for (place, group) in groups.enumerated() {
                if place > 0 { output.append(0x2C) }
                ConsumedCapacity.write(
                    UnitsUsed(table: progress.units[place]), of: group.table, name: group.name,
                    mode: mode, to: &output)
            }
            output.append(0x5D)
        }
        output.append(0x7D)
    }

    /// Reads the items of one table until the reply is full; appends them with commas between.
    private func read(
        _ group: KeyGroup, except withheld: Set<Int>, _ progress: inout Progress,
        scratch: RequestScratch, into output: inout ByteStorage
    ) throws(ServiceError) {
        let now = time.now
        var (units, count) = (0.0, 0)
        var unread: [UnsafeRawBufferPointer] = []
        for (position, entry) in group.keys.enumerated() {
            guard !withheld.contains(position), progress.bytesLeft > 0 else {
                unread.append(entry.source)
                continue
            }
            do throws(ServiceError) {
                let found = try group.table.item(
                    entry.key, from: scratch.encoder, isConsistent: group.isConsistent,
                    projection: group.projection, bytesMax: progress.bytesLeft, now: now)
                guard let found else {
                    // The reply is full: nothing else is looked for.
                    progress.bytesLeft = 0
                    unread.append(entry.source)
                    continue
                }
                progress.wasAnyRead = true
                progress.bytesLeft -= found.size
                units += found.units
                guard let json = found.json else { continue }
                if count > 0 { output.append(0x2C) }
                output.append(array: json)
                count += 1
            } catch {
                // Only capacity refuses here: the keys were checked.
                progress.throttling = error
                unread.append(entry.source)
            }
        }
        progress.units.append(units)
        progress.unread.append(unread)
    }

    /// Writes the keys that were not read with the rest of their group, ready to be sent again.
    private static func write(
        unread keys: [UnsafeRawBufferPointer], of group: KeyGroup, to output: inout ByteStorage
    ) {
        output.append(0x22)
        output.append(text: group.name)
        output.append("\":{\"Keys\":[")
        for (index, key) in keys.enumerated() {
            if index > 0 { output.append(0x2C) }
            output.append(key)
        }
        output.append(0x5D)
        for member in ["ProjectionExpression", "ExpressionAttributeNames", "ConsistentRead"] {
            guard let value = group.parameters[member] else { continue }
            output.append(",\"")
            output.append(text: member)
            output.append("\":")
            output.append(value)
        }
        output.append(0x7D)
    }

    private func keyGroups(
        _ request: Parameters, scratch: RequestScratch
    ) throws(ServiceError) -> [KeyGroup] {
        guard let bytes = request["RequestItems"] else {
            throw .validation("The requestItems parameter is required for BatchGetItem")
        }
        var groups: [KeyGroup] = []
        var reader = WireReader(bytes)
        try reader.members { (reader, name) throws(ServiceError) in
            let parameters = try Parameters(try reader.skipValue())
            groups.append(try keyGroup(name.text, parameters, scratch: scratch))
        }
        try check(groups)
        return groups
    }

    private func keyGroup(
        _ name: String, _ parameters: Parameters, scratch: RequestScratch
    ) throws(ServiceError) -> KeyGroup {
        try parameters.refuse("AttributesToGet")
        try TableName.check(name)
        guard let keys = parameters["Keys"] else {
            throw .constraint(
                nil, at: "requestItems.\(name).member.keys", "Member must not be null")
        }
        var expressions = try RequestExpressions(parameters, [.projection], &scratch.encoder)
        let projection = try expressions.projection()
        try expressions.checkAllUsed()
        let table = try tables.table(serving: name, at: time.now)
        try projection?.check(against: table.layout)
        var group = KeyGroup(
            name: name, table: table, parameters: parameters,
            isConsistent: try parameters.bool("ConsistentRead") ?? false, projection: projection)
        var reader = WireReader(keys)
        try reader.elements { (reader) throws(ServiceError) in
            let source = try reader.skipValue()
            group.keys.append(
                KeyGroup.Entry(
                    source: source, spelling: try Self.spelling(of: source),
                    key: try scratch.key(source, layout: table.layout)))
        }
        return group
    }

    private func check(_ groups: [KeyGroup]) throws(ServiceError) {
        guard !groups.isEmpty else {
            throw .validation("The requestItems parameter is required for BatchGetItem")
        }
        for group in groups where group.keys.isEmpty {
            throw .constraint(
                "[]", at: "requestItems.\(group.name).member.keys",
                "Member must have length greater than or equal to 1")
        }
        guard groups.reduce(0, { $0 + $1.keys.count }) <= Self.batchKeysMax else {
            throw .validation("Too many items requested for the BatchGetItem call")
        }
        for group in groups {
            let spelled = group.keys.map(\.spelling)
            guard Set(spelled).count == spelled.count else {
                throw .validation("Provided list of item keys contains duplicates")
            }
        }
    }

    /// A key's text by attribute, for a comparison that the service makes without a look at the
    /// values: to it `1000` and `1e3` are two keys.
    private static func spelling(
        of key: UnsafeRawBufferPointer
    ) throws(ServiceError) -> [String: [UInt8]] {
        let members = try Parameters(key)
        var spelling: [String: [UInt8]] = [:]
        for name in members.names { spelling[name] = try members.json(name)?.bytes }
        return spelling
    }
}
