import DynamoModel
import JSON

/// Checks the definition in a CreateTable, rule by rule, with the service's texts.
struct DefinitionCheck {
    private static let globalIndexesMax = 20
    private static let localIndexesMax = 5
    /// Elements of one role in a global index's key.
    private static let keysOfRoleMax = 4

    private let request: Parameters
    private let attributes: [String]
    private let isOnDemand: Bool

    init(_ request: Parameters) throws(ServiceError) {
        self.request = request
        let mode = try request.string("BillingMode") ?? "PROVISIONED"
        guard ["PROVISIONED", "PAY_PER_REQUEST"].contains(mode) else {
            throw .constraint(
                mode, at: "billingMode",
                "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]")
        }
        isOnDemand = mode == "PAY_PER_REQUEST"
        guard let definitions = try request.json("AttributeDefinitions")?.array else {
            throw .constraint(nil, at: "attributeDefinitions", "Member must not be null")
        }
        var attributes: [String] = []
        for (place, definition) in definitions.enumerated() {
            let path = "attributeDefinitions.\(place + 1).member"
            let name = try Self.name(definition["AttributeName"], at: "\(path).attributeName")
            let type = definition["AttributeType"]?.string
            guard let type, ScalarType(rawValue: type) != nil else {
                throw .constraint(
                    type, at: "\(path).attributeType",
                    "Member must satisfy enum value set: [B, N, S]")
            }
            guard !attributes.contains(name) else {
                throw .invalid(
                    "Duplicate AttributeName in AttributeDefinitions: \(name)")
            }
            attributes.append(name)
        }
        self.attributes = attributes
    }

    private static func name(_ json: JSON?, at path: String) throws(ServiceError) -> String {
        guard let name = json?.string else {
            throw .constraint(nil, at: path, "Member must not be null")
        }
        guard (1...ServiceLimits.keyNameBytesMax).contains(name.utf8.count) else {
            let rule =
                name.isEmpty
                ? "greater than or equal to 1" : "less than or equal to 255"
            throw .constraint(name, at: path, "Member must have length \(rule)")
        }
        return name
    }

    /// The table that is asked for.
    func definition(named name: String) throws(ServiceError) -> TableDefinition {
        try checkThroughput()
        let keys = try keySchema(try request.json("KeySchema"), at: "keySchema", rolesMax: 1)
        let locals = try indexes("LocalSecondaryIndexes", max: Self.localIndexesMax)
        let globals = try indexes("GlobalSecondaryIndexes", max: Self.globalIndexesMax)
        try checkAllUsed(keys, locals + globals)
        for index in locals { try checkLocal(index, tableKeys: keys) }
        for index in globals { try checkGlobal(index) }
        try checkNames(locals + globals)
        var members: [JSON.Member] = []
        for member in [
            "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes",
            "LocalSecondaryIndexes", "BillingMode", "ProvisionedThroughput",
            "OnDemandThroughput",
        ] {
            if let value = try request.json(member) { members.append(.init(member, value)) }
        }
        var json = JSON.object(members)
        json["TableName"] = .string(name)
        do { return try TableDefinition(json) } catch {
            throw .validation(error.description)
        }
    }

