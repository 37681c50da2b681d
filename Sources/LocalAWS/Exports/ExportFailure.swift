/// Why an export that was accepted ends FAILED.
package struct ExportFailure: Equatable, Sendable {
    /// As `FailureCode` has them. (Observed.)
    package enum Code: String, CaseIterable, Sendable {
        case noSuchBucket = "S3NoSuchBucket"
        case accessDenied = "S3AccessDenied"
        case noSuchKey = "KmsNotFoundException"
    }

    package var code: Code
    /// Without the part about the service's own request to S3, which is added.
    package var message: String

    package init(_ code: Code, message: String? = nil) {
        self.code = code
        self.message = message ?? code.usualMessage
    }

    /// - Parameter ids: of the request to S3.
    func description(ids: (request: String, host: String)) -> String {
        let (status, error) =
            switch code {
            case .noSuchBucket: (404, "NoSuchBucket")
            case .accessDenied: (403, "AccessDenied")
            case .noSuchKey: (400, "KMS.NotFoundException")
            }
        return "\(message) (Service: Amazon S3; Status Code: \(status); Error Code: \(error); "
            + "Request ID: \(ids.request); S3 Extended Request ID: \(ids.host); Proxy: null)"
    }
}

extension ExportFailure.Code {
    fileprivate var usualMessage: String {
        switch self {
        case .noSuchBucket: "The specified bucket does not exist"
        case .accessDenied: "Access Denied"
        case .noSuchKey: "The key does not exist"
        }
    }
}
