import AWS
import Dispatch
import System

/// When an object is put at all. (S3 guide, "Conditional writes".)
package enum PutCondition: Equatable, Sendable {
    case always
    /// There is none of its key: `PreconditionFailed` otherwise.
    case ifAbsent
    /// This version is there.
    case ifMatch(ETag)
}

/// An object that was put.
package struct StoredObject: Equatable, Sendable {
    package let etag: ETag?
    /// In a bucket that keeps versions.
    package let version: String?
    /// From submission to the reply.
    package let latency: Duration
}

extension TargetBucket {
    /// Makes one attempt to put an object of up to 5 GB. (API reference, PutObject.)
    ///
    /// `body` belongs to the request until `completion` is called, once, on `queue`; its checksum
    /// is computed on the caller's thread. An object is there whole or not at all. When the outcome
    /// is unknown (``AWSError/isOutcomeUnknown``) it may land later: nothing else may be put under
    /// its key until then.
    package func put(
        _ key: String, _ body: ByteBuffer, type: String = TargetBucket.defaultType,
        condition: PutCondition = .always, on queue: DispatchQueue,
        completion: @escaping @Sendable (Result<StoredObject, AWSError>) -> Void
    ) {
        put(
            call(key, body, type, condition), on: queue, within: nil, completion: completion)
    }

    /// The same, repeated as the errors' remedies say.
    /// - Throws: ``AWSError``. After ``AWSError/isConditionFailure`` with
    ///   ``AWSError/isOutcomeUnknown`` what is there may be the body itself, put by an attempt
    ///   before: read it and compare.
    package func put(
        _ key: String, _ body: ByteBuffer, type: String = TargetBucket.defaultType,
        condition: PutCondition = .always
    ) async throws(AWSError) -> StoredObject {
        let call = call(key, body, type, condition)
        let client = client.client
        let mayBeThere = Locked(false)
        return try await client.call(.putObject) {
            limit -> Result<StoredObject, AWSError> in
            let result = await withCheckedContinuation { continuation in
                put(call, on: client.callQueue, within: limit) {
                    continuation.resume(returning: $0)
                }
            }
            return result.mapError { error in
                var error = error
                mayBeThere.withLock { mayBeThere in
                    mayBeThere = mayBeThere || error.isOutcomeUnknown
                    error.isOutcomeUnknown = mayBeThere
                }
                return error
            }
        }
    }

    /// `application/octet-stream`
    package static var defaultType: String { "application/octet-stream" }

    /// Longer replies are none that says that it was done.
    private static let replyBytesMax = 16_384

    private func put(
        _ call: BucketCall, on queue: DispatchQueue, within limit: Duration?,
        completion: @escaping @Sendable (Result<StoredObject, AWSError>) -> Void
    ) {
        client.send(
            call, into: ByteBuffer(), bytesMax: Self.replyBytesMax, on: queue, within: limit
        ) { result in
            completion(
                result.map { reply in
                    StoredObject(
                        etag: reply.fields("etag").flatMap { ETag($0) },
                        version: reply.fields("x-amz-version-id"), latency: reply.latency)
                })
        }
    }

    private func call(
        _ key: String, _ body: ByteBuffer, _ type: String, _ condition: PutCondition
    ) -> BucketCall {
        var call = BucketCall(.putObject, .put, key: key)
        call.body = body
        call.headers = [("Content-Type", type)]
        switch condition {
        case .always: break
        case .ifAbsent: call.headers.append(("If-None-Match", "*"))
        case .ifMatch(let etag): call.headers.append(("If-Match", etag.text))
        }
        if client.sums.sending == .whenSupported {
            let sum = ObjectSum.crc32
            call.headers.append(("\(sum.header)", sum.text(of: body.bytes)))
        }
        return call
    }
}

extension Operation {
    static let putObject = Operation(s3: "PutObject", mutates: true)
}
