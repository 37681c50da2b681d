import DynamoModel
import JSON

/// One thing to be set on a target once its items are there.
package enum SettingStep: Equatable, Sendable {
    /// Of a table of these attributes and this billing.
    case index(IndexDefinition, [KeyAttribute], Billing)
    /// Billing mode and units, of the table and of the indexes that there are.
    case capacity(Billing, indexes: [String: Throughput])
    case tableClass(String)
    case encryption(Encryption)
    case tags([TableSettings.Tag])
    case timeToLive(String)
    case recovery(TableSettings.Recovery)
    case insight(TableSettings.ContributorInsight)
    case scaling(TableSettings.ScalableDimension)
    case scheduled(TableSettings.ScheduledAction)
    case stream(String)
    case kinesis(TableSettings.KinesisDestination)
    case replica(String)
    case policy(String)
    case protection

    /// nil: no setting that could be left out.
    package var setting: Setting? {
        switch self {
        case .index: nil
        case .capacity(let billing, _): billing.isOnDemand ? .maxima : nil
        case .tableClass: .tableClass
        case .encryption: .encryption
        case .tags: .tags
        case .timeToLive: .timeToLive
        case .recovery: .recovery
        case .insight: .insights
        case .scaling: .autoScaling
        case .scheduled: .scheduledScaling
        case .stream: .stream
        case .kinesis: .kinesis
        case .replica: .replicas
        case .policy: .policy
        case .protection: .protection
        }
    }

    /// As it stands in a list: `TTL on expires`.
    package var title: String {
        switch self {
        case .index(let index, _, _): "index \(index.name)"
        case .capacity(let billing, _):
            billing.isOnDemand ? "on-demand billing" : "provisioned units"
        case .tableClass(let name): "table class \(name)"
        case .encryption(.owned): "encryption by DynamoDB's own key"
        case .encryption(.kms(nil)): "encryption by the account's key aws/dynamodb"
        case .encryption(.kms(let key?)): "encryption by \(key)"
        case .tags(let tags): tags.count == 1 ? "tag \(tags[0].key)" : tags.count.counted("tag")
        case .timeToLive(let attribute): "TTL on \(attribute)"
        case .recovery(let recovery):
            "point-in-time recovery" + (recovery.days.map { " of \($0.counted("day"))" } ?? "")
        case .insight(let insight):
            "contributor insights of " + (insight.index.map { "index \($0)" } ?? "the table")
        case .scaling(let dimension):
            "auto scaling of \(dimension.unitsTitle) units"
                + (dimension.index.map { " of index \($0)" } ?? "")
        case .scheduled(let action): "scheduled scaling \(action.name)"
        case .stream(let view): "stream \(view)"
        case .kinesis(let destination): "Kinesis destination \(destination.streamARN)"
        case .replica(let region): "replica in \(region)"
        case .policy: "resource policy"
        case .protection: "deletion protection"
        }
    }

    /// How a target that was there before differs from it, in words.
    /// - Parameter settings: the target's.
    package func difference(from settings: TableSettings) -> String {
        switch self {
        case .recovery(let wanted):
            guard let days = wanted.days, let found = settings.recovery?.days else { break }
            return "point-in-time recovery: \(days.counted("day")) at the source, \(found) at the"
                + " target"
        default: break
        }
        return "\(title): not there"
    }

    /// It has a call of its own instead of being a change by UpdateTable.
    package var isCall: Bool {
        switch self {
        case .tags, .timeToLive, .recovery, .insight, .scaling, .scheduled, .kinesis, .policy: true
        case .index, .capacity, .tableClass, .encryption, .stream, .replica, .protection: false
        }
    }

    /// What UpdateTable is to be asked of a table as it stands; nil when it is so already.
    package func change(of table: TableDescription) -> JSON? {
        guard !isDone(table) else { return nil }
        switch self {
        case .index(let index, let attributes, let billing):
            return Self.creation(index, attributes, isOnDemand: billing.isOnDemand)
        case .capacity(let billing, let indexes):
            return Self.capacity(billing, indexes, of: table.definition)
        case .tableClass(let name): return ["TableClass": .string(name)]
        case .encryption(let encryption):
            return ["SSESpecification": encryption.specification ?? ["Enabled": false]]
        case .stream(let view):
            return [
                "StreamSpecification": ["StreamEnabled": true, "StreamViewType": .string(view)]
            ]
        case .replica(let region):
            return ["ReplicaUpdates": [["Create": ["RegionName": .string(region)]]]]
        case .protection: return ["DeletionProtectionEnabled": true]
        case .tags, .timeToLive, .recovery, .insight, .scaling, .scheduled, .kinesis, .policy:
            return nil
        }
    }

    /// Whether a table is as this would make it, as far as its description tells.
    private func isDone(_ table: TableDescription) -> Bool {
        let definition = table.definition
        switch self {
        case .index(let index, _, _):
            return definition.globalIndexes.contains { $0.name == index.name }
        case .capacity(let billing, let indexes):
            return definition.billing == billing
                && definition.globalIndexes.allSatisfy { index in
                    indexes[index.name].map { $0 == index.throughput } ?? true
                }
        case .tableClass(let name): return definition.tableClass == name
        case .encryption(let encryption): return definition.encryption.isAs(encryption)
        case .stream(let view): return definition.stream == view
        case .replica(let region): return table.replicaRegions.contains(region)
        case .protection: return definition.isProtected
        case .tags, .timeToLive, .recovery, .insight, .scaling, .scheduled, .kinesis, .policy:
            return false
        }
    }

    private static func creation(
        _ index: IndexDefinition, _ attributes: [KeyAttribute], isOnDemand: Bool
    ) -> JSON {
        var creation = index.json
        index.throughput.add(to: &creation, isOnDemand: isOnDemand)
        return [
            "AttributeDefinitions": .array(
                attributes.map {
                    ["AttributeName": .string($0.name), "AttributeType": .string($0.type.rawValue)]
                }),
            "GlobalSecondaryIndexUpdates": [["Create": creation]],
        ]
    }

    /// Numbers that a table or an index has already may not be asked for again.
    private static func capacity(
        _ billing: Billing, _ indexes: [String: Throughput], of table: TableDefinition
    ) -> JSON {
        let changesMode = billing.isOnDemand != table.billing.isOnDemand
        var change: JSON = [
            "BillingMode": billing.isOnDemand ? "PAY_PER_REQUEST" : "PROVISIONED"
        ]
        if changesMode || billing != table.billing {
            billing.throughput.add(to: &change, isOnDemand: billing.isOnDemand)
        }
        let updates = indexes.sorted { $0.key < $1.key }.compactMap { name, throughput -> JSON? in
            guard changesMode || table.indexUnits[name] != throughput else { return nil }
            var update: JSON = ["IndexName": .string(name)]
            throughput.add(to: &update, isOnDemand: billing.isOnDemand)
            return (update.members?.count ?? 0) > 1 ? ["Update": update] : nil
        }
        if !updates.isEmpty { change["GlobalSecondaryIndexUpdates"] = .array(updates) }
        return change
    }
}

extension TableSettings.ScalableDimension {
    fileprivate var unitsTitle: String { dimension.contains("Write") ? "write" : "read" }
}

extension Encryption {
    /// Whether it is what was asked for: the account's own key is named only by the service.
    package func isAs(_ wanted: Encryption) -> Bool {
        switch (self, wanted) {
        case (.owned, .owned), (.kms, .kms(nil)): true
        // A key may be asked for by its id, and is reported by its ARN.
        case (.kms(let key?), .kms(let other?)): key == other || key.hasSuffix("/" + other)
        default: false
        }
    }
}
