import DynamoModel
import HTTPServer
import System

/// Reading, writing and removing single objects (S3 API reference).
extension S3Service {
    // MARK: GetObject, HeadObject

    func getObject(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let call = exchange.call
        let object = try object(exchange)
        let metadata = object.metadata
        let outcome = try ObjectConditions.checkRead(call, metadata)
        var reply = S3Reply(headers: [
            metadata.etagHeader,
            HTTPHeader("Last-Modified", UTCTime(secondsSinceEpoch: metadata.modified).httpDate),
        ])
        guard outcome == .holds else {
            reply.status = 304
            return reply
        }
        let isHead = exchange.operation == .headObject
        guard isHead || !metadata.isArchived else { throw .archived(metadata.storageClass) }
        let range = try ByteRangeHeader.range(call.header("range"), size: metadata.size)
        reply.headers += Self.headers(of: metadata, call, range)
        reply.contentType = metadata.contentType
        if range != nil { reply.status = 206 }
        let sent = range ?? 0..<metadata.size
        if isHead {
            reply.contentLength = sent.count
        } else {
            reply.body = .object(object.content, sent)
        }
        return reply
    }

    private func object(_ exchange: S3Exchange) throws(S3Error) -> StoredObject {
        let (bucket, key) = (exchange.bucket, exchange.key)
        let object = try stored { store in try store.object(key, in: bucket) }
        guard let object else { throw missing(key, exchange) }
        return object
    }

    private static func headers(
        of object: ObjectMetadata, _ call: S3Call, _ range: Range<Int>?
    ) -> [HTTPHeader] {
        var headers = [HTTPHeader("Accept-Ranges", "bytes")]
        if let range {
            headers.append(
                HTTPHeader(
                    "Content-Range",
                    "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.size)"))
        } else if call.header("x-amz-checksum-mode")?.uppercased() == "ENABLED" {
            // Of a part of the object there is none.
            headers += object.checksum?.headers ?? []
        }
        if object.storageClass != ObjectMetadata.standardClass {
            headers.append(HTTPHeader("x-amz-storage-class", object.storageClass))
        }
        return headers + object.headers.filter { $0.name != "Content-Type" }
    }

    // MARK: PutObject

    func putObject(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let call = exchange.call
        let payload = try payload(of: call)
        let (md5, checksum) = try payload.sums(call)
        let headers = try ObjectHeaders.kept(of: call)
        let metadata = ObjectMetadata(
            size: payload.count, etag: Self.etag(md5, headers), modified: now,
            storageClass: try ObjectHeaders.storageClass(of: call), headers: headers,
            checksum: checksum)
        let content = try aside { store in
            try store.content(payload.pieces)
        }
        try put(content, metadata, exchange)
        return S3Reply(headers: metadata.writtenHeaders)
    }

    /// The bytes that a request brings, of which it must say how many they are.
    func payload(of call: S3Call) throws(S3Error) -> S3Payload {
        guard call.header("content-length") != nil || call.header("transfer-encoding") != nil else {
            throw S3Error(
                411, "MissingContentLength",
                "You must provide the Content-Length HTTP header.")
        }
        let payload = try S3Payload(call)
        guard payload.count <= store.objectBytesMax else {
            throw .tooLarge(bytesMax: store.objectBytesMax)
        }
        return payload
    }

    /// Of what is encrypted with a key of KMS, the ETag is no MD5 of the bytes.
    static func etag(_ md5: [UInt8], _ headers: [HTTPHeader]) -> String {
        ObjectHeaders.hasPlainTag(headers)
            ? Hex.text(md5) : Hex.text(MD5.hash(md5 + Array("aws:kms".utf8)))
    }

    /// Makes the object that a request names, if its conditions hold.
    /// - Parameter upload: that ends with it, and must be there still.
    func put(
        _ content: ObjectContent, _ metadata: ObjectMetadata, _ exchange: S3Exchange,
        completing upload: String? = nil
    ) throws(S3Error) {
        let (call, bucket, key) = (exchange.call, exchange.bucket, exchange.key)
        try stored { store in
            // It may have gone since.
            guard try store.bucket(named: bucket) != nil else { throw S3Error.noSuchBucket(bucket) }
            let old = try store.object(key, in: bucket)?.metadata
            try ObjectConditions.checkWrite(call, key: key, over: old)
            if let upload {
                guard uploads[upload] != nil else { throw S3Error.noSuchUpload }
            }
            try store.put(content, metadata, as: key, in: bucket)
            if let upload { uploads[upload] = nil }
        }
    }

