import Glibc
import HTTPServer

/// Which bucket and key a request is for, and whether it is for S3 at all.
///
/// The server has one port: what names an operation in `X-Amz-Target` is for DynamoDB, and so is
/// whatever S3 does not claim. S3 claims every path but `/`, every host of a bucket (`NAME.s3.…` or
/// `NAME.localhost`), and `GET /` when it looks like ListBuckets.
struct S3Address {
    /// Nil for ListBuckets.
    let bucket: String?
    /// Percent-encoded, as sent; empty for the bucket.
    let key: Slice<UnsafeRawBufferPointer>
    /// What follows the question mark.
    let query: Slice<UnsafeRawBufferPointer>

    /// Nil when the request is not for S3.
    init?(_ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer) {
        let target = bytes[request.target]
        guard request.amzTarget == nil, target.first == 0x2F else { return nil }
        let mark = target.firstIndex(of: 0x3F) ?? target.endIndex
        let path = target[target.startIndex + 1..<mark]
        query = mark < target.endIndex ? target[mark + 1..<target.endIndex] : target.suffix(0)
        let headers = bytes[request.headers]
        if let host = Self.bucket(of: Self.header("host", of: headers)) {
            (bucket, key) = (host, path)
            return
        }
        if path.isEmpty {
            guard request.method == .get, !query.isEmpty || Self.isSignedForS3(headers) else {
                return nil
            }
            (bucket, key) = (nil, path)
            return
        }
        guard ControlRequest(request, bytes) == nil else { return nil }
        let end = path.firstIndex(of: 0x2F) ?? path.endIndex
        bucket = String(decoding: path[..<end], as: UTF8.self)
        key = end < path.endIndex ? path[(end + 1)...] : path.suffix(0)
    }

    /// The bucket that a host names: what stands before the last `.s3.`, or before `.localhost`.
    static func bucket(of host: String) -> String? {
        let name = host.prefix { $0 != ":" }.lowercased()
        if let place = name.ranges(of: ".s3.").last, place.lowerBound > name.startIndex {
            return String(name[..<place.lowerBound])
        }
        guard name.hasSuffix(".localhost") else { return nil }
        let bucket = name.dropLast(".localhost".count)
        return bucket.isEmpty || bucket == "s3" ? nil : String(bucket)
    }

    /// S3's clients always send a header that begins so; who looks at a health check does not.
    private static func isSignedForS3(_ headers: Slice<UnsafeRawBufferPointer>) -> Bool {
        header("authorization", of: headers).contains("/s3/aws4_request")
            || !header("x-amz-content-sha256", of: headers).isEmpty
    }

    /// The value of the first header of this name, which is in lower case; empty without one.
    private static func header(_ name: String, of headers: Slice<UnsafeRawBufferPointer>) -> String
    {
        for line in headers.split(separator: 0x0A) {
            guard line.count > name.utf8.count, line[line.startIndex + name.utf8.count] == 0x3A,
                line.prefix(name.utf8.count).elementsEqual(name.utf8, by: { $0 | 0x20 == $1 })
            else { continue }
            let value = String(decoding: line.dropFirst(name.utf8.count + 1), as: UTF8.self)
            return value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        return ""
    }
}
