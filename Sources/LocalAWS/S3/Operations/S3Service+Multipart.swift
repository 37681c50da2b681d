import HTTPServer
import System

/// Objects that come in parts (S3 API reference).
extension S3Service {
    private static let listedMax = 1000

    func createUpload(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let call = exchange.call
        let headers = try ObjectHeaders.kept(of: call)
        let storageClass = try ObjectHeaders.storageClass(of: call)
        let algorithm = try ObjectChecksum.Algorithm(askedBy: call)
        let kind = try Self.kind(call, algorithm)
        let now = now
        let upload = try stored { _ in
            let upload = MultipartUpload(
                id: makeUploadID(), bucket: exchange.bucket, key: exchange.key, initiated: now,
                headers: headers, storageClass: storageClass, algorithm: algorithm, kind: kind)
            uploads[upload.id] = upload
            return upload
        }
        var reply = S3Reply(xml: "InitiateMultipartUploadResult") { output in
            output.text("Bucket", upload.bucket)
            output.text("Key", upload.key.text)
            output.text("UploadId", upload.id)
        }
        reply.headers = headers.filter { ObjectHeaders.isEncryption($0.name) }
        if let algorithm {
            reply.headers += [
                HTTPHeader("x-amz-checksum-algorithm", algorithm.rawValue),
                HTTPHeader("x-amz-checksum-type", kind.rawValue),
            ]
        }
        return reply
    }

    private static func kind(
        _ call: S3Call, _ algorithm: ObjectChecksum.Algorithm?
    ) throws(S3Error) -> ObjectChecksum.Kind {
        guard let text = call.header("x-amz-checksum-type") else {
            return algorithm?.usualKind ?? .fullObject
        }
        guard let kind = ObjectChecksum.Kind(rawValue: text) else {
            throw .invalidRequest("Value for x-amz-checksum-type header is invalid.")
        }
        let algorithm = algorithm ?? .crc64nvme
        guard algorithm.allows(kind) else {
            throw .invalidRequest(
                "The \(kind.rawValue) checksum type cannot be used with the "
                    + "\(algorithm.rawValue.lowercased()) checksum algorithm.")
        }
        return kind
    }

    func uploadPart(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let call = exchange.call
        let upload = try upload(exchange)
        let numbers = 1...MultipartUpload.partsMax
        guard let text = call.parameter("partNumber"),
            let number = CheckedNumber.int(text, in: numbers)
        else {
            throw .invalidArgument(
                "Part number must be an integer between 1 and \(MultipartUpload.partsMax), "
                    + "inclusive", "partNumber", call.parameter("partNumber") ?? "")
        }
        let payload = try payload(of: call)
        if let algorithm = upload.algorithm, payload.claimed?.algorithm != algorithm {
            let actual = payload.claimed?.algorithm.rawValue.lowercased() ?? "null"
            throw .invalidRequest(
                "Checksum Type mismatch occurred, expected checksum Type: "
                    + "\(algorithm.rawValue.lowercased()), actual checksum Type: \(actual)")
        }
        let (md5, checksum) = try payload.sums(call)
        let content = try aside { store in try store.content(payload.pieces) }
        let part = MultipartUpload.Part(
            content: content, md5: md5, checksum: checksum, modified: now)
        try stored { _ in
            guard uploads[upload.id] != nil else { throw S3Error.noSuchUpload }
            uploads[upload.id]?.parts[number] = part
        }
        return S3Reply(
            headers: [HTTPHeader("ETag", "\"\(part.etag)\"")]
                + checksum.headers.filter { $0.name == checksum.algorithm.header }
                + upload.headers.filter { ObjectHeaders.isEncryption($0.name) })
    }

    /// The upload that a request names.
    private func upload(_ exchange: S3Exchange) throws(S3Error) -> MultipartUpload {
        let id = exchange.call.parameter("uploadId") ?? ""
        let upload = lock.withLock { uploads[id] }
        guard let upload, upload.bucket == exchange.bucket, upload.key == exchange.key else {
            throw .noSuchUpload
        }
        return upload
    }

