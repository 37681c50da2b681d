import AWS
import DynamoModel
import JSON

/// Where work stands by which DynamoDB loads files. (API reference, ImportTableDescription and
/// BulkOperationDescription.)
package struct LoadDescription: Equatable, Sendable {
    package enum State: String, CaseIterable, Sendable {
        case inProgress = "IN_PROGRESS"
        case completed = "COMPLETED"
        /// Of bulk puts alone.
        case withErrors = "COMPLETED_WITH_ERRORS"
        case cancelling = "CANCELLING"
        case cancelled = "CANCELLED"
        case failed = "FAILED"
    }

    package var arn: String
    package var state: State
    package var token: String?
    /// That were loaded; an import counts none before its end. nil: it does not say.
    package var items: Int?
    /// Lines that could not be: of an import one may stand for all that follow in its object.
    package var errors = 0
    package var failureCode: String?
    package var failureMessage: String?

    /// - Parameter json: what a reply's shape has let through.
    init(ofImport json: JSON) {
        self.init(json, arn: "ImportArn", state: "ImportStatus")
        items = json["ImportedItemCount"]?.int(in: ServiceRanges.itemCount)
        errors = json["ErrorCount"]?.int(in: ServiceRanges.itemCount) ?? 0
    }

    /// - Parameter json: what a reply's shape has let through.
    init(ofBulkPut json: JSON) {
        self.init(json, arn: "BulkOperationArn", state: "BulkOperationStatus")
        let processed = json["ProcessedItemCount"]?.int(in: ServiceRanges.itemCount)
        errors = json["FailedItemCount"]?.int(in: ServiceRanges.itemCount) ?? 0
        items = processed.map { max(0, $0 - errors) }
    }

    private init(_ json: JSON, arn: String, state: String) {
        self.arn = json[arn]?.string ?? ""
        self.state = json[state]?.string.flatMap(State.init) ?? .inProgress
        token = json["ClientToken"]?.string
        failureCode = json["FailureCode"]?.string
        failureMessage = json["FailureMessage"]?.string
    }
}

extension LoadDescription.State {
    static let words = ReplyValue.word(allCases.map(\.rawValue))
}
