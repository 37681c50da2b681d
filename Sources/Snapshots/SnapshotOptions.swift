import DynamoDB

/// What the user asked for of a table's export by DynamoDB itself.
package struct SnapshotOptions: Equatable, Sendable {
    package enum Extent: Equatable, Sendable {
        /// All items, as they were then; nil: as late as can be.
        case full(at: Int?)
        /// What has changed since, as one export after another.
        case changes(since: Start)
    }

    /// Where a chain of incremental exports begins.
    package enum Start: Equatable, Sendable {
        /// In seconds since 1970.
        case time(Int)
        /// Where this export has ended, by its ARN or id: see ``SnapshotWindows/start(after:)``.
        case export(String)
    }

    package var extent = Extent.full(at: nil)
    package var bucketOwner: String?
    package var encryption: ExportRequest.Encryption?
    /// Between two looks at an export.
    package var pollEvery = pollUsual
    package var giveUpAfter: Duration = .seconds(15 * 60)

    package static let pollUsual = Duration.seconds(15)

    package init() {}
}
