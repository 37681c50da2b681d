import DynamoModel

/// How the objects of an import hold items (API reference, ImportTable).
struct InputForm: Equatable, Sendable {
    enum Format: String, CaseIterable, Sendable {
        case dynamoDBJSON = "DYNAMODB_JSON"
        case ion = "ION"
        case csv = "CSV"
    }

    enum Compression: String, CaseIterable, Sendable {
        case gzip = "GZIP"
        case zstd = "ZSTD"
        case none = "NONE"
    }

    struct CSV: Equatable, Sendable {
        var delimiter: UInt8 = 0x2C
        /// Names of the columns; nil: the first row has them.
        var header: [String]?
    }

    var format: Format
    var compression = Compression.none
    var csv = CSV()
    /// Lines that have a member besides the item are no items: here it would be passed over.
    var takesItemsOnly = false
}

/// Where the objects of an import are: in a bucket, all whose keys begin with a prefix. The prefix
/// is plain text: `data` takes `data2/x` too (observed).
struct InputSource: Equatable, Sendable {
    var bucket: String
    var prefix: String
    /// The account that the bucket must belong to; nil: the server's own.
    var owner: String?
}

extension InputSource {
    private static let bucketBytesMax = 255
    private static let ownerDigits = 12

    /// Reads `S3Bucket`, `S3KeyPrefix` and `S3BucketOwner`.
    ///
    /// - Parameter path: of the structure, as constraints spell it.
    init(_ members: Parameters, at path: String) throws(ServiceError) {
        guard let bucket = try members.string("S3Bucket") else {
            throw .constraint(nil, at: "\(path).s3Bucket", "Member must not be null")
        }
        guard Self.isBucket(bucket) else {
            throw .constraint(
                bucket, at: "\(path).s3Bucket",
                "Member must satisfy regular expression pattern: "
                    + #"^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$"#)
        }
        guard bucket.utf8.count <= Self.bucketBytesMax else {
            throw .constraint(
                bucket, at: "\(path).s3Bucket",
                "Member must have length less than or equal to \(Self.bucketBytesMax)")
        }
        let prefix = try members.string("S3KeyPrefix") ?? ""
        guard prefix.utf8.count <= ObjectKey.bytesMax else {
            throw .constraint(
                prefix, at: "\(path).s3KeyPrefix",
                "Member must have length less than or equal to \(ObjectKey.bytesMax)")
        }
        let owner = try members.string("S3BucketOwner")
        if let owner, !Self.isAccount(owner) {
            throw .constraint(
                owner, at: "\(path).s3BucketOwner",
                "Member must satisfy regular expression pattern: [0-9]{12}")
        }
        self.init(bucket: bucket, prefix: prefix, owner: owner)
    }

    private static func isBucket(_ name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: false
            }
        }
        let bytes = Array(name.utf8)
        guard bytes.count > 1, isLetter(bytes[0]), isLetter(bytes[bytes.count - 1]) else {
            return false
        }
        return bytes.allSatisfy { isLetter($0) || $0 == 0x2E || $0 == 0x2D || $0 == 0x5F }
    }

    private static func isAccount(_ text: String) -> Bool {
        text.utf8.count == ownerDigits && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
