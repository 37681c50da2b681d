import DynamoModel
import Pacing

/// Making tables, and what is known of them.
extension Table {
    /// - Parameters:
    ///   - identifier: a UUID.
    ///   - createdAt: seconds since 1970.
    convenience init(
        _ definition: TableDefinition, schema: KeySchema, _ features: TableFeatures, arn: String,
        identifier: String, createdAt: Double, backupsReadyAt: Instant, rules: TableRules,
        at now: Instant, phase: Phase
    ) {
        let layout = TableLayout(definition, schema: schema)
        let indexAccounts = layout.indexes.map { index in
            let throughput =
                definition.globalIndexes.first { $0.name == index.name }?.throughput
            return rules.account(
                definition.billing.with(throughput ?? Throughput()),
                warm: features.indexWarm[index.name]?.target ?? nil, at: now)
        }
        self.init(
            name: definition.name, arn: arn, layout: layout,
            account: rules.account(definition.billing, warm: features.warm.target, at: now),
            indexAccounts: indexAccounts, rules: rules, phase: phase,
            details: TableDetails(
                definition, features, identifier: identifier, createdAt: createdAt,
                backupsReadyAt: backupsReadyAt,
                reported: Census(indexes: layout.indexes.count), reportedAt: now))
    }

    var identifier: String { details.identifier }
    var createdAt: Double { details.createdAt }

    var definition: TableDefinition {
        get { details.definition }
        set { details.definition = newValue }
    }

    var features: TableFeatures {
        get { details.features }
        set { details.features = newValue }
    }

    var onDemandSince: Double? {
        get { details.onDemandSince }
        set { details.onDemandSince = newValue }
    }

    var indexPhases: [String: IndexPhase] {
        get { details.indexPhases }
        set { details.indexPhases = newValue }
    }

    /// The census as it is reported, and since when.
    var reported: Census {
        get { details.reported }
        set { details.reported = newValue }
    }

    func hasBackups(at now: Instant) -> Bool { details.hasBackups(at: now) }

    /// Takes the census for the time being, as the service does every six hours.
    func refreshReport(at now: Instant) {
        let isStale = now - details.reportedAt >= .seconds(6 * 3600)
        guard rules.liveCounts || isStale else { return }
        settleReport(at: now)
    }

    /// The caller holds `itemLock` for writing.
    func settleReport(at now: Instant) {
        details.reported = census
        details.reportedAt = now
    }
}

extension TableRules {
    func account(_ billing: Billing, warm: WarmUnits?, at now: Instant) -> UnitAccount {
        var account = UnitAccount(
            model: nil, partitions: partitions ?? 1, timeScale: timeScale)
        account.replaceModel(model(billing, warm: warm, second: account.second(at: now)))
        return account
    }

    func model(_ billing: Billing, warm: WarmUnits?, second: Int64) -> CapacityModel? {
        guard isLimited else { return nil }
        return CapacityModel(
            billing: billing, warm: warm, partitions: partitions, burstSeconds: burstSeconds,
            second: second)
    }
}

extension Billing {
    /// The same mode with other units.
    func with(_ throughput: Throughput) -> Billing {
        isOnDemand ? .onDemand(throughput) : .provisioned(throughput)
    }
}
