import HTTPServer
import System

/// A bucket that is there from the start.
package struct BucketSetting: Equatable, Sendable {
    package var name: String
    /// Nil for the server's own.
    package var region: String?

    package init(_ name: String, region: String? = nil) {
        self.name = name
        self.region = region
    }

    /// Whether S3 allows a bucket of this name.
    package static func isName(_ name: String) -> Bool { BucketName.isValid(name) }
}

/// Buckets and objects without HTTP. May be called from any thread, while the server serves too.
extension LocalServer {
    /// Makes a bucket unless it is there already, which it may be in a folder.
    package func make(_ bucket: BucketSetting) throws(ServerError) {
        let s3 = service.s3
        do throws(S3Error) {
            guard BucketName.isValid(bucket.name) else { throw .invalidBucketName(bucket.name) }
            _ = try s3.make(
                Bucket(name: bucket.name, region: bucket.region ?? s3.region, created: s3.now))
        } catch {
            throw ServerError("the bucket \(bucket.name) can't be made: \(error.message)")
        }
    }

    /// Puts an object into a bucket, as PutObject does that says nothing but the bytes.
    package func put(_ bytes: [UInt8], as key: String, in bucket: String) throws(ServerError) {
        do throws(S3Error) {
            try service.s3.put(bytes, as: ObjectKey(key), in: bucket)
        } catch {
            throw ServerError("the object \(key) can't be put: \(error.message)")
        }
    }

    /// The bytes of an object; nil when there is none.
    package func object(_ key: String, in bucket: String) -> [UInt8]? {
        service.exports.settle()
        var output = ByteStorage()
        do throws(S3Error) {
            let object = try service.s3.stored { store in
                try store.object(ObjectKey(key), in: bucket)
            }
            guard let object else { return nil }
            _ = try service.s3.aside { _ in
                try object.content.append(0..<object.content.count, to: &output)
            }
        } catch { return nil }
        return Array(output.bytes)
    }

    /// The keys of a bucket in their order; none when there is no such bucket.
    package func keys(in bucket: String) -> [String] {
        service.exports.settle()
        let keys = try? service.s3.stored { store in try store.keys(in: bucket) }
        return (keys ?? []).map(\.text)
    }

    /// How many uploads in parts are neither completed nor aborted.
    package func openUploads(in bucket: String) -> Int {
        service.s3.lock.withLock { service.s3.uploads.values.count { $0.bucket == bucket } }
    }
}

extension S3Service {
    /// Puts an object that no request brings.
    ///
    /// - Parameter isUploadInParts: whether its ETag is that of an upload in one part.
    func put(
        _ bytes: [UInt8], as key: ObjectKey, in bucket: String,
        headers: [HTTPHeader] = ObjectHeaders.usual, isUploadInParts: Bool = false
    ) throws(S3Error) {
        let md5 = MD5.hash(bytes)
        let etag =
            isUploadInParts ? Hex.text(MD5.hash(md5)) + "-1" : Self.etag(md5, headers)
        var checksum = RunningChecksum(.crc64nvme)
        bytes.withUnsafeBytes { checksum.add($0) }
        let metadata = ObjectMetadata(
            size: bytes.count, etag: etag, modified: now, headers: headers,
            checksum: ObjectChecksum(
                algorithm: checksum.algorithm, value: checksum.finishText()))
        _ = try self.bucket(named: bucket)
        let content = try aside { store in
            try store.content(joining: [.memory([bytes])]) { _ in }
        }
        try stored { store in try store.put(content, metadata, as: key, in: bucket) }
    }
}
