import HTTPServer

/// The headers of a request that are kept with an object, and those that ask for what the server
/// lacks.
enum ObjectHeaders {
    /// Of user metadata, names and values together (S3 guide, "Working with object metadata").
    private static let metadataBytesMax = 2048
    private static let metadataPrefix = "x-amz-meta-"

    private static let kept: [String: String] = [
        "cache-control": "Cache-Control", "content-disposition": "Content-Disposition",
        "content-encoding": "Content-Encoding", "content-language": "Content-Language",
        "content-type": "Content-Type", "expires": "Expires",
        "x-amz-website-redirect-location": "x-amz-website-redirect-location",
    ]

    private static let encryption = "x-amz-server-side-encryption"
    private static let encryptionDetails = ["-aws-kms-key-id", "-bucket-key-enabled"]
        .map { encryption + $0 }

    /// Of an object that somebody put into the folder.
    static let usual = [
        HTTPHeader("Content-Type", "binary/octet-stream"), HTTPHeader(encryption, "AES256"),
    ]

    /// Of an object that is encrypted with a key of KMS: the account's for S3 when none is named.
    static func ofKMS(keyID: String?) -> [HTTPHeader] {
        [HTTPHeader("Content-Type", "binary/octet-stream"), HTTPHeader(encryption, "aws:kms")]
            + (keyID.map { [HTTPHeader(encryptionDetails[0], $0)] } ?? [])
    }

    /// What would make the request another one if it were passed over.
    private static let missing = [
        "x-amz-tagging", "x-amz-object-lock-", "x-amz-bucket-object-lock-enabled",
        "x-amz-server-side-encryption-customer-", "x-amz-server-side-encryption-context",
        "x-amz-copy-source-server-side-encryption-customer-", "x-amz-write-offset-bytes",
        "x-amz-mfa", "x-amz-if-match-",
    ]

    private static let storageClasses: Set = [
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
        "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR",
    ]

    /// Refuses what the server lacks, by name.
    static func check(_ call: S3Call) throws(S3Error) {
        for header in call.headers where missing.contains(where: { header.name.hasPrefix($0) }) {
            throw .notImplemented(header: header.name)
        }
        let isGranting = call.headers.contains { $0.name.hasPrefix("x-amz-grant-") }
        let acl = call.header("x-amz-acl") ?? "private"
        // What buckets allow whose owner is enforced, as new ones have it.
        guard !isGranting, ["private", "bucket-owner-full-control"].contains(acl) else {
            throw S3Error(
                400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
        }
    }

    static func isEncryption(_ name: String) -> Bool { name.hasPrefix(encryption) }

    /// The headers that a reader of the object gets back.
    static func kept(of call: S3Call) throws(S3Error) -> [HTTPHeader] {
        try description(of: call) + encryption(of: call)
    }

    /// Those that say what the object is.
    static func description(of call: S3Call) throws(S3Error) -> [HTTPHeader] {
        var headers: [HTTPHeader] = []
        var metadataBytes = 0
        for header in call.headers {
            if header.name.hasPrefix(metadataPrefix) {
                metadataBytes += header.name.utf8.count - metadataPrefix.utf8.count
                metadataBytes += header.value.utf8.count
                headers.append(header)
            } else if let name = kept[header.name] {
                let value = name == "Content-Encoding" ? withoutChunks(header.value) : header.value
                if !value.isEmpty { headers.append(HTTPHeader(name, value)) }
            }
        }
        guard metadataBytes <= metadataBytesMax else {
            throw S3Error(
                400, "MetadataTooLarge",
                "Your metadata headers exceed the maximum allowed metadata size",
                [("Size", "\(metadataBytes)"), ("MaxSizeAllowed", "\(metadataBytesMax)")])
        }
        if !headers.contains(where: { $0.name == "Content-Type" }) {
            headers.append(HTTPHeader("Content-Type", "binary/octet-stream"))
        }
        return headers
    }

    /// Those that say how it is encrypted: by a key of S3's own when nothing else is said.
    static func encryption(of call: S3Call) throws(S3Error) -> [HTTPHeader] {
        let method = call.header(encryption) ?? "AES256"
        guard ["AES256", "aws:kms", "aws:kms:dsse"].contains(method) else {
            throw .invalidArgument(
                "The encryption method specified is not supported", encryption, method)
        }
        let details = encryptionDetails.compactMap { name in
            call.header(name).map { HTTPHeader(name, $0) }
        }
        if method == "AES256", let detail = details.first {
            throw .invalidArgument(
                "Server Side Encryption with AWS KMS managed key requires HTTP header "
                    + "x-amz-server-side-encryption : aws:kms",
                detail.name, detail.value)
        }
        return [HTTPHeader(encryption, method)] + details
    }

    /// Whether the ETag is the MD5 of the bytes (S3 API reference, "Object").
    static func hasPlainTag(_ headers: [HTTPHeader]) -> Bool {
        headers.contains(HTTPHeader(encryption, "AES256"))
    }

    static func storageClass(of call: S3Call) throws(S3Error) -> String {
        let name = call.header("x-amz-storage-class") ?? ObjectMetadata.standardClass
        guard storageClasses.contains(name) else {
            throw S3Error(
                400, "InvalidStorageClass", "The storage class you specified is not valid",
                [("StorageClassRequested", name)])
        }
        return name
    }

    /// The codings of an object without that of the request.
    private static func withoutChunks(_ codings: String) -> String {
        codings.split(separator: ",").map { $0.filter { $0 != " " } }
            .filter { $0 != "aws-chunked" }.joined(separator: ",")
    }
}
