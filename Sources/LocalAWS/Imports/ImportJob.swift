import DynamoModel
import JSON
import Pacing

/// What an ImportTable asks for, checked.
struct ImportRequest: Sendable {
    let source: InputSource
    let form: InputForm
    let definition: TableDefinition
    let schema: KeySchema
    let features: TableFeatures
    /// Of the request, or made up where it has none.
    let token: String
    /// Whether who asks may list and get objects.
    let mayRead: Bool
    /// Members of the description that repeat the request.
    let repeated: JSON
}

/// An import and where it stands: a value that tells by the time.
///
/// As observed, only scaled: for a while no operation knows the table; then it is CREATING, and
/// ACTIVE a moment before the import is over. Counts are 0 until then.
struct ImportJob: Sendable {
    enum Outcome: Sendable {
        case loaded(ImportTally)
        /// The table or the objects could not be had. There is a table only if reading failed
        /// later.
        case refused(code: String, message: String)
    }

    /// 14 digits, `-`, 8 more in hex.
    let identifier: String
    let arn: String
    let tableARN: String
    /// A UUID: the table's, if it comes to be.
    let tableID: String
    let request: ImportRequest
    let schedule: ImportSchedule
    /// Nil until the objects were read. The items are in the table with it.
    var outcome: Outcome?

    static let failureMessage =
        "Some of the items failed validation checks and were not imported. Please check CloudWatch "
        + "error logs for more details."

    private func end() -> Instant? {
        switch outcome {
        case nil: nil
        case .refused: schedule.readAt
        case .loaded: schedule.endAt
        }
    }

    func isOver(at now: Instant) -> Bool { end().map { now >= $0 } ?? false }

    func status(at now: Instant) -> String {
        guard isOver(at: now), let outcome else { return "IN_PROGRESS" }
        switch outcome {
        case .loaded(let tally): return tally.faults.isEmpty ? "COMPLETED" : "FAILED"
        case .refused: return "FAILED"
        }
    }

    /// Seconds since 1970; nil while it runs.
    func endTime(at now: Instant) -> Double? {
        guard let end = end(), now >= end else { return nil }
        return schedule.seconds(at: end)
    }

    /// An `ImportTableDescription` (API reference).
    func description(at now: Instant) -> JSON {
        var json = summaryMembers(at: now)
        json["TableId"] = .string(tableID)
        json["ClientToken"] = .string(request.token)
        for member in request.repeated.members ?? [] { json[member.name] = member.value }
        var tally = ImportTally()
        if isOver(at: now), let outcome {
            switch outcome {
            case .loaded(let loaded):
                tally = loaded
                guard !loaded.faults.isEmpty else { break }
                json["FailureCode"] = "ItemValidationError"
                json["FailureMessage"] = .string(Self.failureMessage)
            case .refused(let code, let message):
                json["FailureCode"] = .string(code)
                json["FailureMessage"] = .string(message)
            }
            json["ProcessedSizeBytes"] = JSON(tally.bytes)
        }
        json["ErrorCount"] = JSON(tally.faults.count)
        json["ProcessedItemCount"] = JSON(tally.processed)
        json["ImportedItemCount"] = JSON(tally.imported)
        return json
    }

    /// An `ImportSummary` (API reference).
    func summary(at now: Instant) -> JSON {
        var json = summaryMembers(at: now)
        for name in ["S3BucketSource", "InputFormat"] { json[name] = request.repeated[name] }
        return json
    }

    private func summaryMembers(at now: Instant) -> JSON {
        var json: JSON = [
            "ImportArn": .string(arn), "ImportStatus": .string(status(at: now)),
            "TableArn": .string(tableARN), "CloudWatchLogGroupArn": .string(logGroupARN),
            "StartTime": JSON(schedule.startedToday),
        ]
        if let endTime = endTime(at: now) { json["EndTime"] = JSON(endTime) }
        return json
    }

    /// Of the region and account of the import.
    private var logGroupARN: String {
        let parts = tableARN.split(separator: ":", maxSplits: 5)
        return "arn:\(parts[1]):logs:\(parts[3]):\(parts[4]):log-group:\(ImportLog.group):*"
    }

    var logStream: String { "\(identifier)/error" }
}

/// When an import does what.
struct ImportSchedule: Sendable {
    let startedAt: Instant
    /// Seconds since 1970, in milliseconds.
    let startedToday: Double
    /// The table begins to be known, and the objects are read.
    let readAt: Instant
    let activeAt: Instant
    let endAt: Instant

    /// - Parameter phase: how long a table that is created by itself is CREATING.
    init(_ change: ChangeTime, phase: Duration) {
        startedAt = change.now
        startedToday = change.today
        readAt = change.end
        activeAt = readAt + phase * 2
        endAt = activeAt + phase / 4
    }

    /// Seconds since 1970, in milliseconds.
    func seconds(at instant: Instant) -> Double {
        let seconds = startedToday + Double((instant - startedAt).inNanoseconds) / 1e9
        return (seconds * 1000).rounded() / 1000
    }
}
