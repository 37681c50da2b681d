import AWS
import DynamoModel
import JSON

extension ReadableTable {
    /// Those of the table and its indexes that are on.
    func insights() async throws(AWSError) -> [TableSettings.ContributorInsight] {
        let summaries = try await reader.list(
            .listContributorInsights, ["TableName": .string(name)], "ContributorInsightsSummaries")
        let insights = summaries.filter { summary in
            ["ENABLED", "ENABLING"].contains(summary["ContributorInsightsStatus"]?.string)
        }.map { summary in
            TableSettings.ContributorInsight(
                index: summary["IndexName"]?.string,
                mode: summary["ContributorInsightsMode"]?.string)
        }
        return insights.sorted { $0.index ?? "" < $1.index ?? "" }
    }
}

extension TargetTable {
    /// (API reference, UpdateContributorInsights.)
    package func setInsight(
        _ insight: TableSettings.ContributorInsight
    ) async throws(AWSError) {
        guard try await !insights().contains(insight) else { return }
        var body: JSON = [
            "TableName": .string(name), "ContributorInsightsAction": "ENABLE",
        ]
        if let index = insight.index { body["IndexName"] = .string(index) }
        if let mode = insight.mode { body["ContributorInsightsMode"] = .string(mode) }
        try await set(.updateContributorInsights, body)
    }
}

extension ReadOperation {
    package static let listContributorInsights = ReadOperation(
        "ListContributorInsights",
        reply: ReplyShape([
            .required(
                "ContributorInsightsSummaries",
                .list(
                    .object([
                        .optional("ContributorInsightsStatus", .name),
                        .optional("ContributorInsightsMode", .name),
                        .optional("IndexName", .name),
                    ]))),
            .optional("NextToken", .text(max: 65_536)),
        ]))
}

extension Operation {
    package static let updateContributorInsights = Operation(
        writing: "UpdateContributorInsights", reply: .empty)
}
