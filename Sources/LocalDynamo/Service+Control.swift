import JSON
import Pacing

/// The operations on tables and their settings: each takes parameters and answers with a tree.
extension Service {
    /// Performs one; nil for an empty body.
    func control(
        _ operation: Operation, _ request: Parameters
    ) throws(ServiceError) -> JSON? {
        switch operation {
        case .createTable: return try createTable(request)
        case .deleteResourcePolicy: return try deleteResourcePolicy(request)
        case .deleteTable: return try deleteTable(request)
        case .describeTable: return try describeTable(request)
        case .describeTimeToLive: return try describeTimeToLive(request)
        case .getResourcePolicy: return try getResourcePolicy(request)
        case .listTables: return try listTables(request)
        case .listTagsOfResource: return try listTags(request)
        case .putResourcePolicy: return try putResourcePolicy(request)
        case .tagResource: try tagResource(request)
        case .untagResource: try untagResource(request)
        case .updateTable: return try updateTable(request)
        case .updateTimeToLive: return try updateTimeToLive(request)
        case .batchGetItem, .batchWriteItem, .deleteItem, .getItem, .putItem, .scan:
            preconditionFailure("\(operation.rawValue) has items: it answers with bytes")
        }
        return nil
    }

    /// The table that a request names, whatever phase it is in.
    func table(of request: Parameters, at now: Instant) throws(ServiceError) -> Table {
        let name = try request.tableName()
        guard let table = tables.table(named: name, at: now) else { throw .noSuchTable(name) }
        return table
    }

    /// Changes the table that a request names, under its `itemLock`.
    func change<Result>(
        _ request: Parameters, _ operation: Operation,
        _ body: (Table, Instant) throws(ServiceError) -> Result
    ) throws(ServiceError) -> Result {
        let now = time.now
        let table = try table(of: request, at: now)
        try admitMutation(of: table, operation)
        return try table.itemLock.writing { () throws(ServiceError) in try body(table, now) }
    }
}