    // MARK: CopyObject

    func copyObject(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let call = exchange.call
        guard call.body.isEmpty else { throw .invalidRequest("CopyObject takes no body.") }
        let (source, object) = try copySource(exchange)
        let replaces = try Self.replacesMetadata(call)
        let changes = ["x-amz-storage-class", "x-amz-server-side-encryption"]
        let isItself = source.bucket == exchange.bucket && source.key == exchange.key
        guard !isItself || replaces || changes.contains(where: { call.header($0) != nil }) else {
            throw .invalidRequest(
                "This copy request is illegal because it is trying to copy an object to itself "
                    + "without changing the object's metadata, storage class, website redirect "
                    + "location or encryption attributes.")
        }
        let description =
            replaces
            ? try ObjectHeaders.description(of: call)
            : object.metadata.headers.filter { !ObjectHeaders.isEncryption($0.name) }
        let headers = description + (try ObjectHeaders.encryption(of: call))
        let md5 = RunningDigest(.md5)
        var checksum = RunningChecksum(try Self.algorithm(ofCopy: call, object.metadata))
        let content = try aside { store in
            try store.content(joining: [object.content]) {
                md5.add($0)
                checksum.add($0)
            }
        }
        let metadata = ObjectMetadata(
            size: content.count, etag: Self.etag(md5.finish(), headers), modified: now,
            storageClass: try ObjectHeaders.storageClass(of: call), headers: headers,
            checksum: ObjectChecksum(
                algorithm: checksum.algorithm, value: checksum.finishText()))
        try put(content, metadata, exchange)
        var reply = S3Reply(xml: "CopyObjectResult") { output in
            output.time("LastModified", metadata.modified)
            output.text("ETag", "\"\(metadata.etag)\"")
            if let checksum = metadata.checksum {
                output.text("ChecksumType", checksum.kind.rawValue)
                output.text(checksum.algorithm.element, checksum.value)
            }
        }
        reply.headers = metadata.headers.filter { ObjectHeaders.isEncryption($0.name) }
        return reply
    }

    /// The object that is to be copied, of a bucket of any region.
    private func copySource(
        _ exchange: S3Exchange
    ) throws(S3Error) -> ((bucket: String, key: ObjectKey), StoredObject) {
        let call = exchange.call
        let text = call.header("x-amz-copy-source") ?? ""
        if text.contains("?versionId=") { throw .notImplemented("CopyObject of a version") }
        if text.hasPrefix("arn:") { throw .notImplemented("CopyObject from an access point") }
        let path = text.hasPrefix("/") ? text.dropFirst() : text[...]
        let parts = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty, let bytes = PercentText.decode(parts[1].utf8),
            String(validating: bytes, as: UTF8.self) != nil
        else {
            throw .invalidArgument(
                "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
                "x-amz-copy-source", text)
        }
        let source = (bucket: String(parts[0]), key: ObjectKey(bytes))
        if let owner = call.header("x-amz-source-expected-bucket-owner"), owner != Tables.account {
            throw .accessDenied
        }
        try checkRights(exchange, .getObject)
        _ = try bucket(named: source.bucket)
        let found = try stored { store in try store.object(source.key, in: source.bucket) }
        guard let object = found else { throw missing(source.key, exchange) }
        try ObjectConditions.checkCopySource(call, object.metadata)
        guard !object.metadata.isArchived else { throw .archived(object.metadata.storageClass) }
        return (source, object)
    }

    private static func replacesMetadata(_ call: S3Call) throws(S3Error) -> Bool {
        switch call.header("x-amz-metadata-directive") {
        case nil, "COPY": return false
        case "REPLACE": return true
        case let other?:
            throw .invalidArgument(
                "Unknown metadata directive.", "x-amz-metadata-directive", other)
        }
    }

