import DynamoModel
import JSON
import Pacing
import System

/// DescribeContributorInsights, ListContributorInsights and UpdateContributorInsights (API
/// reference), of tables and of their global indexes.
extension Service {
    private enum Action: String, CaseIterable {
        case enable = "ENABLE"
        case disable = "DISABLE"
    }

    private static let pageMax = 100

    func describeContributorInsights(_ request: Parameters) throws(ServiceError) -> JSON {
        let index = try request.string("IndexName")
        let now = time.now
        let table = try table(of: request, at: now)
        return try table.itemLock.writing { () throws(ServiceError) in
            table.settleIndexes(at: now)
            let keys = try Self.keys(of: index, in: table)
            let insights = table.features.insights[index ?? ""] ?? ContributorInsights()
            return insights.description(
                table: table.name, index: index,
                hasSortKey: keys.contains { $0.role == .sort }, at: now)
        }
    }

    func updateContributorInsights(_ request: Parameters) throws(ServiceError) -> JSON {
        let index = try request.string("IndexName")
        let mode = try request.choice("ContributorInsightsMode", ContributorInsights.Mode.self)
        guard let action = try request.choice("ContributorInsightsAction", Action.self) else {
            throw .constraint(nil, at: "contributorInsightsAction", "Member must not be null")
        }
        return try change(request, .updateContributorInsights) {
            (table, now) throws(ServiceError) in
            table.settleIndexes(at: now)
            _ = try Self.keys(of: index, in: table)
            if action == .enable { try Self.checkPhase(of: index, in: table, at: now) }
            var insights = table.features.insights[index ?? ""] ?? ContributorInsights()
            insights.change(isOn: action == .enable, mode: mode, changeTime())
            table.features.insights[index ?? ""] = insights
            return insights.summary(table: table.name, index: index, at: now)
        }
    }

    func listContributorInsights(_ request: Parameters) throws(ServiceError) -> JSON {
        let now = time.now
        let limit = try request.int("MaxResults", from: 1, to: Self.pageMax) ?? Self.pageMax
        let start = try request.string("NextToken").map { Int($0) ?? -1 } ?? 0
        let listed: [Table]
        if request["TableName"] != nil {
            listed = [try table(of: request, at: now)]
        } else {
            listed = tables.names(at: now).compactMap { tables.table(named: $0, at: now) }
        }
        let summaries = listed.flatMap { table in
            table.itemLock.reading {
                // The table itself, whose name is empty here, comes before its indexes.
                table.features.insights.sorted { $0.key < $1.key }
                    .filter { $0.value.isListed(at: now) }
                    .map { name, insights in
                        insights.summary(
                            table: table.name, index: name.isEmpty ? nil : name, at: now)
                    }
            }
        }
        guard (0...summaries.count).contains(start) else { throw .validation("Invalid NextToken") }
        let page = summaries[start...].prefix(limit)
        var reply: JSON = ["ContributorInsightsSummaries": .array(Array(page))]
        if page.endIndex < summaries.count { reply["NextToken"] = .string(String(page.endIndex)) }
        return reply
    }

    /// The keys of a table or of one of its global indexes.
    private static func keys(
        of index: String?, in table: Table
    ) throws(ServiceError) -> [KeyElement] {
        guard let index else { return table.definition.keys }
        guard let found = table.definition.globalIndexes.first(where: { $0.name == index }) else {
            throw ServiceError(
                namespace: .service, name: "ResourceNotFoundException",
                message: "Requested resource not found: Index: \(index) not found")
        }
        return found.keys
    }

    private static func checkPhase(
        of index: String?, in table: Table, at now: Instant
    ) throws(ServiceError) {
        let isIndexReady = index.map { table.indexPhases[$0] == nil } ?? true
        guard table.servesItems(at: now), isIndexReady else {
            throw .validation(
                "Table or Index is not in a valid state to update Key Access Insights: "
                    + "\(isIndexReady ? "Table" : "Index")Status must be ACTIVE to enable "
                    + "ContributorInsights.")
        }
    }
}
