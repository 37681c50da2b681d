import Testing

/// Goal: no setting of a table is lost without a word, those of tomorrow neither.
/// Method: AWS's own models, as botocore has them, say what a table can be asked about; each is
/// carried over, named as not carried, or no setting, and stands in a list here. What a new model
/// has besides fails the test until somebody has thought of it.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython), .timeLimit(.minutes(20)))
struct SettingCoverageTests {
    private static let carried = [
        "AttributeDefinitions", "BillingModeSummary", "DeletionProtectionEnabled",
        "GlobalSecondaryIndexes.IndexName", "GlobalSecondaryIndexes.KeySchema",
        "GlobalSecondaryIndexes.OnDemandThroughput", "GlobalSecondaryIndexes.Projection",
        "GlobalSecondaryIndexes.ProvisionedThroughput", "KeySchema",
        "LocalSecondaryIndexes.IndexName", "LocalSecondaryIndexes.KeySchema",
        "LocalSecondaryIndexes.Projection", "OnDemandThroughput", "ProvisionedThroughput",
        "SSEDescription", "StreamSpecification", "TableClassSummary",
    ]
    /// Said of a source that has it (`TableDescription.peculiarities`, `TargetSpec.notCarried`).
    private static let named = [
        "GlobalSecondaryIndexes.WarmThroughput", "GlobalTableSettingsReplicationMode",
        "GlobalTableWitnesses", "MultiRegionConsistency", "Replicas", "VectorIndexes",
        "WarmThroughput",
    ]
    /// How a table is, was made, or is called: nobody sets it on another.
    private static let noSetting = [
        "ArchivalSummary", "CreationDateTime", "GlobalSecondaryIndexes.Backfilling",
        "GlobalSecondaryIndexes.IndexArn", "GlobalSecondaryIndexes.IndexSizeBytes",
        "GlobalSecondaryIndexes.IndexStatus", "GlobalSecondaryIndexes.ItemCount",
        "GlobalTableVersion", "ItemCount", "LatestStreamArn", "LatestStreamLabel",
        "LocalSecondaryIndexes.IndexArn", "LocalSecondaryIndexes.IndexSizeBytes",
        "LocalSecondaryIndexes.ItemCount", "RestoreSummary", "TableArn", "TableId", "TableName",
        "TableSizeBytes", "TableStatus",
    ]
    private static let asked = [
        "DescribeContinuousBackups", "DescribeContributorInsights",
        "DescribeKinesisStreamingDestination", "DescribeScalableTargets",
        "DescribeScalingPolicies", "DescribeScheduledActions", "DescribeTable",
        "DescribeTimeToLive", "GetResourcePolicy", "ListContributorInsights", "ListTagsOfResource",
    ]
    /// Of items, of work that is over, or of global tables, whose replicas are named.
    private static let notAsked = [
        "DescribeGlobalTable", "DescribeGlobalTableSettings", "DescribeScalingActivities",
        "DescribeTableReplicaAutoScaling", "GetItem", "GetPredictiveScalingForecast",
        "ListBackups", "ListExports", "ListImports",
        // Tags of a scalable target, which no one but Application Auto Scaling sees.
        "ListTagsForResource",
    ]

    @Test func `each setting that AWS's models know is carried, or named as not carried`()
        async throws
    {
        let lines = try await Programs.runScript("settings.py", []).split(separator: "\n")
        #expect(lines.count > 80)
        let known = Self.carried + Self.named + Self.noSetting
        for line in lines {
            let words = line.split(separator: " ")
            let name = String(words[1])
            let isKnown =
                words[0] == "OPERATION"
                ? (Self.asked + Self.notAsked).contains(name)
                : known.contains { name == $0 || name.hasPrefix($0 + ".") }
            #expect(isKnown, "\(line): is it carried over?")
        }
    }
}
