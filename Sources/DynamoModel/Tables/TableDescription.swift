import JSON

/// A table as DescribeTable reports it: its definition, and what it is now.
package struct TableDescription: Equatable, Sendable {
    /// DescribeTable's `Table`, as it was answered.
    package let json: JSON
    package var definition: TableDefinition
    package var schema: KeySchema
    /// `ACTIVE`, `CREATING`, ...
    package var status: String
    package var arn: String?
    package var id: String?
    /// Seconds since 1970.
    package var created: Double?
    /// Up to six hours old: for order, progress and estimates only (API reference,
    /// TableDescription).
    package var itemCount: Int
    package var sizeBytes: Int
    /// Regions of the other replicas of a global table.
    package var replicaRegions: [String]
    /// Of each global index: `CREATING`, `ACTIVE`, ..., and `BACKFILLING` while it is being
    /// created and filled.
    package var indexStatus: [String: String]
    /// What it has that dynaferry can't give to another table, and why.
    package var peculiarities: [Peculiarity]

    package struct Peculiarity: Equatable, Sendable {
        package var name: String
        package var reason: String
    }

    /// - Parameter json: DescribeTable's `Table`, or CreateTable's `TableDescription`.
    /// - Throws: ``TableDefinitionError`` that names the member which is missing or wrong.
    package init(_ json: JSON) throws(TableDefinitionError) {
        self.json = json
        definition = try TableDefinition(json)
        guard let schema = definition.schema else { throw .missing("KeySchema") }
        self.schema = schema
        status = json["TableStatus"]?.string ?? "ACTIVE"
        arn = json["TableArn"]?.string
        id = json["TableId"]?.string
        created = json["CreationDateTime"]?.double(in: ServiceRanges.timestamps)
        itemCount = json["ItemCount"]?.int(in: ServiceRanges.itemCount) ?? 0
        sizeBytes = json["TableSizeBytes"]?.int(in: ServiceRanges.tableBytes) ?? 0
        peculiarities = Self.peculiarities(json)
        replicaRegions = (json["Replicas"]?.array ?? []).compactMap { $0["RegionName"]?.string }
        indexStatus = [:]
        for index in json["GlobalSecondaryIndexes"]?.array ?? [] {
            guard let name = index["IndexName"]?.string else { continue }
            let status = index["IndexStatus"]?.string ?? "ACTIVE"
            indexStatus[name] = index["Backfilling"]?.bool == true ? "BACKFILLING" : status
        }
    }

    private static func peculiarities(_ json: JSON) -> [Peculiarity] {
        var found = (json["VectorIndexes"]?.array ?? []).compactMap { index in
            index["IndexName"]?.string.map {
                Peculiarity(name: "vector index \($0)", reason: "dynaferry can't make one")
            }
        }
        let tables =
            [(nil, json)]
            + (json["GlobalSecondaryIndexes"]?.array ?? []).map { ($0["IndexName"]?.string, $0) }
        for (index, json) in tables {
            let warm = Throughput(warm: json["WarmThroughput"])
            let (read, write) = (warm.readUnits ?? 0, warm.writeUnits ?? 0)
            guard
                read > ServiceLimits.onDemandReadUnits || write > ServiceLimits.onDemandWriteUnits
            else { continue }
            let owner = index.map { " of index \($0)" } ?? ""
            found.append(
                Peculiarity(
                    name: "warm throughput\(owner)",
                    reason: "\(read) read and \(write) write units would be bought anew;"
                        + " --boost-write asks for some"))
        }
        if json["MultiRegionConsistency"]?.string == "STRONG" {
            found.append(
                Peculiarity(
                    name: "multi-Region strong consistency", reason: "a copy's replicas have none"))
        }
        for witness in json["GlobalTableWitnesses"]?.array ?? [] {
            guard let region = witness["RegionName"]?.string else { continue }
            found.append(
                Peculiarity(name: "witness in \(region)", reason: "a copy's replicas have none"))
        }
        if let mode = json["GlobalTableSettingsReplicationMode"]?.string, mode != "DISABLED" {
            found.append(
                Peculiarity(
                    name: "replication of settings (\(mode))", reason: "a copy's replicas have none"
                ))
        }
        return found
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
