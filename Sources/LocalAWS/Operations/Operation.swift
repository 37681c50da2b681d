import Glibc

/// The operations that the server has, by the name in `X-Amz-Target`.
package enum Operation: String, CaseIterable, Sendable {
    case batchGetItem = "BatchGetItem"
    case batchWriteItem = "BatchWriteItem"
    case cancelBulkOperation = "CancelBulkOperation"
    case createTable = "CreateTable"
    case deleteItem = "DeleteItem"
    case deleteResourcePolicy = "DeleteResourcePolicy"
    case deleteTable = "DeleteTable"
    case describeBulkOperation = "DescribeBulkOperation"
    case describeContinuousBackups = "DescribeContinuousBackups"
    case describeContributorInsights = "DescribeContributorInsights"
    case describeEndpoints = "DescribeEndpoints"
    case describeImport = "DescribeImport"
    case describeExport = "DescribeExport"
    case describeKinesisStreamingDestination = "DescribeKinesisStreamingDestination"
    case describeLimits = "DescribeLimits"
    case describeTable = "DescribeTable"
    case describeTimeToLive = "DescribeTimeToLive"
    case disableKinesisStreamingDestination = "DisableKinesisStreamingDestination"
    case enableKinesisStreamingDestination = "EnableKinesisStreamingDestination"
    case exportTableToPointInTime = "ExportTableToPointInTime"
    case getItem = "GetItem"
    case getResourcePolicy = "GetResourcePolicy"
    case importTable = "ImportTable"
    case listBulkOperations = "ListBulkOperations"
    case listContributorInsights = "ListContributorInsights"
    case listImports = "ListImports"
    case listExports = "ListExports"
    case listTables = "ListTables"
    case listTagsOfResource = "ListTagsOfResource"
    case putItem = "PutItem"
    case putResourcePolicy = "PutResourcePolicy"
    case query = "Query"
    case scan = "Scan"
    case startBulkPutItems = "StartBulkPutItems"
    case tagResource = "TagResource"
    case untagResource = "UntagResource"
    case updateContinuousBackups = "UpdateContinuousBackups"
    case updateContributorInsights = "UpdateContributorInsights"
    case updateItem = "UpdateItem"
    case updateTable = "UpdateTable"
    case updateTimeToLive = "UpdateTimeToLive"

    private static let prefix: StaticString = "DynamoDB_20120810."

    /// The operation that a target names; nil when the server does not have it.
    init?(target: UnsafeRawBufferPointer) {
        let prefix = Self.prefix
        guard target.count > prefix.utf8CodeUnitCount,
            memcmp(target.baseAddress!, prefix.utf8Start, prefix.utf8CodeUnitCount) == 0
        else { return nil }
        let name = UnsafeRawBufferPointer(rebasing: target[prefix.utf8CodeUnitCount...])
        self.init(rawValue: String(decoding: name, as: UTF8.self))
    }

    /// Whether it changes items or tables, or is paid for like an export.
    package var isMutating: Bool {
        switch self {
        case .batchWriteItem, .cancelBulkOperation, .createTable, .deleteItem,
            .deleteResourcePolicy, .deleteTable, .disableKinesisStreamingDestination,
            .enableKinesisStreamingDestination, .exportTableToPointInTime, .importTable, .putItem,
            .putResourcePolicy, .startBulkPutItems, .tagResource, .untagResource,
            .updateContinuousBackups, .updateContributorInsights, .updateItem, .updateTable,
            .updateTimeToLive:
            true
        case .batchGetItem, .describeBulkOperation, .describeContinuousBackups,
            .describeContributorInsights, .describeEndpoints, .describeExport, .describeImport,
            .describeKinesisStreamingDestination, .describeLimits, .describeTable,
            .describeTimeToLive, .getItem, .getResourcePolicy, .listBulkOperations,
            .listContributorInsights, .listExports, .listImports, .listTables,
            .listTagsOfResource, .query, .scan:
            false
        }
    }
}
