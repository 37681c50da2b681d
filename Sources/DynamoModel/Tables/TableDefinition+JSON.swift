import JSON

/// A description or definition of a table that lacks what it must have.
package struct TableDefinitionError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
}

extension TableDefinition {
    /// Reads the members that CreateTable's input and DescribeTable's `Table` have in common.
    ///
    /// An absent `BillingModeSummary` (and `BillingMode`) means provisioned; the 0/0 throughput
    /// that an on-demand table reports is dropped (API reference, BillingModeSummary and
    /// ProvisionedThroughputDescription).
    /// - Throws: ``TableDefinitionError`` that names the member which is missing or wrong.
    package init(_ json: JSON) throws(TableDefinitionError) {
        guard let name = json["TableName"]?.string else { throw .missing("TableName") }
        let mode = json["BillingModeSummary"]?["BillingMode"] ?? json["BillingMode"]
        let isOnDemand = mode?.string == "PAY_PER_REQUEST"
        self.init(
            name: name,
            attributes: try Self.attributes(json["AttributeDefinitions"]),
            keys: try Self.keys(json["KeySchema"]),
            globalIndexes: try Self.indexes(json["GlobalSecondaryIndexes"], isOnDemand: isOnDemand),
            localIndexes: try Self.indexes(json["LocalSecondaryIndexes"], isOnDemand: isOnDemand),
            billing: isOnDemand
                ? .onDemand(Throughput(onDemand: json["OnDemandThroughput"]))
                : .provisioned(Throughput(provisioned: json["ProvisionedThroughput"])))
        let tableClass = json["TableClassSummary"]?["TableClass"] ?? json["TableClass"]
        self.tableClass = tableClass?.string ?? Self.standardClass
        encryption = Encryption(description: json["SSEDescription"])
        if json["StreamSpecification"]?["StreamEnabled"]?.bool == true {
            stream = json["StreamSpecification"]?["StreamViewType"]?.string
        }
        isProtected = json["DeletionProtectionEnabled"]?.bool ?? false
    }

    private static func attributes(
        _ json: JSON?
    ) throws(TableDefinitionError) -> [KeyAttribute] {
        var attributes: [KeyAttribute] = []
        for element in json?.array ?? [] {
            guard let name = element["AttributeName"]?.string,
                let type = element["AttributeType"]?.string.flatMap(ScalarType.init)
            else { throw .missing("AttributeDefinitions") }
            attributes.append(KeyAttribute(name: name, type: type))
        }
        return attributes
    }

    private static func keys(_ json: JSON?) throws(TableDefinitionError) -> [KeyElement] {
        var keys: [KeyElement] = []
        for element in json?.array ?? [] {
            guard let name = element["AttributeName"]?.string,
                let role = element["KeyType"]?.string.flatMap(KeyElement.Role.init)
            else { throw .missing("KeySchema") }
            keys.append(KeyElement(attribute: name, role: role))
        }
        guard !keys.isEmpty else { throw .missing("KeySchema") }
        return keys
    }

    private static func indexes(
        _ json: JSON?, isOnDemand: Bool
    ) throws(TableDefinitionError) -> [IndexDefinition] {
        var indexes: [IndexDefinition] = []
        for element in json?.array ?? [] {
            guard let name = element["IndexName"]?.string else { throw .missing("IndexName") }
            let included = element["Projection"]?["NonKeyAttributes"]?.array ?? []
            let projection: IndexDefinition.Projection =
                switch element["Projection"]?["ProjectionType"]?.string {
                case "KEYS_ONLY": .keysOnly
                case "INCLUDE": .include(included.compactMap(\.string))
                default: .all
                }
            indexes.append(
                IndexDefinition(
                    name: name, keys: try keys(element["KeySchema"]), projection: projection,
                    throughput: isOnDemand
                        ? Throughput(onDemand: element["OnDemandThroughput"])
                        : Throughput(provisioned: element["ProvisionedThroughput"])))
        }
        return indexes
    }

