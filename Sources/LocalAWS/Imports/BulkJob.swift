import JSON
import Pacing
import System

/// A bulk operation and where it stands: a value that tells by the time.
struct BulkJob: Sendable {
    /// How it ended.
    enum Ending: Equatable, Sendable {
        case completed
        case cancelled
        case failed(code: String, message: String)
    }

    let identifier: String
    let arn: String
    let table: Table
    let request: BulkRequest
    /// Of the request, or made up where it has none.
    let token: String
    let schedule: ImportSchedule

    /// What is to be read, once it is known, and how much of it was.
    var objects: [(key: ObjectKey, content: ObjectContent)]?
    var objectsRead = 0
    var tally = ImportTally()
    var cancelledAt: Instant?
    var ending: Ending?
    /// Since when it is over.
    var endedAt: Instant?

    /// When the next object is due: they are spread evenly over the time from looking at the bucket
    /// to the end. Nil when all were read.
    var nextObjectAt: Instant? {
        guard let count = objects?.count, objectsRead < count else { return nil }
        let span = (schedule.activeAt - schedule.readAt).inNanoseconds
        return schedule.readAt + .nanoseconds(span / Int64(count) * Int64(objectsRead + 1))
    }

    var status: String {
        switch ending {
        case nil: cancelledAt == nil ? "IN_PROGRESS" : "CANCELLING"
        case .completed: tally.faults.isEmpty ? "COMPLETED" : "COMPLETED_WITH_ERRORS"
        case .cancelled: "CANCELLED"
        case .failed: "FAILED"
        }
    }

    /// A `BulkOperationDescription` (API reference).
    func description() -> JSON {
        var json = summary()
        json["TableDetails"] = [
            ["TableName": .string(request.tableName), "TableId": .string(table.identifier)]
        ]
        json["ClientToken"] = .string(token)
        json["ProcessedItemCount"] = JSON(tally.processed)
        json["FailedItemCount"] = JSON(tally.faults.count)
        json["ProcessedInputBytes"] = JSON(tally.storedBytes)
        json["TotalInputBytes"] = objects.map { JSON($0.reduce(0) { $0 + $1.content.count }) }
        json["PerformanceTier"] = .string(request.tier.rawValue)
        json["MaxWriteRequestUnits"] = request.writeUnitsMax.map { JSON($0) }
        // Of indexes it is not known what counts.
        json["BulkOperationUsage"] = [
            [
                "TableName": .string(request.tableName), "BulkPutBytes": JSON(tally.itemBytes),
                "Table": ["BulkPutBytes": JSON(tally.itemBytes)],
            ]
        ]
        for member in request.repeated.members ?? [] { json[member.name] = member.value }
        switch ending {
        case .failed(let code, let message):
            json["FailureCode"] = .string(code)
            json["FailureMessage"] = .string(message)
        case .cancelled:
            // There is a code, and which one is not documented.
            json["FailureCode"] = "Cancelled"
            json["FailureMessage"] = "The operation was cancelled by CancelBulkOperation."
        case .completed, nil: break
        }
        return json
    }

    /// A `BulkOperationSummary` (API reference).
    func summary() -> JSON {
        var json: JSON = [
            "BulkOperationArn": .string(arn), "BulkOperationStatus": .string(status),
            "StartTime": JSON(schedule.startedToday),
        ]
        json["EndTime"] = endedAt.map { JSON(schedule.seconds(at: $0)) }
        return json
    }
}
