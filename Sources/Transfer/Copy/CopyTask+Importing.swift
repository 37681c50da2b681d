import Connectors
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Native
import Status

/// A target that DynamoDB fills by itself.
extension CopyTask {
    /// It makes the target, too.
    func importTable() async -> FlowOutcome {
        let (table, name) = (subject.tables.target, target.definition.name)
        let outcome = await load(
            ImportOperation(table: table), open.record.requests, noun: "import",
            ServiceDriver.Hooks(
                refusal: { FlowFailure(importing: name, $0) },
                failure: { FlowFailure(import: $0, of: name) },
                finish: { [self] in try checkCount($0) }))
        guard outcome == .completed else { return outcome }
        do {
            let made = try await table.describe()
            try context.keeper.setTargetCreated(table: number, id: made.id)
            state.withLock { state in
                state.made = made
                state.status.targetARN = made.arn
            }
            return .completed
        } catch {
            return .failed(FlowFailure(beforeItems: error))
        }
    }

    /// It puts the items into a table that is there.
    func bulkPut() async -> FlowOutcome {
        let (table, name) = (subject.tables.target, target.definition.name)
        let place = reportPlace
        return await load(
            BulkPutOperation(table: table), open.record.requests, noun: "bulk put",
            ServiceDriver.Hooks(
                refusal: { FlowFailure(bulkPuttingInto: name, $0) },
                failure: { FlowFailure(bulkPut: $0, into: name) },
                finish: { [self] state in
                    // It is not done, then, and whoever resumes reads the same.
                    guard state.errors == 0 else {
                        throw FlowFailure(leftByBulkPut: state, into: name, reportedTo: place)
                    }
                    try checkCount(state)
                }))
    }

    /// What DynamoDB says it has loaded, beside what the manifest lists: it reads none.
    private func checkCount(_ state: ServiceState) throws(FlowFailure) {
        guard case .export(let export) = subject.tables.source, let listed = export.export.items,
            let loaded = state.items, loaded != listed
        else { return }
        throw FlowFailure(
            .giveUp, code: "OtherCount",
            message: "DynamoDB has loaded \(loaded.counted("item")) into \(target.definition.name),"
                + " but the manifest of \(export.title) lists \(listed.grouped)",
            hint: "objects were changed or added meanwhile, or have keys twice; dynaferry verify"
                + " names what differs")
    }

    /// Where DynamoDB reports what it could not put.
    private var reportPlace: String {
        let output = open.record.requests.first?.body["OutputS3Configuration"]
        return "s3://\(output?["S3Bucket"]?.string ?? "")/\(output?["S3KeyPrefix"]?.string ?? "")"
    }

    /// Has DynamoDB do what it is asked, and waits for it.
    func load(
        _ operation: any ServiceOperation, _ requests: [ServiceRequest], noun: String,
        _ hooks: ServiceDriver.Hooks
    ) async -> FlowOutcome {
        var settings = ServiceDriver.Settings(
            pollEvery: options.pollEvery, giveUpAfter: options.giveUpAfter, noun: noun)
        settings.tellsEach = context.isOnlyTable
        let driver = ServiceDriver(
            settings, operation, requests, hooks, keeper: context.keeper, table: number,
            pacer: context.pacer, note: note, time: context.time)
        let status = TableStatus(
            source: subject.source.definition.name, target: target.definition.name)
        let work = ServiceWork(driver, status, stage: .importing, time: context.time)
        return await perform(work).outcome ?? .stopped
    }
}

extension TableDescription {
    /// A table as it is to be made.
    init(planned definition: TableDefinition) throws(TableDefinitionError) {
        try self.init(definition.creationRequest)
    }
}
