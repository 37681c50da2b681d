import AWS
import JSON

extension Client {
    /// One page of a list.
    /// - Parameter next: where it begins; nil: at the start.
    /// - Returns: its elements, and where the next page begins; nil: it is the last.
    /// - Throws: also where a token does not lead on.
    func page(
        _ operation: Operation, _ body: JSON, _ member: String, from next: String?
    ) async throws(AWSError) -> (elements: [JSON], next: String?) {
        var body = body
        if let next { body["NextToken"] = .string(next) }
        let reply = try await call(operation, body, repeatable: true)
        let following = reply["NextToken"]?.string
        guard following == nil || following != next else {
            throw AWSError(absurd: operation, "NextToken does not lead on")
        }
        return (reply[member]?.array ?? [], following)
    }
}
