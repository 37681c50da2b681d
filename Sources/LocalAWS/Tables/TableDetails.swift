import DynamoModel
import Pacing

/// What is known of a table apart from its items. Its `var`s are guarded by the table's `itemLock`.
final class TableDetails: @unchecked Sendable {
    // @unchecked: every `var` is guarded by the lock that the comment above names.

    /// A UUID.
    let identifier: String
    /// Seconds since 1970.
    let createdAt: Double
    private let backupsReadyAt: Instant

    var definition: TableDefinition
    var features: TableFeatures
    /// When the table was switched to on-demand, in seconds since 1970.
    var onDemandSince: Double?
    /// Of the global indexes that are on their way, or were.
    var indexPhases: [String: IndexPhase] = [:]
    /// The census as reported, and since when: the service refreshes it about every six hours.
    var reported: Table.Census
    var reportedAt: Instant

    init(
        _ definition: TableDefinition, _ features: TableFeatures, identifier: String,
        createdAt: Double, backupsReadyAt: Instant, reported: Table.Census, reportedAt: Instant
    ) {
        self.definition = definition
        self.features = features
        self.identifier = identifier
        self.createdAt = createdAt
        self.backupsReadyAt = backupsReadyAt
        self.reported = reported
        self.reportedAt = reportedAt
        onDemandSince = definition.billing.isOnDemand ? createdAt : nil
    }

    func hasBackups(at now: Instant) -> Bool { now >= backupsReadyAt }
}
