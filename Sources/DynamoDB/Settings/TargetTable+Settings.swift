import AWS
import DynamoModel
import JSON

/// What is set on a table by calls of their own. Each says how things are to be, and may be
/// repeated.
extension TargetTable {
    /// (API reference, UpdateTimeToLive.) A table takes one such change an hour.
    package func setTimeToLive(_ attribute: String) async throws(AWSError) {
        guard try await timeToLive() != attribute else { return }
        try await set(
            .updateTimeToLive,
            [
                "TableName": .string(name),
                "TimeToLiveSpecification": ["Enabled": true, "AttributeName": .string(attribute)],
            ])
    }

    /// (API reference, UpdateContinuousBackups.)
    package func setRecovery(_ wanted: TableSettings.Recovery) async throws(AWSError) {
        guard try await recovery() != wanted else { return }
        var specification: JSON = ["PointInTimeRecoveryEnabled": true]
        if let days = wanted.days { specification["RecoveryPeriodInDays"] = JSON(days) }
        try await set(
            .updateContinuousBackups,
            ["TableName": .string(name), "PointInTimeRecoverySpecification": specification])
    }

    /// Adds tags, replacing values; others stay. (API reference, TagResource.)
    package func setTags(
        _ tags: [TableSettings.Tag], ofARN arn: String
    ) async throws(AWSError) {
        guard !tags.isEmpty else { return }
        try await set(
            .tagResource, ["ResourceArn": .string(arn), "Tags": .array(tags.map(\.json))])
    }

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

    /// (API reference, EnableKinesisStreamingDestination.)
    package func setKinesis(
        _ destination: TableSettings.KinesisDestination
    ) async throws(AWSError) {
        let isOn = try await kinesisDestinations().contains {
            $0.streamARN == destination.streamARN
        }
        guard !isOn else { return }
        var body: JSON = [
            "TableName": .string(name), "StreamArn": .string(destination.streamARN),
        ]
        if let precision = destination.precision {
            body["EnableKinesisStreamingConfiguration"] = [
                "ApproximateCreationDateTimePrecision": .string(precision)
            ]
        }
        try await set(.enableKinesisStreamingDestination, body)
    }

    /// (API reference, PutResourcePolicy.)
    package func setPolicy(_ policy: String, ofARN arn: String) async throws(AWSError) {
        guard try await resourcePolicy(ofARN: arn) != policy else { return }
        try await set(
            .putResourcePolicy, ["ResourceArn": .string(arn), "Policy": .string(policy)])
    }

    /// (API reference, RegisterScalableTarget and PutScalingPolicy.)
    package func setScaling(
        _ dimension: TableSettings.ScalableDimension
    ) async throws(AWSError) {
        guard let scaling else { return }
        let resource: JSON = [
            "ServiceNamespace": "dynamodb",
            "ResourceId": .string(dimension.resource(of: name)),
            "ScalableDimension": .string(dimension.dimension),
        ]
        var target = resource
        target["MinCapacity"] = JSON(dimension.least)
        target["MaxCapacity"] = JSON(dimension.most)
        _ = try await scaling.call(.registerScalableTarget, target, repeatable: true)
        for policy in dimension.policies {
            var body = resource
            body["PolicyName"] = .string(policy.name)
            body["PolicyType"] = .string(policy.type)
            body[policy.configuration.name] = policy.configuration.value
            _ = try await scaling.call(.putScalingPolicy, body, repeatable: true)
        }
    }

    /// While the table is being changed it takes no other change: then the call is made again.
    private func set(_ operation: Operation, _ body: JSON) async throws(AWSError) {
        _ = try await client.call(operation, body, repeatable: true)
    }
}
