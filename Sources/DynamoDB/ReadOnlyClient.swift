import AWS
import Dispatch
import JSON

/// The operations that change nothing. There is no case for one that does, so whoever holds only
/// a ``ReadOnlyClient`` can't express a mutating call.
package enum ReadOperation: Sendable {
    case describeContinuousBackups
    case describeContributorInsights
    case describeKinesisStreamingDestination
    case describeTable
    case describeTimeToLive
    case getItem
    case getResourcePolicy
    case listContributorInsights
    case listTables
    case listTagsOfResource
    case scan

    var operation: Operation {
        switch self {
        case .describeContinuousBackups: .describeContinuousBackups
        case .describeContributorInsights: .describeContributorInsights
        case .describeKinesisStreamingDestination: .describeKinesisStreamingDestination
        case .describeTable: .describeTable
        case .describeTimeToLive: .describeTimeToLive
        case .getItem: .getItem
        case .getResourcePolicy: .getResourcePolicy
        case .listContributorInsights: .listContributorInsights
        case .listTables: .listTables
        case .listTagsOfResource: .listTagsOfResource
        case .scan: .scan
        }
    }
}

/// A client that can only read: what a source is reached through.
package struct ReadOnlyClient: Sendable {
    private let client: Client

    package init(_ client: Client) {
        self.client = client
    }

    package var endpoint: Endpoint { client.endpoint }

    /// The access key in use: who has the same one belongs to the same account.
    package var accessKeyID: String { client.accessKeyID }

    /// See ``Client/call(_:_:repeatable:member:patience:)``.
    package func call(
        _ operation: ReadOperation, _ body: JSON, member: String
    ) async throws(AWSError) -> JSON {
        try await client.call(operation.operation, body, repeatable: true, member: member)
    }

    /// One attempt; see ``Client/send(_:body:reply:replyBytesMax:on:repeatable:completion:)``.
    package func send(
        _ operation: ReadOperation, body: ByteBuffer, reply: ByteBuffer, replyBytesMax: Int,
        on queue: DispatchQueue,
        completion: @escaping @Sendable (Result<Reply, AWSError>) -> Void
    ) {
        client.send(
            operation.operation, body: body, reply: reply, replyBytesMax: replyBytesMax, on: queue,
            completion: completion)
    }

    /// See ``Client/renewCredentials(after:)``.
    package func renewCredentials(after error: AWSError) async throws(ConfigurationError) {
        try await client.renewCredentials(after: error)
    }
}
