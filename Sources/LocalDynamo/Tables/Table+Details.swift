import DynamoModel
import ItemBytes
import LocalItems
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

    private var known: TableDetails {
        guard let details = details as? TableDetails else {
            preconditionFailure("the table \(name) was made elsewhere")
        }
        return details
    }

    var identifier: String { known.identifier }
    var createdAt: Double { known.createdAt }

    var definition: TableDefinition {
        get { known.definition }
        set { known.definition = newValue }
    }

    var features: TableFeatures {
        get { known.features }
        set { known.features = newValue }
    }

    var onDemandSince: Double? {
        get { known.onDemandSince }
        set { known.onDemandSince = newValue }
    }

    var indexPhases: [String: IndexPhase] {
        get { known.indexPhases }
        set { known.indexPhases = newValue }
    }

    /// The census as it is told, and since when.
    var reported: Census {
        get { known.reported }
        set { known.reported = newValue }
    }

    func hasBackups(at now: Instant) -> Bool { known.hasBackups(at: now) }

    /// Takes the census for the time being, as the service does every six hours.
    func refreshReport(at now: Instant) {
        let isStale = now - known.reportedAt >= .seconds(6 * 3600)
        guard rules.liveCounts || isStale else { return }
        settleReport(at: now)
    }

    /// The caller holds `itemLock` for writing.
    func settleReport(at now: Instant) {
        known.reported = census
        known.reportedAt = now
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
