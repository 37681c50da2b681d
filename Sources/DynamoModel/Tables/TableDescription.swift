import JSON

/// A table as DescribeTable reports it: its definition, and what it is now.
package struct TableDescription: Equatable, Sendable {
    package var definition: TableDefinition
    package var schema: KeySchema
    /// `ACTIVE`, `CREATING`, ...
    package var status: String
    package var arn: String?
    package var id: String?
    /// Up to six hours old: for order, progress and estimates only (API reference,
    /// TableDescription).
    package var itemCount: Int
    package var sizeBytes: Int
    /// Regions of the other replicas of a global table.
    package var replicaRegions: [String]
    /// Of each global index: `CREATING`, `ACTIVE`, ..., and `BACKFILLING` while it is being
    /// created and filled.
    package var indexStatus: [String: String]

    /// - Parameter json: DescribeTable's `Table`, or CreateTable's `TableDescription`.
    package init(_ json: JSON) throws(TableDefinitionError) {
        definition = try TableDefinition(json)
        guard let schema = definition.schema else { throw .missing("KeySchema") }
        self.schema = schema
        status = json["TableStatus"]?.string ?? "ACTIVE"
        arn = json["TableArn"]?.string
        id = json["TableId"]?.string
        itemCount = json["ItemCount"]?.int(in: ServiceRanges.itemCount) ?? 0
        sizeBytes = json["TableSizeBytes"]?.int(in: ServiceRanges.tableBytes) ?? 0
        replicaRegions = (json["Replicas"]?.array ?? []).compactMap { $0["RegionName"]?.string }
        indexStatus = [:]
        for index in json["GlobalSecondaryIndexes"]?.array ?? [] {
            guard let name = index["IndexName"]?.string else { continue }
            let status = index["IndexStatus"]?.string ?? "ACTIVE"
            indexStatus[name] = index["Backfilling"]?.bool == true ? "BACKFILLING" : status
        }
    }

    /// Nothing is being made of it or changed.
    package var isSettled: Bool {
        status == "ACTIVE" && indexStatus.values.allSatisfy { $0 == "ACTIVE" }
    }

    /// Stored bytes of one item on average; nil when the table reports none, or more than an item
    /// can have.
    package var itemBytes: Int? {
        guard itemCount > 0 else { return nil }
        let bytes = max(1, sizeBytes / itemCount)
        return bytes <= ServiceLimits.itemBytesMax ? bytes : nil
    }

    /// `arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME`, taken apart.
    private var arnParts: [Substring] { arn?.split(separator: ":", maxSplits: 5) ?? [] }
    package var region: String? { arnParts.count == 6 ? String(arnParts[3]) : nil }
    package var partition: String? { arnParts.count == 6 ? String(arnParts[1]) : nil }
    package var account: String? { arnParts.count == 6 ? String(arnParts[4]) : nil }
}
