import DynamoModel
import System

/// Scan (API reference, Scan): one page of a table or of one segment of it.
extension Service {
    private enum Select: String, CaseIterable {
        case specificAttributes = "SPECIFIC_ATTRIBUTES"
        case count = "COUNT"
        case allAttributes = "ALL_ATTRIBUTES"
        case allProjectedAttributes = "ALL_PROJECTED_ATTRIBUTES"
    }

    /// Returns where in `output` the body begins: before the items, whose number is known last.
    func scan(
        _ request: Parameters, bench: Workbench, into output: inout ByteStorage
    ) throws(ServiceError) -> Int {
        let name = try request.tableName()
        try request.refuse("IndexName", "AttributesToGet", "ScanFilter", "ConditionalOperator")
        let mode = try request.choice("ReturnConsumedCapacity", ReturnConsumedCapacity.self)
        var query = ScanQuery()
        query.limit = try request.int("Limit", from: 1) ?? .max
        query.isConsistent = try request.bool("ConsistentRead") ?? false
        query.segment = try segment(request)
        query.wantsItems = try wantsItems(request)
        var expressions = try RequestExpressions(request, [.filter, .projection], &bench.encoder)
        query.filter = try expressions.condition(.filter)
        query.projection = try expressions.projection()
        try expressions.checkAllUsed()
        let now = time.now
        let table = try tables.table(serving: name, at: now)
        try query.filter?.check(against: table.layout)
        try query.projection?.check(against: table.layout)
        query.start = try startKey(request, table: table, segment: query.segment, bench: bench)

        let itemsStart = output.count
        let outcome = try table.scan(query, into: &output, now: now)
        if query.wantsItems { output.append(0x5D) }
        output.append(query.wantsItems ? ",\"ScannedCount\":" : "\"ScannedCount\":")
        output.append(decimal: outcome.scanned)
        if let key = outcome.lastKey {
            output.append(",\"LastEvaluatedKey\":")
            output.append(array: key)
        }
        if let mode, mode != .none {
            output.append(",\"ConsumedCapacity\":")
            let used = UnitsUsed(table: outcome.units)
            ConsumedCapacity.write(used, of: table, name: name, mode: mode, to: &output)
        }
        output.append(0x7D)
        let prefix = "{\"Count\":\(outcome.count)," + (query.wantsItems ? "\"Items\":[" : "")
        return output.prepend(prefix, before: itemsStart)
    }

    /// What `Select` asks for: items, or their number only. It must agree with the projection.
    private func wantsItems(_ request: Parameters) throws(ServiceError) -> Bool {
        let select = try request.choice("Select", Select.self)
        let isProjected = request["ProjectionExpression"] != nil
        switch select {
        case .specificAttributes where !isProjected:
            throw .validation(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
                    + "SPECIFIC_ATTRIBUTES")
        case .count, .allAttributes, .allProjectedAttributes:
            guard !isProjected else {
                let choice = select == .count ? "only the Count" : select?.rawValue ?? ""
                throw .validation(
                    "Cannot specify the ProjectionExpression when choosing to get \(choice)")
            }
            guard select != .allProjectedAttributes else {
                throw .validation(
                    "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
            }
        case .specificAttributes, nil: break
        }
        return select != .count
    }

    private func segment(_ request: Parameters) throws(ServiceError) -> HashSegment {
        let total = try request.int("TotalSegments", from: 1, to: ServiceLimits.segmentsMax)
        let index = try request.int("Segment", from: 0, to: ServiceLimits.segmentsMax - 1)
        switch (total, index) {
        case (nil, nil): return .whole
        case (nil, _):
            throw .validation(
                "The TotalSegments parameter is required but was not present in the request when "
                    + "Segment parameter is present")
        case (_, nil):
            throw .validation(
                "The Segment parameter is required but was not present in the request when "
                    + "parameter TotalSegments is present")
        case (let total?, let index?):
            guard index < total else {
                throw .validation(
                    "The Segment parameter is zero-based and must be less than parameter "
                        + "TotalSegments: Segment: \(index) is not less than TotalSegments: "
                        + "\(total)")
            }
            return HashSegment(index: index, total: total)
        }
    }

    private func startKey(
        _ request: Parameters, table: Table, segment: HashSegment, bench: Workbench
    ) throws(ServiceError) -> (hash: UInt64, key: [UInt8])? {
        guard let bytes = request["ExclusiveStartKey"] else { return nil }
        let key = try bench.key(bytes, layout: table.layout) { error in
            guard error.namespace == .validation, let message = error.message else { return error }
            return .validation("The provided starting key is invalid: \(message)")
        }
        guard segment.contains(key.hash) else {
            throw .validation(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
                    + "ExclusiveStartKey with correct Segment. TotalSegments: \(segment.total) "
                    + "Segment: \(segment.index)")
        }
        return (key.hash, Array(bench.encoder.keys.bytes[key.bytes]))
    }
}

extension ByteStorage {
    /// Writes a few bytes into the headroom before `place`; returns where they begin.
    mutating func prepend(_ text: String, before place: Int) -> Int {
        var text = text
        let count = text.utf8.count
        precondition(count <= place, "no headroom for \(count) bytes before \(place)")
        text.withUTF8 { bytes in
            for (offset, byte) in bytes.enumerated() { base[place - count + offset] = byte }
        }
        return place - count
    }
}
