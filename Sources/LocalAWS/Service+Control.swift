import JSON
import Pacing

/// The operations on tables and their settings: each takes parameters and answers with a tree.
extension Service {
    /// Performs one; nil for an empty body.
    func control(
        _ operation: Operation, _ request: Parameters
    ) throws(ServiceError) -> JSON? {
        switch operation {
        case .cancelBulkOperation: return try cancelBulkOperation(request)
        case .createTable: return try createTable(request)
        case .deleteResourcePolicy: return try deleteResourcePolicy(request)
        case .deleteTable: return try deleteTable(request)
        case .describeBulkOperation: return try describeBulkOperation(request)
        case .describeContinuousBackups: return try describeContinuousBackups(request)
        case .describeContributorInsights: return try describeContributorInsights(request)
        case .describeEndpoints: return describeEndpoints()
        case .describeImport: return try describeImport(request)
        case .describeExport: return try describeExport(request)
        case .describeKinesisStreamingDestination: return try describeKinesisDestination(request)
        case .describeLimits: return describeLimits()
        case .describeTable: return try describeTable(request)
        case .describeTimeToLive: return try describeTimeToLive(request)
        case .disableKinesisStreamingDestination: return try disableKinesisDestination(request)
        case .enableKinesisStreamingDestination: return try enableKinesisDestination(request)
        case .getResourcePolicy: return try getResourcePolicy(request)
        case .listBulkOperations: return try listBulkOperations(request)
        case .listContributorInsights: return try listContributorInsights(request)
        case .listImports: return try listImports(request)
        case .listExports: return try listExports(request)
        case .listTables: return try listTables(request)
        case .listTagsOfResource: return try listTags(request)
        case .putResourcePolicy: return try putResourcePolicy(request)
        case .tagResource: try tagResource(request)
        case .untagResource: try untagResource(request)
        case .updateContinuousBackups: return try updateContinuousBackups(request)
        case .updateContributorInsights: return try updateContributorInsights(request)
        case .updateTable: return try updateTable(request)
        case .updateTimeToLive: return try updateTimeToLive(request)
        case .batchGetItem, .batchWriteItem, .deleteItem, .getItem, .putItem, .query, .scan,
            .updateItem:
            preconditionFailure("\(operation.rawValue) has items: it answers with bytes")
        case .importTable, .startBulkPutItems:
            preconditionFailure("\(operation.rawValue) asks who calls it")
        case .exportTableToPointInTime:
            preconditionFailure("an export needs to know who asks for it")
        }
        return nil
    }

    /// When a change that is made now will be over.
    func changeTime() -> ChangeTime {
        ChangeTime(
            now: time.now, duration: tables.phaseDuration,
            secondsSinceEpoch: clock.secondsSinceEpoch)
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
