import DynamoModel
import JSON

/// CreateTable (API reference, CreateTable). The table is CREATING for a moment.
extension Service {
    func createTable(_ request: Parameters) throws(ServiceError) -> JSON {
        let name = try request.tableName()
        try refuseSettings(request)
        let definition = try DefinitionCheck(request).definition(named: tables.bareName(name))
        guard let schema = definition.schema else { throw .internalError }
        try admitMutation(ofTableNamed: definition.name, .createTable)
        let table = try tables.create(definition, schema: schema, time: time)
        return ["TableDescription": table.description(at: time.now)]
    }

    /// Settings of a table that the embedded server lacks are refused, unless they ask for what a
    /// table is without them.
    private func refuseSettings(_ request: Parameters) throws(ServiceError) {
        try request.refuse(
            "ResourcePolicy", "GlobalTableSourceArn", "GlobalTableSettingsReplicationMode",
            "VectorIndexes")
        if try request.json("StreamSpecification")?["StreamEnabled"]?.bool == true {
            throw .unsupported("StreamSpecification")
        }
        if try request.json("SSESpecification")?["Enabled"]?.bool == true {
            throw .unsupported("SSESpecification")
        }
        if try request.string("TableClass") ?? "STANDARD" != "STANDARD" {
            throw .unsupported("TableClass")
        }
        if try request.bool("DeletionProtectionEnabled") == true {
            throw .unsupported("DeletionProtectionEnabled")
        }
        if let tags = try request.json("Tags")?.array, !tags.isEmpty { throw .unsupported("Tags") }
    }
}
