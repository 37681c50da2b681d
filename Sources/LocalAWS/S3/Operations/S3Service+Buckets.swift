import Glibc
import HTTPServer
import System

/// Making, finding and removing buckets (S3 API reference).
extension S3Service {
    func createBucket(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let name = exchange.bucket
        let region = try regionOfNew(exchange.call)
        let isNew = try make(Bucket(name: name, region: region, created: now))
        guard isNew else { throw .bucketExists(name) }
        return S3Reply(headers: [
            HTTPHeader("Location", "/\(name)"),
            HTTPHeader("x-amz-bucket-arn", "arn:aws:s3:::\(name)"),
        ])
    }

    /// Makes a bucket; false when there is one of its name.
    func make(_ bucket: Bucket) throws(S3Error) -> Bool {
        try stored { store in
            guard try store.bucket(named: bucket.name) == nil else { return false }
            try store.add(bucket)
            return true
        }
    }

    /// Where a new bucket is to be: it must be the region that the request was signed for, but that
    /// us-east-1 makes buckets everywhere and itself goes without saying.
    private func regionOfNew(_ call: S3Call) throws(S3Error) -> String {
        var asked: String?
        if !call.body.isEmpty {
            guard let body = XMLElement(parsing: call.body),
                body.name == "CreateBucketConfiguration"
            else { throw .malformedXML }
            let others = body.children.map(\.name).filter { $0 != "LocationConstraint" }
            if let other = others.first { throw .notImplemented("CreateBucket with \(other)") }
            asked = body.text(of: "LocationConstraint")
        }
        if asked == "EU" { asked = "eu-west-1" }
        if asked == "us-east-1" {
            throw S3Error(
                400, "InvalidLocationConstraint",
                "The specified location-constraint is not valid",
                [("LocationConstraint", "us-east-1")])
        }
        guard let signed = signedRegion(call) else { return asked ?? region }
        guard signed == "us-east-1" || signed == asked else {
            throw S3Error(
                400, "IllegalLocationConstraintException",
                "The \(asked ?? "unspecified") location constraint is incompatible for the region "
                    + "specific endpoint this request was sent to.")
        }
        return asked ?? "us-east-1"
    }

    func deleteBucket(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let name = exchange.bucket
        try stored { store in
            guard try store.keys(in: name).isEmpty else { throw S3Error.bucketNotEmpty(name) }
            do throws(SystemError) {
                try store.removeBucket(named: name)
            } catch {
                // Files that are no objects.
                throw error.code == ENOTEMPTY ? S3Error.bucketNotEmpty(name) : S3Error(error)
            }
            uploads = uploads.filter { $0.value.bucket != name }
        }
        return S3Reply(status: 204)
    }

    func headBucket(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let bucket = try bucket(named: exchange.bucket)
        return S3Reply(headers: [
            HTTPHeader("x-amz-bucket-region", bucket.region),
            HTTPHeader("x-amz-bucket-arn", "arn:aws:s3:::\(bucket.name)"),
        ])
    }

    /// Of us-east-1 it is said by nothing.
    func getBucketLocation(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let bucket = try bucket(named: exchange.bucket)
        var output = XMLWriter()
        let region = bucket.region == "us-east-1" ? "" : bucket.region
        output.element("LocationConstraint", namespace: XMLWriter.namespace) {
            $0.characters(region)
        }
        var reply = S3Reply()
        reply.contentType = "application/xml"
        reply.body = .bytes(output.bytes)
        return reply
    }

    func listBuckets(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let call = exchange.call
        let limit = try call.number("max-buckets", in: 1...10_000, usual: 10_000)
        let prefix = call.parameter("prefix") ?? ""
        let region = call.parameter("bucket-region")
        let after = call.parameter("continuation-token") ?? ""
        let all = try stored { store in try store.buckets() }
            .filter {
                $0.name.hasPrefix(prefix) && (region == nil || $0.region == region)
                    && $0.name > after
            }
            .sorted { $0.name < $1.name }
        let page = all.prefix(limit)
        return S3Reply(xml: "ListAllMyBucketsResult") { output in
            Self.writeOwner("Owner", to: &output)
            output.element("Buckets") { output in
                for bucket in page {
                    output.element("Bucket") { output in
                        output.text("Name", bucket.name)
                        output.time("CreationDate", bucket.created)
                        output.text("BucketRegion", bucket.region)
                    }
                }
            }
            if page.count < all.count, let last = page.last {
                output.text("ContinuationToken", last.name)
            }
            if !prefix.isEmpty { output.text("Prefix", prefix) }
        }
    }

    static func writeOwner(_ name: String, to output: inout XMLWriter) {
        output.element(name) { output in
            output.text("ID", Tables.account)
            output.text("DisplayName", "local")
        }
    }
}
