/// What a table is beside its keys, indexes and billing: settings that do not matter to its items.
///
/// A value, guarded by its table's `itemLock`.
struct TableFeatures: Sendable {
    enum TableClass: String, CaseIterable, Sendable {
        case standard = "STANDARD"
        case infrequentAccess = "STANDARD_INFREQUENT_ACCESS"
    }

    /// Nil when it was never anything but the standard class.
    var tableClass = DelayedSetting<TableClass?>(nil)
    /// In seconds since 1970.
    var tableClassChangedAt: Double?
    var isDeletionProtected = false
    /// The ARN of the key in AWS KMS; nil for the key that AWS owns.
    var encryptionKey = DelayedSetting<String?>(nil)
    var stream = StreamSetting()
    /// What was asked for; nil when billing alone decides.
    var warm = DelayedSetting<WarmUnits?>(nil)
    /// The same by global index.
    var indexWarm: [String: DelayedSetting<WarmUnits?>] = [:]
    var tags = TagSet()
    var timeToLive = TimeToLiveSetting()
    var policies = ResourcePolicies()
    var recovery = PointInTimeRecovery()
    /// By global index; the table's own under the empty name.
    var insights: [String: ContributorInsights] = [:]
    var kinesis = KinesisDestinations()

    /// Forgets what belongs to an index that is gone.
    mutating func forget(index: String) {
        indexWarm[index] = nil
        insights[index] = nil
    }
}
