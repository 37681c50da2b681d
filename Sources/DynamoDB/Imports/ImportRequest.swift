import DynamoModel
import JSON

/// All that DynamoDB is asked when it is to make a table of files in a bucket. (API reference,
/// ImportTable.)
package struct ImportRequest: Equatable, Sendable {
    /// How files are compressed: the service does not look.
    package enum Compression: String, Sendable {
        case gzip = "GZIP"
        case zstd = "ZSTD"
        case none = "NONE"
    }

    package var token: String
    package var bucket: String
    /// Twelve digits; nil: the caller's account.
    package var bucketOwner: String?
    /// What keys begin with: with its `/`, since `data` would take `data2/` as well.
    package var prefix: String
    package var compression: Compression
    /// The table as it is to be made: what ImportTable can't make of it is left out.
    package var table: TableDefinition

    package init(
        _ table: TableDefinition, token: String, bucket: String, prefix: String,
        _ compression: Compression
    ) {
        self.table = table
        self.token = token
        self.bucket = bucket
        self.prefix = prefix
        self.compression = compression
    }

    package var body: JSON {
        var source: JSON = ["S3Bucket": .string(bucket), "S3KeyPrefix": .string(prefix)]
        source["S3BucketOwner"] = bucketOwner.map { .string($0) }
        let request = table.creationRequest
        var parameters: JSON = .object([])
        for name in Self.parameters { parameters[name] = request[name] }
        return [
            "S3BucketSource": source, "InputFormat": "DYNAMODB_JSON",
            "InputCompressionType": .string(compression.rawValue),
            "TableCreationParameters": parameters, "ClientToken": .string(token),
        ]
    }

    /// Members of TableCreationParameters that CreateTable has too.
    private static let parameters = [
        "TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput",
        "OnDemandThroughput", "SSESpecification", "GlobalSecondaryIndexes",
    ]
}
