import AWS
import DynamoDB
import JSON

/// A kind of work that DynamoDB does by itself, and how it is asked for and looked at.
package protocol ServiceOperation: Sendable {
    /// - Parameter body: the whole request, its token included.
    /// - Returns: the ARN of the work, which is under way.
    func ask(_ body: JSON) async throws(AWSError) -> String

    /// Such work is listed the newest first.
    var listsNewestFirst: Bool { get }

    /// A page of the ARNs of such work, and where the next page begins.
    func list(from next: String?) async throws(AWSError) -> (arns: [String], next: String?)

    func look(_ arn: String) async throws(AWSError) -> ServiceState
}

extension ServiceOperation {
    package var listsNewestFirst: Bool { false }
}

/// Where work that DynamoDB does stands.
package struct ServiceState: Equatable, Sendable {
    package enum End: Equatable, Sendable {
        case done
        /// The service's name for what went wrong, and its words.
        case failed(code: String, message: String?)
    }

    package var arn: String
    /// Of its request.
    package var token: String?
    /// nil: it is under way.
    package var end: End?
    /// Known at its end.
    package var items: Int?
    /// Of loads: items that could not be taken, at least.
    package var errors = 0

    package init(arn: String, token: String?, end: End?, items: Int?) {
        self.arn = arn
        self.token = token
        self.end = end
        self.items = items
    }
}

extension ServiceState {
    /// Of work by which DynamoDB loads files. Lines that can't be loaded are no failure of bulk
    /// puts: those are in its report.
    init(_ found: LoadDescription, arn: String) {
        let end: End? =
            switch found.state {
            case .inProgress, .cancelling: nil
            case .completed, .withErrors: .done
            case .cancelled: .failed(code: "CANCELLED", message: found.failureMessage)
            case .failed:
                .failed(code: found.failureCode ?? "FAILED", message: found.failureMessage)
            }
        self.init(
            arn: arn, token: found.token, end: end, items: end == nil ? nil : found.items)
        errors = found.errors
    }
}
