import DynamoModel
import System

/// ListObjectsV2 and ListObjects: pages of at most 1,000 keys, whatever is asked for.
extension S3Service {
    private static let keysMax = 1000

    func listObjectsV2(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let call = exchange.call
        let token = call.parameter("continuation-token")
        let startAfter = call.parameter("start-after")
        var listing = try listing(call)
        if let token {
            listing.after = try Self.key(ofToken: token)
        } else {
            listing.after = startAfter.flatMap { $0.isEmpty ? nil : ObjectKey($0) }
        }
        let encode = try Self.encoding(call)
        let (page, objects) = try page(listing, call)
        return S3Reply(xml: "ListBucketResult") { output in
            output.text("Name", call.bucket ?? "")
            output.text("Prefix", encode(listing.prefix))
            if let startAfter { output.text("StartAfter", encode(ObjectKey(startAfter))) }
            if let token { output.text("ContinuationToken", token) }
            if page.isTruncated, let last = page.last {
                output.text("NextContinuationToken", Self.token(last))
            }
            output.text("KeyCount", "\(page.count)")
            Self.write(listing, page, objects, call, encode, to: &output)
        }
    }

    func listObjects(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let call = exchange.call
        let marker = call.parameter("marker") ?? ""
        var listing = try listing(call)
        listing.after = marker.isEmpty ? nil : ObjectKey(marker)
        let encode = try Self.encoding(call)
        let (page, objects) = try page(listing, call)
        return S3Reply(xml: "ListBucketResult") { output in
            output.text("Name", call.bucket ?? "")
            output.text("Prefix", encode(listing.prefix))
            output.text("Marker", encode(ObjectKey(marker)))
            // Without a delimiter the last key is the marker.
            if page.isTruncated, !listing.delimiter.bytes.isEmpty, let last = page.last {
                output.text("NextMarker", encode(last))
            }
            Self.write(listing, page, objects, call, encode, to: &output)
        }
    }

    private func listing(_ call: S3Call) throws(S3Error) -> ObjectListing {
        let asked = try call.number("max-keys", in: 0...Int(Int32.max), usual: Self.keysMax)
        return ObjectListing(
            prefix: ObjectKey(call.parameter("prefix") ?? ""),
            delimiter: ObjectKey(call.parameter("delimiter") ?? ""),
            limit: min(asked, Self.keysMax))
    }

    private func page(
        _ listing: ObjectListing, _ call: S3Call
    ) throws(S3Error) -> (ObjectListing.Page, [(ObjectKey, ObjectMetadata)]) {
        let bucket = call.bucket ?? ""
        return try stored { store in
            let page = listing.page(of: try store.keys(in: bucket))
            var objects: [(ObjectKey, ObjectMetadata)] = []
            for key in page.keys {
                if let object = try store.object(key, in: bucket) {
                    objects.append((key, object.metadata))
                }
            }
            return (page, objects)
        }
    }

    // MARK: Words

    static func encoding(_ call: S3Call) throws(S3Error) -> (ObjectKey) -> String {
        switch call.parameter("encoding-type") {
        case nil, "": return \.text
        case "url": return { PercentText.listed($0.bytes) }
        case let other?:
            throw .invalidArgument(
                "Invalid Encoding Method specified in Request", "encoding-type", other)
        }
    }

    /// Opaque to clients: the last key, in base64.
    private static func token(_ key: ObjectKey) -> String { "1" + Base64.encode(key.bytes) }

    private static func key(ofToken token: String) throws(S3Error) -> ObjectKey {
        guard token.hasPrefix("1"), let bytes = Base64.decode(Array(token.utf8.dropFirst())),
            String(validating: bytes, as: UTF8.self) != nil
        else {
            throw .invalidArgument(
                "The continuation token provided is incorrect", "continuation-token", token)
        }
        return ObjectKey(bytes)
    }

    private static func write(
        _ listing: ObjectListing, _ page: ObjectListing.Page,
        _ objects: [(ObjectKey, ObjectMetadata)], _ call: S3Call, _ encode: (ObjectKey) -> String,
        to output: inout XMLWriter
    ) {
        output.text("MaxKeys", "\(listing.limit)")
        if !listing.delimiter.bytes.isEmpty { output.text("Delimiter", encode(listing.delimiter)) }
        if let encoding = call.parameter("encoding-type") { output.text("EncodingType", encoding) }
        output.text("IsTruncated", page.isTruncated ? "true" : "false")
        for (key, object) in objects {
            output.element("Contents") { output in
                output.text("Key", encode(key))
                output.time("LastModified", object.modified)
                output.text("ETag", "\"\(object.etag)\"")
                if let checksum = object.checksum {
                    output.text("ChecksumAlgorithm", checksum.algorithm.rawValue)
                    output.text("ChecksumType", checksum.kind.rawValue)
                }
                output.text("Size", "\(object.size)")
                output.text("StorageClass", object.storageClass)
            }
        }
        for prefix in page.commonPrefixes {
            output.element("CommonPrefixes") { $0.text("Prefix", encode(prefix)) }
        }
    }
}
