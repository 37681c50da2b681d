import AWS
import Dispatch
import JSON
import System

/// A client that can only read: what a source is reached through.
package struct ReadOnlyClient: Sendable {
    private let client: Client

    package init(_ client: Client) {
        self.client = client
    }

    package var endpoint: Endpoint { client.endpoint }

    /// The access key in use: who has the same one belongs to the same account.
    package var accessKeyID: String { client.accessKeyID }

    /// Whose side it is: the same for all processes that were started alike.
    package var identity: String { client.identity }

    /// See ``Client/call(_:_:repeatable:patience:)``.
    package func call(
        _ operation: ReadOperation, _ body: JSON
    ) async throws(AWSError) -> JSON {
        try await client.call(operation.operation, body, repeatable: true)
    }

    /// See ``Client/call(_:_:repeatable:patience:replyBytesMax:_:)``.
    package func call<Value: Sendable>(
        _ operation: ReadOperation, _ body: ByteBuffer, replyBytesMax: Int,
        _ read: @escaping @Sendable (Reply) -> Result<Value, AWSError>
    ) async throws(AWSError) -> Value {
        try await client.call(
            operation.operation, body, repeatable: true, replyBytesMax: replyBytesMax, read)
    }

    /// The elements of the list `member` of all pages: as long as a reply has a token, the next
    /// request gets it. Throws when a token does not lead on.
    /// - Parameter token: its names in the reply and in the request.
    func list(
        _ operation: ReadOperation, _ body: JSON, _ member: String,
        token: (reply: String, request: String) = ("NextToken", "NextToken")
    ) async throws(AWSError) -> [JSON] {
        var body = body
        var found: [JSON] = []
        for _ in 0..<Self.pagesMax {
            let reply = try await call(operation, body)
            found += reply[member]?.array ?? []
            guard let next = reply[token.reply] else { return found }
            guard next != body[token.request] else {
                throw AWSError(absurd: operation.operation, "\(token.reply) does not lead on")
            }
            body[token.request] = next
        }
        throw AWSError(absurd: operation.operation, "\(token.reply) leads on without end")
    }

    /// No list that is read has more pages: of 100 tables each, for one.
    private static let pagesMax = 10_000

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

    /// See ``Client/faultsPass()``.
    package func faultsPass() { client.faultsPass() }

    /// See ``Client/renewCredentials(after:)``.
    package func renewCredentials(after error: AWSError) async throws(ConfigurationError) {
        try await client.renewCredentials(after: error)
    }
}
