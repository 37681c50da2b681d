import HTTPServer

/// The operations of S3 that the server has, by their names in the API reference.
package enum S3Operation: String, CaseIterable, Sendable {
    case abortMultipartUpload = "AbortMultipartUpload"
    case completeMultipartUpload = "CompleteMultipartUpload"
    case copyObject = "CopyObject"
    case createBucket = "CreateBucket"
    case createMultipartUpload = "CreateMultipartUpload"
    case deleteBucket = "DeleteBucket"
    case deleteObject = "DeleteObject"
    case deleteObjects = "DeleteObjects"
    case getBucketLocation = "GetBucketLocation"
    case getObject = "GetObject"
    case headBucket = "HeadBucket"
    case headObject = "HeadObject"
    case listBuckets = "ListBuckets"
    case listMultipartUploads = "ListMultipartUploads"
    case listObjects = "ListObjects"
    case listObjectsV2 = "ListObjectsV2"
    case listParts = "ListParts"
    case putObject = "PutObject"
    case uploadPart = "UploadPart"

    /// Whether it changes buckets or objects.
    package var isMutating: Bool {
        switch self {
        case .abortMultipartUpload, .completeMultipartUpload, .copyObject, .createBucket,
            .createMultipartUpload, .deleteBucket, .deleteObject, .deleteObjects, .putObject,
            .uploadPart:
            true
        case .getBucketLocation, .getObject, .headBucket, .headObject, .listBuckets,
            .listMultipartUploads, .listObjects, .listObjectsV2, .listParts:
            false
        }
    }

    /// The parameters of the query that it knows. Any other is refused: a sub-resource that was
    /// passed over would make the request another one.
    private var parameters: Set<String> {
        switch self {
        case .abortMultipartUpload, .completeMultipartUpload: ["uploadId"]
        case .copyObject, .createBucket, .deleteBucket, .deleteObject, .getObject, .headBucket,
            .headObject, .putObject:
            []
        case .createMultipartUpload: ["uploads"]
        case .deleteObjects: ["delete"]
        case .getBucketLocation: ["location"]
        case .listBuckets: ["max-buckets", "continuation-token", "prefix", "bucket-region"]
        case .listMultipartUploads:
            [
                "uploads", "prefix", "key-marker", "upload-id-marker", "max-uploads",
                "encoding-type",
            ]
        case .listObjects: ["prefix", "delimiter", "marker", "max-keys", "encoding-type"]
        case .listObjectsV2:
            [
                "list-type", "prefix", "delimiter", "start-after", "continuation-token",
                "max-keys", "encoding-type", "fetch-owner",
            ]
        case .listParts: ["uploadId", "max-parts", "part-number-marker"]
        case .uploadPart: ["uploadId", "partNumber"]
        }
    }

    /// The operation that a request asks for; throws when the server lacks it.
    init(_ call: S3Call) throws(S3Error) {
        self = try Self.chosen(call)
        let known = parameters
        // Some clients name the operation in `x-id`, for their logs.
        let unknown = call.query.first { !known.contains($0.name) && $0.name != "x-id" }
        if let unknown { throw .notImplemented(MissingOperation.name(call, unknown.name)) }
    }

    private static func chosen(_ call: S3Call) throws(S3Error) -> S3Operation {
        guard call.bucket != nil else { return .listBuckets }
        guard call.key != nil else { return try ofBucket(call) }
        switch call.method {
        case .get: return call.has("uploadId") ? .listParts : .getObject
        case .head: return .headObject
        case .put: return try ofPut(call)
        case .delete: return call.has("uploadId") ? .abortMultipartUpload : .deleteObject
        case .post:
            if call.has("uploads") { return .createMultipartUpload }
            if call.has("uploadId") { return .completeMultipartUpload }
            if let name = call.query.first?.name {
                throw .notImplemented(MissingOperation.name(call, name))
            }
            throw .methodNotAllowed
        case .other: throw .methodNotAllowed
        }
    }

    private static func ofPut(_ call: S3Call) throws(S3Error) -> S3Operation {
        let isCopy = call.header("x-amz-copy-source") != nil
        guard call.has("uploadId") || call.has("partNumber") else {
            return isCopy ? .copyObject : .putObject
        }
        guard !isCopy else { throw .notImplemented("UploadPartCopy") }
        return .uploadPart
    }

    private static func ofBucket(_ call: S3Call) throws(S3Error) -> S3Operation {
        switch call.method {
        case .head: return .headBucket
        case .put: return .createBucket
        case .delete: return .deleteBucket
        case .get:
            if call.has("location") { return .getBucketLocation }
            if call.has("uploads") { return .listMultipartUploads }
            guard call.has("list-type") else { return .listObjects }
            guard call.parameter("list-type") == "2" else {
                throw .invalidArgument(
                    "Invalid List Type", "list-type", call.parameter("list-type") ?? "")
            }
            return .listObjectsV2
        case .post:
            if call.has("delete") { return .deleteObjects }
            if let name = call.query.first?.name {
                throw .notImplemented(MissingOperation.name(call, name))
            }
            throw .notImplemented("PostObject")
        case .other: throw .methodNotAllowed
        }
    }
}

/// What to call an operation that the server lacks, as far as its sub-resource tells.
enum MissingOperation {
    private static let nouns: [String: String] = [
        "accelerate": "AccelerateConfiguration", "acl": "Acl",
        "analytics": "AnalyticsConfiguration", "attributes": "Attributes", "cors": "Cors",
        "encryption": "Encryption", "intelligent-tiering": "IntelligentTieringConfiguration",
        "inventory": "InventoryConfiguration", "legal-hold": "LegalHold",
        "lifecycle": "LifecycleConfiguration", "logging": "Logging",
        "metrics": "MetricsConfiguration", "notification": "NotificationConfiguration",
        "ownershipControls": "OwnershipControls", "policy": "Policy",
        "policyStatus": "PolicyStatus", "replication": "Replication",
        "requestPayment": "RequestPayment", "retention": "Retention", "tagging": "Tagging",
        "torrent": "Torrent", "versioning": "Versioning", "website": "Website",
    ]

    /// Those whose names do not say what they are of.
    private static let names: [String: String] = [
        "restore": "RestoreObject", "select": "SelectObjectContent",
        "versions": "ListObjectVersions",
    ]

    static func name(_ call: S3Call, _ parameter: String) -> String {
        if parameter.lowercased().hasPrefix("x-amz-") { return "presigned requests" }
        if let name = names[parameter] { return name }
        guard let noun = nouns[parameter] else { return "the query parameter \(parameter)" }
        let verb =
            switch call.method {
            case .get: "Get"
            case .head: "Head"
            case .put: "Put"
            case .delete: "Delete"
            case .post, .other: "Post"
            }
        return verb + (call.key == nil ? "Bucket" : "Object") + noun
    }
}
