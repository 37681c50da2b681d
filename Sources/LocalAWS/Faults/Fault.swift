import Pacing

/// One thing that goes wrong with one request.
package enum Fault: Equatable, Sendable {
    /// 500 InternalServerError, nothing done.
    case error
    /// ProvisionedThroughputExceededException, nothing done.
    case throttle
    /// A ValidationException with this text, nothing done.
    case validation(String)
    /// This share of a batch's items comes back unprocessed.
    case unprocessed(Double)
    /// The connection is closed in an orderly way, before or after the work, without a reply.
    case dropBefore
    case dropAfter
    /// The connection is reset, before or after the work, without a reply.
    case resetBefore
    case resetAfter
    /// The work is done; the reply ends half-way and the connection is closed.
    case truncate
    /// The work is done; one byte of the reply is not the one that the checksum covers.
    case corrupt
    /// The work is done; the checksum is not that of the reply.
    case wrongChecksum
    /// Something else is answered, and nothing done, as by a proxy on the way.
    case reply(status: Int, contentType: String, body: String)
    /// The work is done; the reply never comes.
    case stall
    /// The work is done; the reply comes late.
    case delay(Duration)
    /// The work is done; one field of the reply is absurd, see ``AbsurdReply``.
    case absurd(seed: UInt64)
    /// Of S3: 200 with an error in the body, nothing done. Only CompleteMultipartUpload and
    /// CopyObject may answer so; others meet nothing.
    case errorInReply
    /// Of S3: sent on, nothing done: by 307 to the same place, or by 301 with the bucket's region.
    case redirect(isPermanent: Bool)
    /// Of S3: before the work, the object gets another ETag, as if uploaded anew.
    case changed

    /// The work is done, and the client can't tell.
    var spoilsReply: Bool {
        switch self {
        case .dropAfter, .resetAfter, .truncate, .corrupt, .wrongChecksum, .stall, .absurd: true
        case .error, .throttle, .validation, .unprocessed, .dropBefore, .resetBefore, .reply,
            .delay, .errorInReply, .redirect, .changed:
            false
        }
    }

    /// The share of a batch's items that comes back unprocessed.
    var withheldShare: Double { if case .unprocessed(let share) = self { share } else { 0 } }
}

/// Chooses the fault for one request of a script: the operation's name and how many requests came
/// before it, over all connections. Called on the server's threads.
package typealias RequestHook = @Sendable (_ operation: String, _ number: Int) -> Fault?

/// One request to S3, as a hook sees it.
package struct S3Event: Sendable {
    package struct Subject: Hashable, Sendable {
        /// `GetObject`
        package let operation: String
        /// Empty for ListBuckets.
        package let bucket: String
        /// Nil for operations on buckets.
        package let key: String?
    }

    package let subject: Subject
    /// How many requests of the same subject came before it.
    package let number: Int
    /// The header `Range`.
    package let range: String?

    package var operation: String { subject.operation }
    package var bucket: String { subject.bucket }
    package var key: String? { subject.key }
}

/// Chooses the fault for one request to S3. Called on the server's threads.
package typealias S3Hook = @Sendable (S3Event) -> Fault?
