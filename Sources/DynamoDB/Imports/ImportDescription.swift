import DynamoModel
import JSON

/// Where an import that DynamoDB makes stands. (API reference, ImportTableDescription.)
package struct ImportDescription: Equatable, Sendable {
    package enum State: String, CaseIterable, Sendable {
        case inProgress = "IN_PROGRESS"
        case completed = "COMPLETED"
        case cancelling = "CANCELLING"
        case cancelled = "CANCELLED"
        case failed = "FAILED"
    }

    package var arn: String
    package var state: State
    package var token: String?
    /// Counts are 0 until the end.
    package var itemsImported: Int
    /// Lines that are no items: one may stand for all that follow in its object.
    package var errors: Int
    package var failureCode: String?
    package var failureMessage: String?

    /// What a reply's shape has let through.
    init(_ json: JSON) {
        arn = json["ImportArn"]?.string ?? ""
        state = json["ImportStatus"]?.string.flatMap(State.init) ?? .inProgress
        token = json["ClientToken"]?.string
        itemsImported = json["ImportedItemCount"]?.int(in: ServiceRanges.itemCount) ?? 0
        errors = json["ErrorCount"]?.int(in: ServiceRanges.itemCount) ?? 0
        failureCode = json["FailureCode"]?.string
        failureMessage = json["FailureMessage"]?.string
    }
}
