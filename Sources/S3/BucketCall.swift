import AWS
import System

/// What is asked of a bucket, whatever host it is at.
struct BucketCall: Sendable {
    let operation: Operation
    let method: HTTPMethod
    /// Nil for the bucket itself.
    var key: String?
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    /// What is put.
    var body: ByteBuffer?
    var content = RESTRequest.Content.nothing

    init(_ operation: Operation, _ method: HTTPMethod, key: String? = nil) {
        self.operation = operation
        self.method = method
        self.key = key
    }

    /// Why it can't be sent, or nil.
    var defect: String? {
        guard let key else { return nil }
        return ObjectKey.defect(of: key).map { "the key \($0)" }
    }

    func place(in bucket: BucketName) -> String { "s3://\(bucket)/\(key ?? "")" }

    func request(
        _ bucket: BucketName, _ options: BucketOptions, _ lessons: BucketRequirements
    ) -> RESTRequest {
        let (address, root) = lessons.endpoint.address(of: bucket.text)
        let path = key.map { root + "/" + $0 } ?? (root.isEmpty ? "/" : root)
        var request = RESTRequest(operation, method, address, path: path, place: place(in: bucket))
        request.query = query
        request.headers = headers + options.headers
        if let body {
            request.body = body
            request.headers += options.putHeaders
            if lessons.wantsMD5 {
                request.headers.append(("Content-MD5", ObjectSum.md5.text(of: body.bytes)))
            }
        }
        request.content = content
        return request
    }
}
