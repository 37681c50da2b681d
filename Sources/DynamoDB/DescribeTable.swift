import AWS
import DynamoModel
import JSON

extension ReadableTable {
    /// What the table is now. Throws an ``AWSError``, `ResourceNotFoundException` when there is no
    /// such table, or a `TableDefinitionError` when the reply makes no sense.
    package func describe() async throws -> TableDescription {
        let reply = try await reader.call(.describeTable, ["TableName": .string(name)])
        return try TableDescription(reply["Table"] ?? [:])
    }

    /// The same; nil when there is no such table.
    package func describeIfExists() async throws -> TableDescription? {
        do {
            return try await describe()
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            return nil
        }
    }
}

extension ReadOperation {
    /// (API reference, TableDescription and what it is made of.)
    package static let describeTable = ReadOperation(
        "DescribeTable", reply: ReplyShape([.required("Table", .object(tableFields))]))

    private static let tableFields: [ReplyField] = [
        .required("TableName", .name),
        .optional("TableStatus", .name),
        .optional("TableArn", .arn),
        .optional("TableId", .name),
        .required("AttributeDefinitions", .list(.object(attributeFields))),
        .required("KeySchema", keySchema),
        .optional("GlobalSecondaryIndexes", .list(.object(indexFields))),
        .optional("LocalSecondaryIndexes", .list(.object(indexFields))),
        .optional(
            "BillingModeSummary",
            .object([.optional("BillingMode", .word(["PROVISIONED", "PAY_PER_REQUEST"]))])),
        .optional("ProvisionedThroughput", provisioned),
        .optional("OnDemandThroughput", maxima),
        .optional("TableClassSummary", .object([.optional("TableClass", .name)])),
        .optional(
            "SSEDescription",
            .object([.optional("Status", .name), .optional("KMSMasterKeyArn", .arn)])),
        .optional(
            "StreamSpecification",
            .object([.optional("StreamEnabled", .flag), .optional("StreamViewType", .name)])),
        .optional("DeletionProtectionEnabled", .flag),
        .informing("VectorIndexes", .list(.object([.optional("IndexName", .name)]))),
        .informing("WarmThroughput", warm),
        .informing("MultiRegionConsistency", .name),
        .informing("GlobalTableWitnesses", .list(.object([.optional("RegionName", .name)]))),
        .informing("GlobalTableSettingsReplicationMode", .name),
        .optional("Replicas", .list(.object([.optional("RegionName", .name)]))),
        .informing("CreationDateTime", .number(ServiceRanges.timestamps)),
        .informing("ItemCount", .whole(ServiceRanges.itemCount)),
        .informing("TableSizeBytes", .whole(ServiceRanges.tableBytes)),
    ]

    private static let attributeFields: [ReplyField] = [
        .required("AttributeName", .name),
        .required("AttributeType", .word(ScalarType.allCases.map(\.rawValue))),
    ]

    private static let keySchema = ReplyValue.list(
        .object([
            .required("AttributeName", .name), .required("KeyType", .word(["HASH", "RANGE"])),
        ]))

    private static let indexFields: [ReplyField] = [
        .required("IndexName", .name),
        .required("KeySchema", keySchema),
        .optional(
            "Projection",
            .object([
                .optional("ProjectionType", .word(["ALL", "KEYS_ONLY", "INCLUDE"])),
                .optional("NonKeyAttributes", .list(.attributeName)),
            ])),
        .optional("ProvisionedThroughput", provisioned),
        .optional("OnDemandThroughput", maxima),
        .informing("WarmThroughput", warm),
        .optional("IndexStatus", .name),
        .optional("Backfilling", .flag),
    ]

    private static let provisioned = ReplyValue.object([
        .optional("ReadCapacityUnits", .whole(ServiceRanges.provisionedUnits)),
        .optional("WriteCapacityUnits", .whole(ServiceRanges.provisionedUnits)),
    ])

    private static let warm = ReplyValue.object([
        .informing("ReadUnitsPerSecond", .whole(ServiceRanges.provisionedUnits)),
        .informing("WriteUnitsPerSecond", .whole(ServiceRanges.provisionedUnits)),
    ])

    private static let maxima = ReplyValue.object([
        .optional("MaxReadRequestUnits", .whole(ServiceRanges.maximumUnits)),
        .optional("MaxWriteRequestUnits", .whole(ServiceRanges.maximumUnits)),
    ])
}
