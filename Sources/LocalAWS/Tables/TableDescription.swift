import DynamoModel
import JSON
import Pacing

extension Table {
    /// What DescribeTable tells (API reference, TableDescription).
    func description(at now: Instant) -> JSON {
        itemLock.writing {
            refreshReport(at: now)
            return describe(at: now)
        }
    }

    /// The same for a caller that holds `itemLock` for writing.
    func describe(at now: Instant) -> JSON {
        settleIndexes(at: now)
        let phase = phase(at: now)
        let attributes = definition.attributes.sorted {
            $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
        }
        var table: JSON = [
            "AttributeDefinitions": .array(
                attributes.map {
                    ["AttributeName": .string($0.name), "AttributeType": .string($0.type.rawValue)]
                }),
            "TableName": .string(name),
            "KeySchema": definition.keys.json,
            "TableStatus": .string(phase.status),
            "CreationDateTime": JSON(createdAt),
            "ProvisionedThroughput": Self.provisioned(definition.billing),
            "TableSizeBytes": JSON(reported.bytes),
            "ItemCount": JSON(reported.count),
            "TableArn": .string(arn),
            "TableId": .string(identifier),
        ]
        if let onDemandSince {
            table["BillingModeSummary"] = [
                "BillingMode": definition.billing.isOnDemand ? "PAY_PER_REQUEST" : "PROVISIONED",
                "LastUpdateToPayPerRequestDateTime": JSON(onDemandSince),
            ]
        }
        table["OnDemandThroughput"] = Self.maxima(definition.billing)
        describeFeatures(in: &table, at: now)
        let globals = definition.globalIndexes.map { describe($0, isGlobal: true, at: now) }
        if !globals.isEmpty { table["GlobalSecondaryIndexes"] = .array(globals) }
        let locals = definition.localIndexes.map { describe($0, isGlobal: false, at: now) }
        if !locals.isEmpty { table["LocalSecondaryIndexes"] = .array(locals) }
        return table
    }

    private func describeFeatures(in table: inout JSON, at now: Instant) {
        table["DeletionProtectionEnabled"] = .bool(features.isDeletionProtected)
        table["WarmThroughput"] = Self.warm(definition.billing, features.warm, at: now)
        features.stream.describe(in: &table, tableARN: arn)
        let key = features.encryptionKey
        // While a key is being changed the old one is reported; there is none when it is the first.
        if let keyARN = key.value(at: now) ?? key.target {
            table["SSEDescription"] = [
                "Status": key.isSettled(at: now) ? "ENABLED" : "UPDATING",
                "SSEType": "KMS",
                "KMSMasterKeyArn": .string(keyARN),
            ]
        }
        if let tableClass = features.tableClass.value(at: now) {
            var summary: JSON = ["TableClass": .string(tableClass.rawValue)]
            summary["LastUpdateDateTime"] = features.tableClassChangedAt.map { JSON($0) }
            table["TableClassSummary"] = summary
        }
    }

    private func describe(_ index: IndexDefinition, isGlobal: Bool, at now: Instant) -> JSON {
        var json = index.json
        let position = layout.indexes.firstIndex { $0.name == index.name }
        json["IndexSizeBytes"] = JSON(position.map { reported.indexBytes[$0] } ?? 0)
        json["ItemCount"] = JSON(position.map { reported.indexCounts[$0] } ?? 0)
        json["IndexArn"] = .string("\(arn)/index/\(index.name)")
        guard isGlobal else { return json }
        let billing = definition.billing.with(index.throughput)
        describePhase(of: index.name, in: &json, at: now)
        json["ProvisionedThroughput"] = Self.provisioned(billing)
        json["OnDemandThroughput"] = Self.maxima(billing)
        json["WarmThroughput"] = Self.warm(
            billing, features.indexWarm[index.name] ?? DelayedSetting(nil), at: now)
        return json
    }

    /// The indexes of a table that is being created or deleted are so with it.
    private func describePhase(of index: String, in json: inout JSON, at now: Instant) {
        switch (phase(at: now), indexPhases[index]) {
        case (.creating, _): json["IndexStatus"] = "CREATING"
        case (.deleting, _): json["IndexStatus"] = "DELETING"
        case (_, nil): json["IndexStatus"] = "ACTIVE"
        case (_, let phase?):
            json["IndexStatus"] = .string(phase.status)
            guard case .creating(let allocatedAt, _) = phase else { return }
            json["Backfilling"] = .bool(now >= allocatedAt)
            if !rules.liveCounts {
                json["IndexSizeBytes"] = 0
                json["ItemCount"] = 0
            }
        }
    }

    /// An on-demand table reports 0 and 0.
    private static func provisioned(_ billing: Billing) -> JSON {
        let units =
            billing.isOnDemand ? Throughput(readUnits: 0, writeUnits: 0) : billing.throughput
        return [
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": JSON(units.readUnits ?? 1),
            "WriteCapacityUnits": JSON(units.writeUnits ?? 1),
        ]
    }

    private static func maxima(_ billing: Billing) -> JSON? {
        guard case .onDemand(let maxima) = billing,
            maxima.readUnits != nil || maxima.writeUnits != nil
        else { return nil }
        return [
            "MaxReadRequestUnits": JSON(maxima.readUnits ?? -1),
            "MaxWriteRequestUnits": JSON(maxima.writeUnits ?? -1),
        ]
    }

    private static func warm(
        _ billing: Billing, _ asked: DelayedSetting<WarmUnits?>, at now: Instant
    ) -> JSON {
        let units = WarmUnits(billing, asked: asked.value(at: now))
        return [
            "ReadUnitsPerSecond": JSON(units.reads), "WriteUnitsPerSecond": JSON(units.writes),
            "Status": asked.isSettled(at: now) ? "ACTIVE" : "UPDATING",
        ]
    }
}

extension Table.Phase {
    var status: String {
        switch self {
        case .creating: "CREATING"
        case .active: "ACTIVE"
        case .updating: "UPDATING"
        case .deleting: "DELETING"
        }
    }
}

extension ServiceError {
    /// A table that is being created, updated or deleted.
    static func busy(_ table: String, _ phase: Table.Phase) -> ServiceError {
        let participle = phase.status.lowercased().dropLast(3)
        return .stillInUse("Table is being \(participle)ed: \(table)")
    }
}