    /// The input of CreateTable. Streams and deletion protection are not in it: they are switched
    /// on when the table is as it is to be.
    package var creationRequest: JSON {
        var request: JSON = [
            "TableName": .string(name),
            "AttributeDefinitions": .array(
                attributes.map {
                    ["AttributeName": .string($0.name), "AttributeType": .string($0.type.rawValue)]
                }),
            "KeySchema": keys.json,
            "BillingMode": billing.isOnDemand ? "PAY_PER_REQUEST" : "PROVISIONED",
        ]
        billing.throughput.add(to: &request, isOnDemand: billing.isOnDemand)
        if !globalIndexes.isEmpty {
            request["GlobalSecondaryIndexes"] = .array(
                globalIndexes.map {
                    var index = $0.json
                    $0.throughput.add(to: &index, isOnDemand: billing.isOnDemand)
                    index["WarmThroughput"] = warmThroughput
                    return index
                })
        }
        if !localIndexes.isEmpty {
            request["LocalSecondaryIndexes"] = .array(localIndexes.map(\.json))
        }
        request["WarmThroughput"] = warmThroughput
        if tableClass != Self.standardClass { request["TableClass"] = .string(tableClass) }
        if let specification = encryption.specification {
            request["SSESpecification"] = specification
        }
        return request
    }
}

extension TableDefinition {
    private var warmThroughput: JSON? {
        warmWriteUnits.map { ["WriteUnitsPerSecond": JSON($0)] }
    }
}

extension TableDefinitionError {
    static func missing(_ member: String) -> Self {
        .init(description: "DescribeTable tells of no usable \(member)")
    }
}

extension Encryption {
    /// The service's key has no description at all; one that is being switched off is not on.
    init(description json: JSON?) {
        switch json?["Status"]?.string {
        case "ENABLED", "ENABLING", "UPDATING":
            self = .kms(key: json?["KMSMasterKeyArn"]?.string)
        default: self = .owned
        }
    }

    /// What CreateTable and UpdateTable take; nil for the service's own key, which is the standard.
    package var specification: JSON? {
        guard case .kms(let key) = self else { return nil }
        var json: JSON = ["Enabled": true, "SSEType": "KMS"]
        if let key { json["KMSMasterKeyId"] = .string(key) }
        return json
    }
}

extension [KeyElement] {
    package var json: JSON {
        .array(
            map { ["AttributeName": .string($0.attribute), "KeyType": .string($0.role.rawValue)] })
    }
}

extension IndexDefinition {
    /// What local and global indexes have in common in CreateTable and DescribeTable.
    package var json: JSON {
        var projection: JSON
        switch self.projection {
        case .all: projection = ["ProjectionType": "ALL"]
        case .keysOnly: projection = ["ProjectionType": "KEYS_ONLY"]
        case .include(let names):
            projection = ["ProjectionType": "INCLUDE"]
            projection["NonKeyAttributes"] = .array(names.map(JSON.string))
        }
        return ["IndexName": .string(name), "KeySchema": keys.json, "Projection": projection]
    }
}

extension Throughput {
    /// Nothing is provisioned with 0 units: a server that says so does not know.
    init(provisioned json: JSON?) {
        let range = 1...ServiceRanges.provisionedUnits.upperBound
        self.init(
            readUnits: json?["ReadCapacityUnits"]?.int(in: range),
            writeUnits: json?["WriteCapacityUnits"]?.int(in: range))
    }

    /// -1 is the service's word for "no maximum".
    init(onDemand json: JSON?) {
        func maximum(_ name: String) -> Int? {
            json?[name]?.int(in: 1...ServiceRanges.maximumUnits.upperBound)
        }
        self.init(
            readUnits: maximum("MaxReadRequestUnits"), writeUnits: maximum("MaxWriteRequestUnits"))
    }

    /// Adds what CreateTable and UpdateTable take of it, for a table or an index.
    package func add(to request: inout JSON, isOnDemand: Bool) {
        guard isOnDemand else {
            request["ProvisionedThroughput"] = [
                "ReadCapacityUnits": JSON(readUnits ?? 1),
                "WriteCapacityUnits": JSON(writeUnits ?? 1),
            ]
            return
        }
        guard readUnits != nil || writeUnits != nil else { return }
        var maxima: JSON = [:]
        if let readUnits { maxima["MaxReadRequestUnits"] = JSON(readUnits) }
        if let writeUnits { maxima["MaxWriteRequestUnits"] = JSON(writeUnits) }
        request["OnDemandThroughput"] = maxima
    }
}
