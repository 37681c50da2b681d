import AWS
import Dispatch
import System

/// Sends requests to one bucket, wherever it turns out to be.
///
/// What can be asked of it stands with ``ReadableBucket`` and ``TargetBucket``: who holds a
/// ``SourceBucket`` can't express a call that changes something.
///
/// All methods may be called from any thread.
package final class BucketClient: Sendable {
    package let name: BucketName
    let options: BucketOptions
    let sums: ChecksumSettings
    let client: RESTClient
    private let lessons: Locked<BucketRequirements>

    /// A refusal may teach the region, and the next one that a sum is asked for.
    private static let lessonsMax = 2

    /// Sends nothing yet.
    /// - Parameter client: of the same side; buckets share it, and its credentials.
    /// - Throws: for options that make no sense.
    package init(
        _ name: BucketName, _ options: BucketOptions = BucketOptions(),
        _ settings: StorageSettings, client: RESTClient
    ) throws(ConfigurationError) {
        if let defect = options.defect { throw ConfigurationError(.bucket, defect) }
        self.name = name
        self.options = options
        sums = settings.sums
        self.client = client
        lessons = Locked(BucketRequirements(settings.endpoint, wantsMD5: options.sendsMD5))
    }

    /// Where the bucket is, as far as is known by now.
    package var endpoint: StorageEndpoint { lessons.withLock { $0.endpoint } }

    /// Makes one attempt; see ``RESTClient/send(_:into:bytesMax:on:within:completion:)``. When the
    /// refusal says what the request lacks, it is made anew and sent again at once.
    func send(
        _ call: BucketCall, into reply: ByteBuffer, bytesMax: Int, on queue: DispatchQueue,
        within limit: Duration? = nil,
        completion: @escaping @Sendable (Result<RESTReply, AWSError>) -> Void
    ) {
        if let defect = call.defect {
            let error = error(notSending: call, defect)
            return queue.async { completion(.failure(error)) }
        }
        send(
            call, into: reply, bytesMax: bytesMax, on: queue, within: limit,
            lessonsLeft: Self.lessonsMax, completion: completion)
    }

    private func send(
        _ call: BucketCall, into reply: ByteBuffer, bytesMax: Int, on queue: DispatchQueue,
        within limit: Duration?, lessonsLeft: Int,
        completion: @escaping @Sendable (Result<RESTReply, AWSError>) -> Void
    ) {
        let known = lessons.withLock { $0 }
        client.send(
            call.request(name, options, known), into: reply, bytesMax: bytesMax, on: queue,
            within: limit
        ) { [self] result in
            guard case .failure(var error) = result, lessonsLeft > 0 else {
                return completion(result)
            }
            switch lessons.withLock({ $0.learn(from: error, sentBy: known) }) {
            case .accept: completion(result)
            case .outOfReach(let reason):
                error.hint = reason.description
                completion(.failure(error))
            case .sendAnew:
                send(
                    call, into: reply, bytesMax: bytesMax, on: queue, within: limit,
                    lessonsLeft: lessonsLeft - 1, completion: completion)
            }
        }
    }

    func error(notSending call: BucketCall, _ reason: String) -> AWSError {
        var error = AWSError(notSent: call.operation, reason)
        error.place = call.place(in: name)
        return error
    }

    /// One attempt as an async call.
    func attempt(
        _ call: BucketCall, into reply: ByteBuffer = ByteBuffer(), bytesMax: Int,
        within limit: Duration
    ) async -> Result<RESTReply, AWSError> {
        await withCheckedContinuation { continuation in
            send(call, into: reply, bytesMax: bytesMax, on: client.callQueue, within: limit) {
                continuation.resume(returning: $0)
            }
        }
    }
}