    func abortUpload(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let upload = try upload(exchange)
        lock.withLock { uploads[upload.id] = nil }
        return S3Reply(status: 204)
    }

    // MARK: CompleteMultipartUpload

    /// An upload that is refused stays as it was.
    func completeUpload(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let call = exchange.call
        let upload = try upload(exchange)
        let parts = try upload.chosen(try Self.listedParts(call))
        let size = parts.reduce(0) { $0 + $1.content.count }
        guard size <= store.objectBytesMax else { throw .tooLarge(bytesMax: store.objectBytesMax) }
        try Self.checkSize(call, size)
        var whole = RunningChecksum(upload.algorithm ?? .crc64nvme)
        let content = try aside { store in
            try store.content(joining: parts.map(\.content)) { bytes in
                if upload.kind == .fullObject { whole.add(bytes) }
            }
        }
        let checksum =
            upload.kind == .fullObject
            ? ObjectChecksum(algorithm: whole.algorithm, value: whole.finishText())
            : MultipartUpload.composite(whole.algorithm, of: parts)
        if let claimed = try S3Payload.checksum(call.headers), claimed.value != checksum.value {
            throw .wrongChecksum(claimed.algorithm)
        }
        let metadata = ObjectMetadata(
            size: size, etag: MultipartUpload.etag(of: parts), modified: now,
            storageClass: upload.storageClass, headers: upload.headers, checksum: checksum)
        try put(content, metadata, exchange, completing: upload.id)
        return completed(metadata, exchange)
    }

    private func completed(
        _ metadata: ObjectMetadata, _ exchange: S3Exchange
    ) -> S3Reply {
        let (bucket, key) = (exchange.bucket, exchange.key)
        var reply = S3Reply(xml: "CompleteMultipartUploadResult") { output in
            let path = PercentText.encode(key.bytes)
            let host = exchange.call.header("host") ?? ""
            output.text("Location", "\(scheme)://\(host)/\(bucket)/\(path)")
            output.text("Bucket", bucket)
            output.text("Key", key.text)
            output.text("ETag", "\"\(metadata.etag)\"")
            if let checksum = metadata.checksum {
                output.text(checksum.algorithm.element, checksum.value)
                output.text("ChecksumType", checksum.kind.rawValue)
            }
        }
        reply.headers = metadata.headers.filter { ObjectHeaders.isEncryption($0.name) }
        return reply
    }

    private static func checkSize(_ call: S3Call, _ size: Int) throws(S3Error) {
        guard let said = call.header("x-amz-mp-object-size") else { return }
        guard CheckedNumber.int(said, in: 0...Int.max) == size else {
            throw .invalidRequest(
                "The provided 'x-amz-mp-object-size' header value \(said) does not match what was "
                    + "computed: \(size)")
        }
    }

    private static func listedParts(
        _ call: S3Call
    ) throws(S3Error) -> [MultipartUpload.ListedPart] {
        guard let body = XMLElement(parsing: call.body), body.name == "CompleteMultipartUpload"
        else { throw .malformedXML }
        let elements = body.all("Part")
        guard (1...MultipartUpload.partsMax).contains(elements.count) else { throw .malformedXML }
        var parts: [MultipartUpload.ListedPart] = []
        for element in elements {
            guard
                let number = element.text(of: "PartNumber").flatMap({
                    CheckedNumber.int($0, in: 1...MultipartUpload.partsMax)
                }), let etag = element.text(of: "ETag")
            else { throw .malformedXML }
            let sums = ObjectChecksum.Algorithm.allCases.compactMap { algorithm in
                element.text(of: algorithm.element).map {
                    ObjectChecksum(algorithm: algorithm, value: $0)
                }
            }
            parts.append(
                MultipartUpload.ListedPart(
                    number: number, etag: etag.filter { $0 != "\"" }, checksum: sums.first))
        }
        return parts
    }

