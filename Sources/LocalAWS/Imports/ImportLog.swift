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
                "itemS3Pointer": [
                    "bucket": .string(request.source.bucket), "key": .string(fault.key.text),
                    "itemIndex": JSON(fault.index),
                ],
                "importArn": .string(arn),
                "errorMessages": [.string(fault.message)],
            ]
            return LogEvent(milliseconds: milliseconds, message: message.text)
        }
    }
}
