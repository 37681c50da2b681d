import DynamoModel
import JSON

/// CreateTable (API reference, CreateTable). The table is CREATING for a while.
extension Service {
    func createTable(_ request: Parameters) throws(ServiceError) -> JSON {
        let name = tables.bareName(try request.tableName())
        try request.refuse(
            "GlobalTableSourceArn", "GlobalTableSettingsReplicationMode", "VectorIndexes")
        let check = try DefinitionCheck(request)
        let definition = try check.definition(named: name)
        guard let schema = definition.schema else { throw .internalError }
        var features = try features(request, named: name, definition.billing)
        features.indexWarm = try check.indexWarm().mapValues { DelayedSetting($0) }
        try admitMutation(ofTableNamed: name, .createTable)
        // However long that takes, the reply tells the table as it began.
        let change = changeTime()
        let table = try tables.create(definition, schema: schema, features: features, change)
        return ["TableDescription": table.description(at: change.now)]
    }

    /// All that a table is created with beside its keys, indexes and billing.
    private func features(
        _ request: Parameters, named name: String, _ billing: Billing
    ) throws(ServiceError) -> TableFeatures {
        var features = TableFeatures()
        if let tableClass = try request.tableClass(), tableClass != .standard {
            features.tableClass = DelayedSetting(tableClass)
        }
        features.isDeletionProtected = try request.bool("DeletionProtectionEnabled") ?? false
        if let encryption = try request.json("SSESpecification") {
            features.encryptionKey = DelayedSetting(
                try EncryptionRequest(encryption).keyARN(in: tables))
        }
        if let stream = try request.json("StreamSpecification"),
            case .enable(let viewType) = try StreamRequest(stream, isCreation: true)
        {
            features.stream.enable(viewType, secondsSinceEpoch: clock.secondsSinceEpoch)
        }
        if let warm = try request.json("WarmThroughput") {
            features.warm = DelayedSetting(
                try ThroughputCheck.initialWarm(warm, billing, of: "table"))
        }
        if let document = try request.string("ResourcePolicy") {
            let table = try tables.resource(tables.arn(of: name), operation: .createTable)
            _ = try features.policies.put(
                document, on: table, expecting: nil, revision: tables.nextRevision(clock))
        }
        if let tags = try request.json("Tags")?.array { try features.tags.add(tags) }
        return features
    }
}

extension Parameters {
    func tableClass() throws(ServiceError) -> TableFeatures.TableClass? {
        guard let text = try string("TableClass") else { return nil }
        guard let tableClass = TableFeatures.TableClass(rawValue: text) else {
            let all = TableFeatures.TableClass.allCases.map(\.rawValue).joined(separator: ", ")
            throw .validation(
                "Invalid table-class parameter provided. Please try again with a valid "
                    + "table-class value: [\(all)].")
        }
        return tableClass
    }
}
