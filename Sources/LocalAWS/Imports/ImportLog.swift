import JSON
import System

/// What imports write to CloudWatch Logs (developer guide, "Import format quotas and validation").
enum ImportLog {
    static let group = "/aws-dynamodb/imports"
}

extension ImportJob {
    /// An event for each record that was not imported, in the order of the objects' keys.
    var logEvents: [LogEvent] {
        guard case .loaded(let tally) = outcome else { return [] }
        let milliseconds = Int(clamping: schedule.seconds(at: schedule.readAt) * 1000)
        return tally.faults.map { fault in
            let message: JSON = [
                "itemS3Pointer": fault.pointer(in: request.source.bucket),
                "importArn": .string(arn),
                "errorMessages": [.string(fault.message)],
            ]
            return LogEvent(milliseconds: milliseconds, message: message.text)
        }
    }
}

extension ImportTally.Fault {
    /// Where it is, as DynamoDB tells it.
    func pointer(in bucket: String) -> JSON {
        ["bucket": .string(bucket), "key": .string(key.text), "itemIndex": JSON(index)]
    }
}
