import DynamoModel
import JSON

/// An index in a CreateTable or UpdateTable, its name, keys and projection checked.
struct CheckedIndex {
    let name: String
    let keys: [KeyElement]
    let json: JSON
    /// Where it stands in the request, as constraints spell it.
    let path: String
}

/// Checks one index, rule by rule, with the service's texts.
struct IndexCheck {
    /// Elements of one role in a global index's key (guide, "Global secondary indexes").
    private static let keysOfRoleMax = 4
    /// Of one index (API reference, NonKeyAttributeNameList).
    private static let projectedMax = 20

    let keySchemas: KeySchemaCheck
    let isOnDemand: Bool

    func index(
        _ json: JSON, at path: String, isLocal: Bool
    ) throws(ServiceError) -> CheckedIndex {
        let name = try KeySchemaCheck.name(json["IndexName"], at: "\(path).indexName")
        try TableName.check(name, at: "\(path).indexName")
        let keys = try keySchemas.keys(
            json["KeySchema"], at: "\(path).keySchema",
            rolesMax: isLocal ? 1 : Self.keysOfRoleMax)
        try checkProjection(json["Projection"], at: "\(path).projection")
        return CheckedIndex(name: name, keys: keys, json: json, path: path)
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
        let members = json["NonKeyAttributes"]?.array
        var names: [String]?
        for (place, member) in (members ?? []).enumerated() {
            names =
                (names ?? []) + [
                    try KeySchemaCheck.name(
                        member, at: "\(path).nonKeyAttributes.\(place + 1).member")
                ]
        }
        guard names == nil || type == "INCLUDE" else {
            throw .invalid("ProjectionType is \(type), but NonKeyAttributes is specified")
        }
        guard type != "INCLUDE" || !(names ?? []).isEmpty else {
            throw .invalid("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
        }
        guard (names ?? []).count <= Self.projectedMax else {
            throw .constraint(
                "[\(names?.count ?? 0) attributes]", at: "\(path).nonKeyAttributes",
                "Member must have length less than or equal to \(Self.projectedMax)")
        }
        for (place, name) in (names ?? []).enumerated()
        where names?.prefix(place).contains(name) ?? false {
            throw .invalid("Duplicate value in NonKeyAttributes: \(name)")
        }
    }

    func checkLocal(_ index: CheckedIndex, tableKeys: [KeyElement]) throws(ServiceError) {
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

    /// Checks what a global index may take.
    func checkUnits(_ index: CheckedIndex) throws(ServiceError) {
        if let maxima = index.json["OnDemandThroughput"] {
            try ThroughputCheck.checkMaxima(
                maxima, isOnDemand: isOnDemand, mayClear: false, of: "index : \(index.name)")
        }
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
        try ThroughputCheck.check(throughput, at: "\(index.path).provisionedThroughput")
    }

    /// The warm throughput that is asked for with the index; nil when none is.
    func warm(_ index: CheckedIndex) throws(ServiceError) -> WarmUnits? {
        guard let asked = index.json["WarmThroughput"] else { return nil }
        let billing: Billing =
            isOnDemand
            ? .onDemand(Throughput())
            : .provisioned(Throughput(provisioned: index.json["ProvisionedThroughput"]))
        return try ThroughputCheck.initialWarm(asked, billing, of: "index \(index.name)")
    }
}
