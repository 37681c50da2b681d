import DynamoModel
import JSON

/// Checks the definition in a CreateTable, rule by rule, with the service's texts.
struct DefinitionCheck {
    static let globalIndexesMax = 20
    private static let localIndexesMax = 5
    /// Of all indexes of a table together (guide, "Service quotas").
    private static let projectedMax = 100

    private let request: Parameters
    private let keySchemas: KeySchemaCheck
    private let isOnDemand: Bool

    init(_ request: Parameters) throws(ServiceError) {
        self.request = request
        isOnDemand = try BillingModeCheck.isOnDemand(request) ?? false
        guard let definitions = try request.json("AttributeDefinitions")?.array else {
            throw .constraint(nil, at: "attributeDefinitions", "Member must not be null")
        }
        keySchemas = try KeySchemaCheck(definitions)
    }

    private var indexCheck: IndexCheck {
        IndexCheck(keySchemas: keySchemas, isOnDemand: isOnDemand)
    }

    /// The table that is asked for.
    func definition(named name: String) throws(ServiceError) -> TableDefinition {
        try checkThroughput()
        let keys = try keySchemas.keys(
            try request.json("KeySchema"), at: "keySchema", rolesMax: 1)
        let locals = try indexes("LocalSecondaryIndexes", max: Self.localIndexesMax)
        let globals = try indexes("GlobalSecondaryIndexes", max: Self.globalIndexesMax)
        try checkAllUsed(keys, locals + globals)
        for index in locals { try indexCheck.checkLocal(index, tableKeys: keys) }
        for index in globals { try indexCheck.checkUnits(index) }
        try checkTogether(locals + globals)
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

    /// The warm throughput that is asked for with each global index.
    func indexWarm() throws(ServiceError) -> [String: WarmUnits] {
        var warm: [String: WarmUnits] = [:]
        for index in try indexes("GlobalSecondaryIndexes", max: Self.globalIndexesMax) {
            warm[index.name] = try indexCheck.warm(index)
        }
        return warm
    }

    private func checkThroughput() throws(ServiceError) {
        if let maxima = try request.json("OnDemandThroughput") {
            try ThroughputCheck.checkMaxima(
                maxima, isOnDemand: isOnDemand, mayClear: false, of: "table")
        }
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
    }

    // MARK: Indexes

    private func indexes(_ member: String, max: Int) throws(ServiceError) -> [CheckedIndex] {
        guard let elements = try request.json(member)?.array else { return [] }
        guard !elements.isEmpty else { throw .invalid("List of \(member) is empty") }
        guard elements.count <= max else {
            throw .invalid(
                max == Self.localIndexesMax
                    ? "Number of LocalSecondaryIndexes exceeds per-table limit of \(max)"
                    : "GlobalSecondaryIndex count exceeds the per-table limit of \(max)")
        }
        let isLocal = max == Self.localIndexesMax
        var indexes: [CheckedIndex] = []
        for (place, element) in elements.enumerated() {
            let path = "\(member.lowerFirst).\(place + 1).member"
            indexes.append(try indexCheck.index(element, at: path, isLocal: isLocal))
        }
        return indexes
    }

    /// What no index breaks by itself: names, and how much all of them project.
    private func checkTogether(_ indexes: [CheckedIndex]) throws(ServiceError) {
        var names: Set<String> = []
        for index in indexes where !names.insert(index.name).inserted {
            throw .invalid("Duplicate index name: \(index.name)")
        }
        let projected = indexes.reduce(0) {
            $0 + ($1.json["Projection"]?["NonKeyAttributes"]?.array?.count ?? 0)
        }
        guard projected <= Self.projectedMax else {
            throw .invalid(
                "Number of projected attributes \(projected) exceeds the limit of "
                    + "\(Self.projectedMax) for all secondary indexes")
        }
    }

    /// Every attribute that is defined belongs to some key.
    private func checkAllUsed(
        _ keys: [KeyElement], _ indexes: [CheckedIndex]
    ) throws(ServiceError) {
        let attributes = keySchemas.attributes
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

enum BillingModeCheck {
    /// Whether a request asks for on-demand billing; nil when it asks for none.
    static func isOnDemand(_ request: Parameters) throws(ServiceError) -> Bool? {
        guard let mode = try request.string("BillingMode") else { return nil }
        guard ["PROVISIONED", "PAY_PER_REQUEST"].contains(mode) else {
            throw .constraint(
                mode, at: "billingMode",
                "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]")
        }
        return mode == "PAY_PER_REQUEST"
    }
}
