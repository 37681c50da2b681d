import DynamoModel
import Pacing
import System

/// What Query and Scan have in common: most of their parameters, and their reply.
struct PageRequest {
    private enum Select: String, CaseIterable {
        case specificAttributes = "SPECIFIC_ATTRIBUTES"
        case count = "COUNT"
        case allAttributes = "ALL_ATTRIBUTES"
        case allProjectedAttributes = "ALL_PROJECTED_ATTRIBUTES"
    }

    /// The table, as the request spelled it.
    let name: String
    private let mode: ReturnConsumedCapacity
    private let select: Select?
    var query = PageQuery()

    init(_ request: Parameters) throws(ServiceError) {
        name = try request.tableName()
        if let index = try request.string("IndexName") {
            try TableName.check(index, at: "indexName")
            query.index = index
        }
        mode = try request.choice("ReturnConsumedCapacity", ReturnConsumedCapacity.self) ?? .none
        query.limit = try request.int("Limit", from: 1) ?? .max
        query.isConsistent = try request.bool("ConsistentRead") ?? false
        select = try request.choice("Select", Select.self)
        query.wantsItems = select != .count
        try checkSelect(isProjected: request["ProjectionExpression"] != nil)
    }

    /// What `Select` asks for must agree with the projection.
    private func checkSelect(isProjected: Bool) throws(ServiceError) {
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
            guard select != .allProjectedAttributes || query.index != nil else {
                throw .validation(
                    "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
            }
        case .specificAttributes, nil: break
        }
    }

    mutating func read(_ expressions: inout RequestExpressions) throws(ServiceError) {
        query.filter = try expressions.condition(.filter)
        query.projection = try expressions.projection()
    }

    /// The table or index that is to be read, which must have what the request asks of it.
    mutating func target(in table: Table, at now: Instant) throws(ServiceError) -> ReadTarget {
        let target = try table.itemLock.reading { () throws(ServiceError) in
            try table.readTarget(index: query.index, at: now)
        }
        guard !query.isConsistent || !target.isGlobal else {
            throw .validation("Consistent reads are not supported on global secondary indexes")
        }
        try query.filter?.check(against: target.layout)
        try query.projection?.check(against: target.layout)
        try checkProjection(of: target)
        return target
    }

    /// A local index fetches from the table what it lacks; a global one can't (guide, "Local
    /// secondary indexes", "Global secondary indexes").
    private mutating func checkProjection(of target: ReadTarget) throws(ServiceError) {
        guard !target.isWhole, let index = query.index else { return }
        let missing = target.missing(of: query.projection?.paths ?? [])
        guard target.isGlobal else {
            query.fetches = select == .allAttributes || !missing.isEmpty
            return
        }
        guard select != .allAttributes else {
            throw .invalid(
                "Select type ALL_ATTRIBUTES is not supported for global secondary index \(index) "
                    + "because its projection type is not ALL")
        }
        guard missing.isEmpty else {
            throw .invalid(
                "Global secondary index \(index) does not project "
                    + "[\(missing.joined(separator: ", "))]")
        }
    }

    /// Reads the page and writes the reply; returns where in `output` it begins.
    func answer(
        from table: Table, at now: Instant, into output: inout ByteStorage
    ) throws(ServiceError) -> Int {
        let itemsStart = output.count
        let outcome = try table.page(query, into: &output, now: now)
        output.append(query.wantsItems ? "],\"ScannedCount\":" : "\"ScannedCount\":")
        output.append(decimal: outcome.scanned)
        if let key = outcome.lastKey {
            output.append(",\"LastEvaluatedKey\":")
            output.append(array: key)
        }
        if mode != .none {
            output.append(",\"ConsumedCapacity\":")
            ConsumedCapacity.write(outcome.used, of: table, name: name, mode: mode, to: &output)
        }
        output.append(0x7D)
        let prefix =
            "{\"Count\":\(outcome.count)," + (query.wantsItems ? "\"Items\":[" : "")
        return output.prepend(prefix, before: itemsStart)
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
