import DynamoModel
import JSON
import Pacing

/// UpdateTable (API reference, UpdateTable): billing mode, throughput and maxima of the table and
/// of
/// its global indexes. The table is UPDATING for a moment.
extension Service {
    func updateTable(_ request: Parameters) throws(ServiceError) -> JSON {
        let name = try request.tableName()
        try request.refuse(
            "StreamSpecification", "SSESpecification", "ReplicaUpdates", "TableClass",
            "DeletionProtectionEnabled", "MultiRegionConsistency", "GlobalTableWitnessUpdates",
            "GlobalTableSettingsReplicationMode", "WarmThroughput", "VectorIndexUpdates")
        let change = try TableChange(request)
        let now = time.now
        guard let table = tables.table(named: name, at: now) else { throw .noSuchTable(name) }
        try admitMutation(of: table, .updateTable)
        let end = tables.phaseEnd(from: now)
        let today = (time.secondsSinceEpoch * 1000).rounded() / 1000
        return try table.itemLock.writing { () throws(ServiceError) in
            guard table.phase(at: now) == .active else {
                throw .inUse(
                    "Attempt to change a resource which is still in use: Table is being "
                        + "\(table.phase(at: now).status.lowercased().dropLast(3))ed: "
                        + table.name)
            }
            let definition = try change.applied(to: table.definition)
            let becomesOnDemand =
                definition.billing.isOnDemand && !table.definition.billing.isOnDemand
            if becomesOnDemand { table.onDemandSince = today }
            table.replaceThroughput(with: definition, at: now)
            table.enter(.updating(until: end))
            return ["TableDescription": table.describe(at: now)]
        }
    }
}

extension Table {
    /// Takes another definition that differs in billing and throughput only. The caller holds
    /// `itemLock` for writing.
    func replaceThroughput(with definition: TableDefinition, at now: Instant) {
        self.definition = definition
        accountLock.withLock {
            account.replaceModel(
                settings.model(definition.billing, second: account.second(at: now)))
            for (position, index) in layout.indexes.enumerated() where index.isGlobal {
                let own = definition.globalIndexes.first { $0.name == index.name }?.throughput
                indexAccounts[position].replaceModel(
                    settings.model(
                        definition.billing.with(own ?? Throughput()),
                        second: account.second(at: now)))
            }
        }
    }
}

/// What an UpdateTable asks for.
private struct TableChange {
    private let mode: String?
    private let throughput: JSON?
    private let maxima: JSON?
    private let indexes: [JSON]

    init(_ request: Parameters) throws(ServiceError) {
        mode = try request.string("BillingMode")
        if let mode, !["PROVISIONED", "PAY_PER_REQUEST"].contains(mode) {
            throw .constraint(
                mode, at: "billingMode",
                "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]")
        }
        throughput = try request.json("ProvisionedThroughput")
        maxima = try request.json("OnDemandThroughput")
        indexes = try request.json("GlobalSecondaryIndexUpdates")?.array ?? []
        if let throughput {
            try ThroughputCheck.check(throughput, at: "provisionedThroughput")
        }
        for update in indexes where update["Update"] == nil {
            throw .unsupported("GlobalSecondaryIndexUpdates without Update")
        }
        guard mode != nil || throughput != nil || maxima != nil || !indexes.isEmpty else {
            throw .validation(
                "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
                    + "GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is "
                    + "required")
        }
    }

    func applied(to old: TableDefinition) throws(ServiceError) -> TableDefinition {
        var new = old
        let isOnDemand = mode.map { $0 == "PAY_PER_REQUEST" } ?? old.billing.isOnDemand
        if isOnDemand, throughput != nil {
            throw .invalid(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                    + "BillingMode is PAY_PER_REQUEST")
        }
        if !isOnDemand, maxima != nil {
            throw .invalid(
                "OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST")
        }
        let wasOnDemand = old.billing.isOnDemand
        if isOnDemand != wasOnDemand {
            guard isOnDemand || throughput != nil else {
                throw .invalid(
                    "ReadCapacityUnits and WriteCapacityUnits must both be specified when "
                        + "BillingMode is PROVISIONED")
            }
            new.billing = isOnDemand ? .onDemand(Throughput()) : .provisioned(Throughput())
            for index in new.globalIndexes.indices {
                new.globalIndexes[index].throughput = Throughput()
            }
        }
        if let throughput {
            new.billing = .provisioned(Throughput(throughput))
            guard new.billing != old.billing || !indexes.isEmpty else {
                throw .validation(
                    "The provisioned throughput for the table will not change. The requested value "
                        + "equals the current value. Current ReadCapacityUnits provisioned for "
                        + "the table: \(old.billing.throughput.readUnits ?? 0). Requested "
                        + "ReadCapacityUnits: \(old.billing.throughput.readUnits ?? 0). Current "
                        + "WriteCapacityUnits provisioned for the table: "
                        + "\(old.billing.throughput.writeUnits ?? 0). Requested "
                        + "WriteCapacityUnits: \(old.billing.throughput.writeUnits ?? 0). Refer "
                        + "to the Amazon DynamoDB Developer Guide for current limits and how to "
                        + "request higher limits.")
            }
        }
        if let maxima { new.billing = .onDemand(new.billing.throughput.limited(by: maxima)) }
        for update in indexes { try apply(update, to: &new, isOnDemand: isOnDemand) }
        return new
    }

    private func apply(
        _ update: JSON, to definition: inout TableDefinition, isOnDemand: Bool
    ) throws(ServiceError) {
        let name = update["Update"]?["IndexName"]?.string ?? ""
        guard let place = definition.globalIndexes.firstIndex(where: { $0.name == name }) else {
            throw ServiceError(
                namespace: .service, name: "ResourceNotFoundException",
                message: "Requested resource not found")
        }
        if let units = update["Update"]?["ProvisionedThroughput"] {
            guard !isOnDemand else {
                throw .invalid(
                    "ProvisionedThroughput should not be specified for index: \(name) when "
                        + "BillingMode is PAY_PER_REQUEST")
            }
            try ThroughputCheck.check(
                units, at: "globalSecondaryIndexUpdates.1.member.update.provisionedThroughput")
            definition.globalIndexes[place].throughput = Throughput(units)
        }
        if let maxima = update["Update"]?["OnDemandThroughput"] {
            let old = definition.globalIndexes[place].throughput
            definition.globalIndexes[place].throughput = old.limited(by: maxima)
        }
    }
}

extension Throughput {
    fileprivate init(_ json: JSON) {
        self.init(
            readUnits: json["ReadCapacityUnits"]?.int, writeUnits: json["WriteCapacityUnits"]?.int)
    }

    /// With the maxima that are given; -1 removes one.
    fileprivate func limited(by json: JSON) -> Throughput {
        func maximum(_ member: String, _ old: Int?) -> Int? {
            guard let value = json[member]?.int else { return old }
            return value > 0 ? value : nil
        }
        return Throughput(
            readUnits: maximum("MaxReadRequestUnits", readUnits),
            writeUnits: maximum("MaxWriteRequestUnits", writeUnits))
    }
}
