import AWS
import System

/// What is known of an object without reading it.
package struct ObjectFacts: Equatable, Sendable {
    package var size: Int
    package var etag: ETag?
    package var lastModified: UTCTime?
    /// Nil: `STANDARD`.
    package var storageClass: String?
    /// `ongoing-request="false", ...` of an archived object that has been restored.
    package var restore: String?

    /// Archived, and not restored: it can't be read. (S3 guide, "Working with archived objects".)
    package var isArchived: Bool {
        guard let storageClass, ["GLACIER", "DEEP_ARCHIVE"].contains(storageClass) else {
            return false
        }
        return restore?.contains("ongoing-request=\"false\"") != true
    }
}

extension ObjectFacts {
    /// - Throws: what is wrong with a reply, in words.
    init(_ fields: ReplyFields) throws(FieldDefect) {
        size = try fields.whole("content-length", in: 0...ObjectLimits.objectBytesMax)
        etag = fields("etag").flatMap { ETag($0) }
        lastModified = fields.time("last-modified")
        storageClass = fields("x-amz-storage-class")
        restore = fields("x-amz-restore")
    }
}

extension ReadableBucket {
    /// What is known of the object; nil when there is none. (API reference, HeadObject.)
    package func head(_ key: String) async throws(AWSError) -> ObjectFacts? {
        var words = BucketCall(.getObject, .get, key: key)
        words.headers = [("Range", "bytes=0-0")]
        words.content = .bytes
        let call = BucketCall(.headObject, .head, key: key)
        let reply: RESTReply
        do {
            reply = try await reader.head(call, inWords: words, wordsBytesMax: 1)
        } catch {
            guard error.isMissing, error.code != "NoSuchBucket" else { throw error }
            return nil
        }
        do throws(FieldDefect) {
            return try ObjectFacts(reply.fields)
        } catch {
            throw reader.client.error(absurd: call, error)
        }
    }
}

extension BucketReader {
    /// The reply to a HEAD, repeated as the errors' remedies say.
    ///
    /// When it is refused its reply has a status and no words, and 400 and 403 may mean a dozen
    /// things, credentials that have ended among them. So the same is asked by GET, which has
    /// words for it.
    /// - Parameter words: that GET.
    func head(
        _ call: BucketCall, inWords words: BucketCall, wordsBytesMax: Int
    ) async throws(AWSError) -> RESTReply {
        try await client.client.call(call.operation) {
            limit -> Result<RESTReply, AWSError> in
            let result = await client.attempt(call, bytesMax: 0, within: limit)
            guard case .failure(let error) = result, [400, 403].contains(error.status) else {
                return result
            }
            let second = await client.attempt(words, bytesMax: wordsBytesMax, within: limit)
            if case .failure(let worded) = second, worded.status == error.status { return second }
            return result
        }
    }
}

extension AWSError {
    /// There is no such object, or no such bucket.
    package var isMissing: Bool { ["NoSuchKey", "NoSuchBucket", "NotFound"].contains(code) }
}

extension Operation {
    static let headObject = Operation(s3: "HeadObject", right: "GetObject", mutates: false)
}
