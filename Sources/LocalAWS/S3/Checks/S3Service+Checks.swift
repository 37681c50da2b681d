import HTTPServer
import System

/// What every operation checks before it does anything: rights, owner, name and region.
extension S3Service {
    func check(_ exchange: S3Exchange) throws(S3Error) {
        let call = exchange.call
        try checkRights(exchange, exchange.operation)
        guard let bucket = call.bucket else { return }
        guard BucketName.isValid(bucket) else { throw .invalidBucketName(bucket) }
        if let owner = call.header("x-amz-expected-bucket-owner"), owner != Tables.account {
            throw .accessDenied
        }
        try ObjectHeaders.check(call)
        // Both are asked of any region.
        guard exchange.operation != .createBucket, exchange.operation != .getBucketLocation else {
            return
        }
        try checkRegion(of: try self.bucket(named: bucket), call)
    }

    func checkRights(_ exchange: S3Exchange, _ operation: S3Operation) throws(S3Error) {
        guard let caller = exchange.caller, !caller.may(operation) else { return }
        throw S3Error(
            403, "AccessDenied",
            "User: arn:aws:iam::\(Tables.account):user/\(caller.name) is not authorized to "
                + "perform: s3:\(operation.rawValue) on resource: "
                + "\"\(exchange.call.resource)\" because no identity-based policy allows the "
                + "s3:\(operation.rawValue) action")
    }

    /// A bucket of another region than the one that the request was signed for. Who signed for the
    /// server's own region is sent on; who signed for a third one made a mistake. (S3 guide,
    /// "Making requests"; what AWS tells apart by the endpoint, one server can't.)
    private func checkRegion(of bucket: Bucket, _ call: S3Call) throws(S3Error) {
        guard let signed = signedRegion(call), signed != bucket.region else { return }
        guard signed != region else {
            throw .permanentRedirect(bucket.region, host: call.header("host") ?? "")
        }
        var error = S3Error.malformedAuthorization(
            "the region '\(signed)' is wrong; expecting '\(bucket.region)'",
            [("Region", bucket.region)])
        error.headers = [HTTPHeader("x-amz-bucket-region", bucket.region)]
        throw error
    }

    /// The region that a request was signed for; nil when it is not signed for S3.
    func signedRegion(_ call: S3Call) -> String? {
        guard let authorization = try? Authorization(s3: call), !authorization.region.isEmpty else {
            return nil
        }
        return authorization.region
    }

    func bucket(named name: String) throws(S3Error) -> Bucket {
        let bucket = try stored { store in try store.bucket(named: name) }
        guard let bucket else { throw .noSuchBucket(name) }
        return bucket
    }

    /// What is answered where an object is not: who may not list does not learn so (S3 API
    /// reference, "GetObject").
    func missing(_ key: ObjectKey, _ exchange: S3Exchange) -> S3Error {
        let mayList = exchange.caller?.may(.listObjectsV2) ?? true
        return mayList ? .noSuchKey(key) : .accessDenied
    }
}

extension S3Call {
    /// The ARN of what the request is for.
    var resource: String {
        guard let bucket else { return "*" }
        return "arn:aws:s3:::\(bucket)" + (key.map { "/\($0.text)" } ?? "")
    }
}