    private func checkThroughput() throws(ServiceError) {
        let throughput = try request.json("ProvisionedThroughput")
        guard !isOnDemand else {
            guard throughput == nil else {
                throw .invalid(
                    "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                        + "BillingMode is PAY_PER_REQUEST")
            }
            return
        }
        guard let throughput else {
            throw .invalid(
                "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode "
                    + "is PROVISIONED")
        }
        try ThroughputCheck.check(throughput, at: "provisionedThroughput")
        if try request.json("OnDemandThroughput") != nil {
            throw .invalid(
                "OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST")
        }
    }

    private func keySchema(
        _ json: JSON?, at path: String, rolesMax: Int
    ) throws(ServiceError) -> [KeyElement] {
        guard let elements = json?.array else {
            throw .constraint(nil, at: path, "Member must not be null")
        }
        guard !elements.isEmpty else {
            throw .constraint("[]", at: path, "Member must have length greater than or equal to 1")
        }
        guard elements.count <= 2 * rolesMax else {
            throw .constraint(
                "[\(elements.count) elements]", at: path,
                "Member must have length less than or equal to \(2 * rolesMax)")
        }
        var keys: [KeyElement] = []
        for (place, element) in elements.enumerated() {
            let member = "\(path).\(place + 1).member"
            let name = try Self.name(element["AttributeName"], at: "\(member).attributeName")
            let type = element["KeyType"]?.string
            guard let role = type.flatMap(KeyElement.Role.init) else {
                throw .constraint(
                    type, at: "\(member).keyType",
                    "Member must satisfy enum value set: [HASH, RANGE]")
            }
            keys.append(KeyElement(attribute: name, role: role))
        }
        try checkKeys(keys, rolesMax: rolesMax)
        return keys
    }

    private func checkKeys(_ keys: [KeyElement], rolesMax: Int) throws(ServiceError) {
        guard keys.allSatisfy({ attributes.contains($0.attribute) }) else {
            let names = keys.map(\.attribute).joined(separator: ", ")
            throw .invalid(
                "Some index key attributes are not defined in AttributeDefinitions. Keys: "
                    + "[\(names)], AttributeDefinitions: [\(attributes.joined(separator: ", "))]")
        }
        guard Set(keys.map(\.attribute)).count == keys.count else {
            throw .validation(
                "Both the Hash Key and the Range Key element in the KeySchema have the same name")
        }
        guard keys[0].role == .partition else {
            throw .validation(
                "Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
        }
        let partitions = keys.prefix { $0.role == .partition }.count
        let sorts = keys.count - partitions
        let isOrdered = keys.dropFirst(partitions).allSatisfy { $0.role == .sort }
        guard isOrdered, partitions <= rolesMax, sorts <= rolesMax else {
            throw .validation(
                "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
        }
    }

    // MARK: Indexes

    private struct Index {
        let name: String
        let keys: [KeyElement]
        let json: JSON
    }

    private func indexes(_ member: String, max: Int) throws(ServiceError) -> [Index] {
        guard let elements = try request.json(member)?.array else { return [] }
        guard !elements.isEmpty else { throw .invalid("List of \(member) is empty") }
        guard elements.count <= max else {
            throw .invalid(
                max == Self.localIndexesMax
                    ? "Number of LocalSecondaryIndexes exceeds per-table limit of \(max)"
                    : "GlobalSecondaryIndex count exceeds the per-table limit of \(max)")
        }
        let isLocal = max == Self.localIndexesMax
        var indexes: [Index] = []
        for (place, element) in elements.enumerated() {
            let path = "\(member.lowerFirst).\(place + 1).member"
            let name = try Self.name(element["IndexName"], at: "\(path).indexName")
            guard name.utf8.count >= 3 else {
                throw .constraint(
                    name, at: "\(path).indexName",
                    "Member must have length greater than or equal to 3")
            }
            try TableName.checkPattern(name, at: "\(path).indexName")
            let keys = try keySchema(
                element["KeySchema"], at: "\(path).keySchema",
                rolesMax: isLocal ? 1 : Self.keysOfRoleMax)
            try checkProjection(element["Projection"], at: "\(path).projection")
            indexes.append(Index(name: name, keys: keys, json: element))
        }
        return indexes
    }

    private func checkProjection(_ json: JSON?, at path: String) throws(ServiceError) {
        guard let json else { throw .constraint(nil, at: path, "Member must not be null") }
        guard let type = json["ProjectionType"]?.string else {
            throw .invalid("Unknown ProjectionType: null")
        }
        guard ["ALL", "INCLUDE", "KEYS_ONLY"].contains(type) else {
            throw .constraint(
                type, at: "\(path).projectionType",
                "Member must satisfy enum value set: [ALL, INCLUDE, KEYS_ONLY]")
        }
        let names = json["NonKeyAttributes"]?.array
        guard names == nil || type == "INCLUDE" else {
            throw .invalid("ProjectionType is \(type), but NonKeyAttributes is specified")
        }
        guard type != "INCLUDE" || !(names ?? []).isEmpty else {
            throw .invalid("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
        }
    }

    private func checkLocal(_ index: Index, tableKeys: [KeyElement]) throws(ServiceError) {
        guard tableKeys.count == 2 else {
            throw .invalid(
                "Table KeySchema does not have a range key, which is required when specifying a "
                    + "LocalSecondaryIndex")
        }
        guard index.keys.count == 2 else {
            throw .invalid("Index KeySchema does not have a range key for index: \(index.name)")
        }
        guard index.keys[0] == tableKeys[0] else {
            throw .invalid(
                "Index KeySchema does not have the same leading hash key as table KeySchema for "
                    + "index: \(index.name). index hash key: \(index.keys[0].attribute), table "
                    + "hash key: \(tableKeys[0].attribute)")
        }
    }

    private func checkGlobal(_ index: Index) throws(ServiceError) {
        let throughput = index.json["ProvisionedThroughput"]
        guard !isOnDemand else {
            guard throughput == nil else {
                throw .invalid(
                    "ProvisionedThroughput should not be specified for index: \(index.name) when "
                        + "BillingMode is PAY_PER_REQUEST")
            }
            return
        }
        guard let throughput else {
            throw .invalid("ProvisionedThroughput is not specified for index: \(index.name)")
        }
        try ThroughputCheck.check(
            throughput, at: "globalSecondaryIndexes.1.member.provisionedThroughput")
    }

    private func checkNames(_ indexes: [Index]) throws(ServiceError) {
        var names: Set<String> = []
        for index in indexes where !names.insert(index.name).inserted {
            throw .invalid("Duplicate index name: \(index.name)")
        }
    }

    /// Every attribute that is defined belongs to some key.
    private func checkAllUsed(
        _ keys: [KeyElement], _ indexes: [Index]
    ) throws(ServiceError) {
        let used = Set((keys + indexes.flatMap(\.keys)).map(\.attribute))
        guard used.count != attributes.count else { return }
        throw .invalid(
            indexes.isEmpty
                ? "Number of attributes in KeySchema does not exactly match number of attributes "
                    + "defined in AttributeDefinitions"
                : "Some AttributeDefinitions are not used. AttributeDefinitions: "
                    + "[\(attributes.joined(separator: ", "))], keys used: "
                    + "[\(used.sorted().joined(separator: ", "))]")
    }
}
