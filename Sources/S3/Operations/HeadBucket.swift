import AWS
import System

extension ReadableBucket {
    /// Asks whether the bucket is there and may be listed, and learns where it is. (API reference,
    /// HeadBucket.)
    /// - Throws: ``AWSError``, ``AWSError/isMissing`` when there is none.
    package func probe() async throws(AWSError) {
        var listing = BucketCall(.listObjects, .get)
        listing.query = [("list-type", "2"), ("max-keys", "1")]
        listing.content = .document(ObjectPages.rootName)
        _ = try await reader.head(
            BucketCall(.headBucket, .head), inWords: listing,
            wordsBytesMax: ObjectPages.replyBytesMax)
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
    static let headBucket = Operation(s3: "HeadBucket", right: "ListBucket", mutates: false)
}
