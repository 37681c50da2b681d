import HTTPServer

/// What S3 answers instead of a result: a code, a text and a status, in XML (S3 API reference,
/// "Error responses").
struct S3Error: Error, Equatable, Sendable {
    struct Detail: Equatable, Sendable {
        var name: String
        var value: String
    }

    var status: Int
    var code: String
    var message: String
    /// Elements between the message and the request's id.
    var details: [Detail] = []
    var headers: [HTTPHeader] = []

    init(_ status: Int, _ code: String, _ message: String, _ details: [(String, String)] = []) {
        (self.status, self.code, self.message) = (status, code, message)
        self.details = details.map { Detail(name: $0.0, value: $0.1) }
    }

    func xml(resource: String, requestID: String, hostID: String) -> [UInt8] {
        var output = XMLWriter()
        write(to: &output, resource: resource, requestID: requestID, hostID: hostID)
        return output.bytes
    }

    func write(
        to output: inout XMLWriter, resource: String, requestID: String, hostID: String
    ) {
        output.element("Error") { output in
            output.text("Code", code)
            output.text("Message", message)
            for detail in details { output.text(detail.name, detail.value) }
            output.text("Resource", resource)
            output.text("RequestId", requestID)
            output.text("HostId", hostID)
        }
    }
}

extension S3Error {
    static let invalidURI = S3Error(400, "InvalidURI", "Couldn't parse the specified URI.")

    static func keyTooLong(_ count: Int) -> S3Error {
        S3Error(
            400, "KeyTooLongError", "Your key is too long",
            [("Size", "\(count)"), ("MaxSizeAllowed", "\(ObjectKey.bytesMax)")])
    }

    static let headersTooLarge = S3Error(
        400, "RequestHeaderSectionTooLarge",
        "Your request header section exceeds the maximum allowed size.",
        [("MaxSizeAllowed", "\(S3Call.headerBytesMax)")])

    static func invalidArgument(_ message: String, _ name: String, _ value: String) -> S3Error {
        S3Error(
            400, "InvalidArgument", message, [("ArgumentName", name), ("ArgumentValue", value)])
    }

    static func invalidRequest(_ message: String) -> S3Error {
        S3Error(400, "InvalidRequest", message)
    }

    static let malformedXML = S3Error(
        400, "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema")

    /// What the service has and this server lacks, by name.
    static func notImplemented(_ name: String) -> S3Error {
        S3Error(
            501, "NotImplemented",
            "The embedded server does not have \(name)", [("Operation", name)])
    }

    static func notImplemented(header name: String) -> S3Error {
        S3Error(
            501, "NotImplemented",
            "A header you provided implies functionality that is not implemented: the embedded "
                + "server does not have \(name)", [("Header", name)])
    }

    static let methodNotAllowed = S3Error(
        405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    // MARK: Buckets

    static func noSuchBucket(_ name: String) -> S3Error {
        S3Error(404, "NoSuchBucket", "The specified bucket does not exist", [("BucketName", name)])
    }

    static func invalidBucketName(_ name: String) -> S3Error {
        S3Error(
            400, "InvalidBucketName", "The specified bucket is not valid.", [("BucketName", name)])
    }

    static func bucketExists(_ name: String) -> S3Error {
        S3Error(
            409, "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
            [("BucketName", name)])
    }

    static func bucketNotEmpty(_ name: String) -> S3Error {
        S3Error(
            409, "BucketNotEmpty", "The bucket you tried to delete is not empty",
            [("BucketName", name)])
    }

    // MARK: Objects

    static func noSuchKey(_ key: ObjectKey) -> S3Error {
        S3Error(404, "NoSuchKey", "The specified key does not exist.", [("Key", key.text)])
    }

    static func preconditionFailed(_ header: String) -> S3Error {
        S3Error(
            412, "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold", [("Condition", header)]
        )
    }

    static func invalidRange(_ asked: String, size: Int) -> S3Error {
        var error = S3Error(
            416, "InvalidRange", "The requested range is not satisfiable",
            [("RangeRequested", asked), ("ActualObjectSize", "\(size)")])
        error.headers = [HTTPHeader("Content-Range", "bytes */\(size)")]
        return error
    }

    static func archived(_ storageClass: String) -> S3Error {
        S3Error(
            403, "InvalidObjectState",
            "The operation is not valid for the object's storage class",
            [("StorageClass", storageClass)])
    }

    static func tooLarge(bytesMax: Int) -> S3Error {
        S3Error(
            400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size",
            [("MaxSizeAllowed", "\(bytesMax)")])
    }

    static let noSuchUpload = S3Error(
        404, "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
            + "been aborted or completed.")

    // MARK: Anybody

    static let accessDenied = S3Error(403, "AccessDenied", "Access Denied")

    static let internalError = S3Error(
        500, "InternalError", "We encountered an internal error. Please try again.")

    static let slowDown = S3Error(503, "SlowDown", "Please reduce your request rate.")
}
