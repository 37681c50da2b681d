import DynamoModel
import JSON

/// All that DynamoDB is asked when it is to export a table: what stands in it is kept before it is
/// sent, so that it can be asked again word for word. (API reference, ExportTableToPointInTime.)
package struct ExportRequest: Equatable, Sendable {
    /// What of the table is exported. Times are whole seconds since 1970.
    package enum Content: Equatable, Sendable {
        /// All items, as they were at `time`.
        case full(time: Int, filter: ServiceFilter?)
        /// What has changed from `from`, inclusive, to `to`, exclusive: the images before and
        /// after.
        case changes(from: Int, to: Int)
    }

    /// How the service encrypts what it writes.
    package enum Encryption: Equatable, Sendable {
        case s3
        /// - Parameter key: id, ARN or alias; nil: the account's own for S3.
        case kms(key: String?)
    }

    package var tableARN: String
    package var content: Content
    package var token: String
    package var bucket: String
    /// Twelve digits; nil: the caller's account.
    package var bucketOwner: String?
    /// Without the `/` behind it, which the service adds; nil: the root of the bucket.
    package var prefix: String?
    /// nil: as the bucket says.
    package var encryption: Encryption?

    package init(
        _ tableARN: String, _ content: Content, token: String, bucket: String, prefix: String?
    ) {
        self.tableARN = tableARN
        self.content = content
        self.token = token
        self.bucket = bucket
        self.prefix = prefix
    }

    package var body: JSON {
        var body: JSON = [
            "TableArn": .string(tableARN), "S3Bucket": .string(bucket),
            "ClientToken": .string(token), "ExportFormat": "DYNAMODB_JSON",
        ]
        if let bucketOwner { body["S3BucketOwner"] = .string(bucketOwner) }
        if let prefix { body["S3Prefix"] = .string(prefix) }
        switch encryption {
        case nil: break
        case .s3: body["S3SseAlgorithm"] = "AES256"
        case .kms(let key):
            body["S3SseAlgorithm"] = "KMS"
            body["S3SseKmsKeyId"] = key.map { .string($0) }
        }
        switch content {
        case .full(let time, let filter):
            body["ExportType"] = "FULL_EXPORT"
            body["ExportTime"] = JSON(time)
            if let filter { body["FilterSpecification"] = .object(filter.members) }
        case .changes(let from, let to):
            body["ExportType"] = "INCREMENTAL_EXPORT"
            body["IncrementalExportSpecification"] = [
                "ExportFromTime": JSON(from), "ExportToTime": JSON(to),
                "ExportViewType": "NEW_AND_OLD_IMAGES",
            ]
        }
        return body
    }
}
