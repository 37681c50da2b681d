/// An operation that a client may be asked to send.
package enum Operation: Int, CaseIterable, Sendable {
    case batchGetItem, batchWriteItem, createTable, deleteItem, deleteTable
    case describeContinuousBackups, describeContributorInsights
    case describeKinesisStreamingDestination, describeLimits, describeTable, describeTimeToLive
    case enableKinesisStreamingDestination
    case getItem, getResourcePolicy, listContributorInsights, listTables, listTagsOfResource
    case putItem, putResourcePolicy, query, scan
    case tagResource, updateContinuousBackups, updateContributorInsights, updateItem, updateTable
    case updateTimeToLive
    // Of Application Auto Scaling.
    case describeScalableTargets, describeScalingPolicies, putScalingPolicy
    case registerScalableTarget

    /// As AWS spells it, `BatchWriteItem`.
    package var name: String { Self.names[rawValue] }

    var service: Service {
        switch self {
        case .describeScalableTargets, .describeScalingPolicies, .putScalingPolicy,
            .registerScalableTarget:
            .autoScaling
        default: .dynamoDB
        }
    }

    /// The value of `X-Amz-Target`.
    package var target: String { service.targetPrefix + name }

    /// What a policy has to allow: `dynamodb:Scan`.
    var action: String { "\(service.name):\(name)" }

    /// Whether it changes a table or its items, which is never done to a source.
    package var mutates: Bool {
        switch self {
        case .batchGetItem, .describeContinuousBackups, .describeContributorInsights,
            .describeKinesisStreamingDestination, .describeLimits, .describeTable,
            .describeTimeToLive, .getItem, .getResourcePolicy, .listContributorInsights,
            .listTables, .listTagsOfResource, .query, .scan, .describeScalableTargets,
            .describeScalingPolicies:
            false
        case .batchWriteItem, .createTable, .deleteItem, .deleteTable,
            .enableKinesisStreamingDestination, .putItem, .putResourcePolicy, .tagResource,
            .updateContinuousBackups, .updateContributorInsights, .updateItem, .updateTable,
            .updateTimeToLive, .putScalingPolicy, .registerScalableTarget:
            true
        }
    }

    /// Pages of items come in large replies.
    var replies: HTTPReplySize {
        switch self {
        case .batchGetItem, .query, .scan: .large
        default: .small
        }
    }

    // Cases are spelt as AWS's names but for the first letter.
    private static let names = allCases.map { operation in
        let name = "\(operation)"
        return name.prefix(1).uppercased() + name.dropFirst()
    }
}
