import AWS
import Dispatch
import Flow
import S3
import System

/// Objects of a bucket, below a prefix, that can only be read. (S3 guide, "Organizing objects in
/// the Amazon S3 console by using folders".)
package final class BucketStore: FileStore {
    package let title: String
    /// Ends with `/` unless it is empty.
    private let prefix: String
    private let bucket: any ReadableBucket
    private let queue: DispatchQueue

    /// Keys of a listing, at most: each is held in memory.
    private static let objectsMax = 2_000_000

    package convenience init(_ bucket: SourceBucket, prefix: String) {
        self.init(any: bucket, prefix: prefix)
    }

    init(any bucket: any ReadableBucket, prefix: String) {
        self.bucket = bucket
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        title = "s3://\(bucket.name)/\(self.prefix)"
        queue = HTTPEngine.queue("bucket", lane: 0)
    }

    /// Of the place, from the root of the bucket.
    package var key: String { prefix }

    package var bucketName: String { bucket.name.text }

    package func list(_ prefix: String, _ done: @escaping Done<[FileEntry]>) {
        Task {
            do throws(AWSError) {
                let found = try await bucket.objects(
                    prefix: self.prefix + prefix, countMax: Self.objectsMax)
                var entries = found.map { object in
                    FileEntry(
                        name: String(
                            decoding: object.key.utf8.dropFirst(self.prefix.utf8.count),
                            as: UTF8.self),
                        bytes: object.size,
                        archive: object.archive)
                }
                entries.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
                done(.success(entries))
            } catch {
                // It was repeated as long as that made sense.
                done(.failure(FlowFailure(final: error)))
            }
        }
    }

    package func read(
        _ name: String, _ range: Range<Int>, version: String?, into buffer: ByteBuffer,
        _ done: @escaping Done<FilePart>
    ) {
        bucket.get(
            prefix + name, range: range, ifMatch: version.flatMap { ETag($0) }, into: buffer,
            bytesMax: range.count, on: queue
        ) { [self] result in
            switch result {
            case .success(let part):
                done(.success(FilePart(fileBytes: part.size, version: part.etag?.text ?? "")))
            // No range of an empty object can be had (RFC 9110 section 15.5.17).
            case .failure(let error) where range.lowerBound == 0 && error.code == "InvalidRange":
                buffer.removeAll()
                done(.success(FilePart(fileBytes: 0, version: version ?? "")))
            case .failure(let error): answer(done, error)
            }
        }
    }

    /// Answers a call that has failed: at once, or once credentials that had expired are renewed.
    func answer<Value>(_ done: @escaping Done<Value>, _ error: AWSError) {
        guard error.remedy == .renewCredentials else {
            return done(.failure(FlowFailure(storage: error)))
        }
        Task {
            do throws(ConfigurationError) {
                try await bucket.renewCredentials(after: error)
                done(.failure(FlowFailure(storage: error)))
            } catch {
                done(.failure(FlowFailure(error)))
            }
        }
    }
}

/// Objects of a bucket, below a prefix, that are written too.
package final class WritableBucketStore: WritableFileStore {
    private let bucket: TargetBucket
    private let reading: BucketStore
    private let queue: DispatchQueue

    package let landsWithin: Duration

    /// - Parameter landsWithin: how long a put may still take effect whose process has died.
    package init(
        _ bucket: TargetBucket, prefix: String, landsWithin: Duration = FlowFailure.landsWithin
    ) {
        self.bucket = bucket
        self.landsWithin = landsWithin
        reading = BucketStore(any: bucket, prefix: prefix)
        queue = HTTPEngine.queue("bucket", lane: 0)
    }

    package var title: String { reading.title }
    package var key: String { reading.key }

    package func list(_ prefix: String, _ done: @escaping Done<[FileEntry]>) {
        reading.list(prefix, done)
    }

    package func read(
        _ name: String, _ range: Range<Int>, version: String?, into buffer: ByteBuffer,
        _ done: @escaping Done<FilePart>
    ) {
        reading.read(name, range, version: version, into: buffer, done)
    }

    package func write(
        _ name: String, _ bytes: ByteBuffer, _ condition: FileCondition,
        _ done: @escaping Done<FileWritten>
    ) {
        bucket.put(
            key + name, bytes, condition: condition == .isNew ? .ifAbsent : .always, on: queue
        ) { [self] result in
            switch result {
            case .success(let stored): done(.success(.written(etag: stored.etag?.bare)))
            case .failure(let error) where condition == .isNew && error.isConditionFailure:
                done(.success(.wasThere))
            case .failure(let error): reading.answer(done, error)
            }
        }
    }

    package func remove(_ name: String, _ done: @escaping Done<Void>) {
        Task {
            do throws(AWSError) {
                try await bucket.delete(key + name)
                done(.success(()))
            } catch {
                done(.failure(FlowFailure(final: error)))
            }
        }
    }
}

extension ListedObject {
    /// Classes whose objects must be restored before they can be read (S3 guide, "Understanding and
    /// managing Amazon S3 storage classes").
    fileprivate var archive: String? {
        guard let storageClass, ["GLACIER", "DEEP_ARCHIVE"].contains(storageClass) else {
            return nil
        }
        return storageClass
    }
}

extension FlowFailure {
    /// - Parameter error: of a bucket; it names bucket and key.
    fileprivate init(storage error: AWSError) {
        let place = error.place.map { " \($0)" } ?? ""
        self.init(
            Remedy(error.remedy), code: error.code,
            message: "\(error.operation)\(place): \(error.message)",
            hint: error.keyRefusal?.hint(for: "the credentials of\(place)") ?? error.hint,
            mayLandWithin: error.isOutcomeUnknown ? Self.landsWithin : nil)
        isLikelyToStay = error.localCode == .absurdReply
    }

    /// It has been repeated as long as its remedy says.
    fileprivate init(final error: AWSError) {
        self.init(storage: error)
        remedy = .giveUp
    }
}
