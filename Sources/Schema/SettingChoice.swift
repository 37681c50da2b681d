import DynamoModel

/// What the user wants of the tables' settings.
package struct SettingChoice: Equatable, Sendable {
    /// Those that are left out.
    package var without: Set<Setting> = []
    /// A target that was there before is made equal too.
    package var appliesToExisting = false
    /// For what can't be carried to another account or region as it is: given instead.
    package var kmsKey: String?
    package var policy: String?
    package var kinesisStream: String?
    package var replicas: [String] = []
    /// How targets that are made are paid for; nil: as the source.
    package var billing: BillingMode?
    /// Units of targets that are made, and of each of their indexes; they make them provisioned.
    package var capacity: Throughput?

    package init() {}

    package var wanted: Set<Setting> { Set(Setting.allCases).subtracting(without) }
}

package enum BillingMode: String, CaseIterable, Sendable {
    case onDemand = "on-demand"
    case provisioned
    case source
}

extension SettingChoice {
    /// Whether what is made is on demand, of a source that is so or not.
    package func makesOnDemand(of isOnDemand: Bool) -> Bool {
        if capacity != nil { return false }
        switch billing {
        case .onDemand?: return true
        case .provisioned?: return false
        case .source?, nil: return isOnDemand
        }
    }
}

/// Which part of a table is copied.
package enum CopyPart: String, Equatable, Sendable {
    case all
    /// The table and its settings, and no items.
    case schema
    /// Items only, into tables that are there.
    case data
}

/// When a table's global indexes are made.
package enum IndexTiming: String, CaseIterable, Sendable {
    /// With the table: each item is written to its indexes as it arrives.
    case with
    /// Once the items are there: the service fills indexes at no charge of write units, and an
    /// item whose key does not fit an index is left out of it instead of being refused (guide,
    /// "Managing global secondary indexes").
    case after

    /// Building an index takes minutes at least, however small the table, and saves units in
    /// proportion to its size.
    package static func standard(forBytes bytes: Int) -> IndexTiming {
        bytes >= 10 << 30 ? .after : .with
    }
}
