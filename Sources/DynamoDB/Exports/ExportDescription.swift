import DynamoModel
import JSON

/// Where an export that DynamoDB makes stands. (API reference, ExportDescription.)
package struct ExportDescription: Equatable, Sendable {
    package enum State: String, CaseIterable, Sendable {
        case inProgress = "IN_PROGRESS"
        case completed = "COMPLETED"
        case failed = "FAILED"
    }

    package var arn: String
    package var state: State
    package var token: String?
    /// nil before its end.
    package var items: Int?
    /// Of a failed one: the service's name for it, and its words.
    package var failureCode: String?
    package var failureMessage: String?
    /// Of a full one: when the table was as it is exported, in seconds since 1970.
    package var exportTime: Double?
    /// Of an incremental one: where its window ends.
    package var windowEnd: Double?

    /// What a reply's shape has let through.
    init(_ json: JSON) {
        arn = json["ExportArn"]?.string ?? ""
        state = json["ExportStatus"]?.string.flatMap(State.init) ?? .inProgress
        token = json["ClientToken"]?.string
        items = json["ItemCount"]?.int(in: ServiceRanges.itemCount)
        failureCode = json["FailureCode"]?.string
        failureMessage = json["FailureMessage"]?.string
        exportTime = json["ExportTime"]?.double(in: ServiceRanges.timestamps)
        windowEnd = json["IncrementalExportSpecification"]?["ExportToTime"]?
            .double(in: ServiceRanges.timestamps)
    }

    /// What the folder of an export is called: the last part of its ARN.
    package var id: String { Self.id(ofARN: arn) }

    package static func id(ofARN arn: String) -> String {
        arn.lastIndex(of: "/").map { String(arn[arn.index(after: $0)...]) } ?? arn
    }

}
