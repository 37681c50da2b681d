import AWS

extension Operation {
    /// All that dynaferry sends to DynamoDB and to Application Auto Scaling; each is declared in
    /// the file of what it is for.
    package static let all: [Operation] =
        [
            ReadOperation.batchGetItem, .describeContinuousBackups,
            .describeKinesisStreamingDestination, .describeScalableTargets,
            .describeScalingPolicies, .describeScheduledActions, .describeTable,
            .describeTimeToLive, .getItem,
            .getResourcePolicy, .listContributorInsights, .listTables, .listTagsOfResource, .query,
            .scan,
        ].map(\.operation)
        + [
            .batchWriteItem, .createTable, .deleteItem, .enableKinesisStreamingDestination,
            .putItem, .putResourcePolicy, .putScalingPolicy, .putScheduledAction,
            .registerScalableTarget,
            .tagResource, .updateContinuousBackups, .updateContributorInsights, .updateTable,
            .updateTimeToLive,
        ]
        + [
            .exportTable, .describeExport, .listExports, .importTable, .describeImport,
            .listImports, .startBulkPutItems, .describeBulkOperation, .listBulkOperations,
        ]
}