    /// The one that was asked for, or the source's own.
    private static func algorithm(
        ofCopy call: S3Call, _ source: ObjectMetadata
    ) throws(S3Error) -> ObjectChecksum.Algorithm {
        if let asked = try ObjectChecksum.Algorithm(askedBy: call) { return asked }
        guard let checksum = source.checksum else { return .crc64nvme }
        return checksum.algorithm
    }

    // MARK: Removing

    func deleteObject(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let (call, bucket, key) = (exchange.call, exchange.bucket, exchange.key)
        if call.header("if-none-match") != nil {
            throw .notImplemented(header: "If-None-Match on DeleteObject")
        }
        try stored { store in
            if call.header("if-match") != nil {
                let old = try store.object(key, in: bucket)?.metadata
                try ObjectConditions.checkWrite(call, key: key, over: old)
            }
            try store.remove(key, in: bucket)
        }
        return S3Reply(status: 204)
    }

    /// At most 1,000 at once; an object that is not there counts as removed.
    func deleteObjects(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let (call, bucket) = (exchange.call, exchange.bucket)
        let payload = try payload(of: call)
        guard payload.claimed != nil || call.header("content-md5") != nil else {
            throw .invalidRequest(
                "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
        }
        _ = try payload.sums(call)
        let (keys, isQuiet) = try Self.keysToRemove(payload)
        try stored { store in
            for key in keys { try store.remove(key, in: bucket) }
        }
        return S3Reply(xml: "DeleteResult") { output in
            for key in isQuiet ? [] : keys {
                output.element("Deleted") { $0.text("Key", key.text) }
            }
        }
    }

    private static let removedMax = 1000

    private static func keysToRemove(
        _ payload: S3Payload
    ) throws(S3Error) -> (keys: [ObjectKey], isQuiet: Bool) {
        var bytes = ByteStorage(capacity: payload.count)
        for piece in payload.pieces { bytes.append(piece) }
        guard let body = XMLElement(parsing: bytes.bytes), body.name == "Delete" else {
            throw .malformedXML
        }
        let objects = body.all("Object")
        guard (1...removedMax).contains(objects.count) else { throw .malformedXML }
        var keys: [ObjectKey] = []
        for object in objects {
            guard let key = object.text(of: "Key"), !key.isEmpty else { throw .malformedXML }
            if let other = object.children.first(where: { $0.name != "Key" }) {
                throw .notImplemented("DeleteObjects with \(other.name)")
            }
            keys.append(ObjectKey(key))
        }
        return (keys, body.text(of: "Quiet") == "true")
    }

    // MARK: Faults

    /// Makes the object another one, of the same bytes, as if somebody had uploaded it anew in
    /// parts: its ETag and its time change.
    func changeTag(_ exchange: S3Exchange) throws(S3Error) {
        let (bucket, key) = (exchange.bucket, exchange.key)
        guard exchange.call.key != nil, BucketName.isValid(bucket) else { return }
        let now = now
        try stored { store in
            guard var metadata = try store.object(key, in: bucket)?.metadata else { return }
            metadata.etag = Hex.text(MD5.hash(Array(metadata.etag.utf8))) + "-1"
            metadata.modified = max(now, metadata.modified)
            try store.update(metadata, of: key, in: bucket)
        }
    }
}

extension ObjectMetadata {
    var contentType: String { headers.first { $0.name == "Content-Type" }?.value ?? "" }
}

extension ObjectChecksum.Algorithm {
    /// The one that a copy or an upload in parts asks for; nil when it leaves that to S3.
    init?(askedBy call: S3Call) throws(S3Error) {
        guard let name = call.header("x-amz-checksum-algorithm") else { return nil }
        if ObjectChecksum.missing.contains(name.lowercased()) {
            throw .notImplemented(header: "x-amz-checksum-algorithm: \(name)")
        }
        guard let algorithm = Self(rawValue: name.uppercased()) else {
            throw .invalidRequest("Checksum algorithm provided is unsupported.")
        }
        self = algorithm
    }
}