    // MARK: Listing

    func listParts(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let call = exchange.call
        let upload = try upload(exchange)
        let limit = try call.number("max-parts", in: 0...Int(Int32.max), usual: Self.listedMax)
        let marker = try call.number("part-number-marker", in: 0...Int(Int32.max), usual: 0)
        let rest = upload.parts.keys.sorted().filter { $0 > marker }
        let numbers = rest.prefix(min(limit, Self.listedMax))
        return S3Reply(xml: "ListPartsResult") { output in
            output.text("Bucket", upload.bucket)
            output.text("Key", upload.key.text)
            output.text("UploadId", upload.id)
            Self.writeOwner("Initiator", to: &output)
            Self.writeOwner("Owner", to: &output)
            output.text("StorageClass", upload.storageClass)
            output.text("PartNumberMarker", "\(marker)")
            output.text("NextPartNumberMarker", "\(numbers.last ?? 0)")
            output.text("MaxParts", "\(min(limit, Self.listedMax))")
            output.text("IsTruncated", numbers.count < rest.count ? "true" : "false")
            if let algorithm = upload.algorithm {
                output.text("ChecksumAlgorithm", algorithm.rawValue)
                output.text("ChecksumType", upload.kind.rawValue)
            }
            for number in numbers {
                guard let part = upload.parts[number] else { continue }
                output.element("Part") { output in
                    output.text("PartNumber", "\(number)")
                    output.time("LastModified", part.modified)
                    output.text("ETag", "\"\(part.etag)\"")
                    output.text("Size", "\(part.content.count)")
                    output.text(part.checksum.algorithm.element, part.checksum.value)
                }
            }
        }
    }

    /// By key, then by time and id.
    func listUploads(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        let call = exchange.call
        let limit = try call.number("max-uploads", in: 0...Int(Int32.max), usual: Self.listedMax)
        let prefix = ObjectKey(call.parameter("prefix") ?? "")
        let keyMarker = call.parameter("key-marker") ?? ""
        let idMarker = call.parameter("upload-id-marker") ?? ""
        let encode = try Self.encoding(call)
        let all = lock.withLock { Array(uploads.values) }
            .filter { $0.bucket == exchange.bucket && $0.key.hasPrefix(prefix) }
            .sorted { ($0.key, $0.initiated, $0.id) < ($1.key, $1.initiated, $1.id) }
        let rest = all.drop { upload in
            guard !keyMarker.isEmpty else { return false }
            let marker = ObjectKey(keyMarker)
            return upload.key < marker || (upload.key == marker && idMarker.isEmpty)
        }
        // Those of the marker's key go on behind the upload that it names.
        let place = rest.firstIndex { $0.key == ObjectKey(keyMarker) && $0.id == idMarker }
        let left = place.map { rest[($0 + 1)...] } ?? rest
        let page = left.prefix(min(limit, Self.listedMax))
        return S3Reply(xml: "ListMultipartUploadsResult") { output in
            output.text("Bucket", exchange.bucket)
            output.text("KeyMarker", encode(ObjectKey(keyMarker)))
            output.text("UploadIdMarker", idMarker)
            if page.count < left.count, let last = page.last {
                output.text("NextKeyMarker", encode(last.key))
                output.text("NextUploadIdMarker", last.id)
            }
            output.text("Prefix", encode(prefix))
            output.text("MaxUploads", "\(min(limit, Self.listedMax))")
            if let encoding = call.parameter("encoding-type") {
                output.text("EncodingType", encoding)
            }
            output.text("IsTruncated", page.count < left.count ? "true" : "false")
            for upload in page {
                output.element("Upload") { output in
                    output.text("Key", encode(upload.key))
                    output.text("UploadId", upload.id)
                    Self.writeOwner("Initiator", to: &output)
                    Self.writeOwner("Owner", to: &output)
                    output.text("StorageClass", upload.storageClass)
                    output.time("Initiated", upload.initiated)
                }
            }
        }
    }
}
