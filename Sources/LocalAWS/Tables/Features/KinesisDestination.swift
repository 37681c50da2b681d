import JSON
import Pacing

/// A stream in Kinesis that a table's changes would go to (guide, "Kinesis Data Streams").
struct KinesisDestination: Sendable {
    enum Precision: String, CaseIterable, Sendable {
        case milliseconds = "MILLISECOND"
        case microseconds = "MICROSECOND"
    }

    let streamARN: String
    var precision: Precision
    var isOn = DelayedSetting(false)

    func status(at now: Instant) -> String {
        let status = SwitchStatus.text(
            isOn: isOn.target, isSettled: isOn.isSettled(at: now))
        return status == "ENABLED" ? "ACTIVE" : status
    }

    /// A `KinesisDataStreamDestination` (API reference).
    func description(at now: Instant) -> JSON {
        [
            "StreamArn": .string(streamARN), "DestinationStatus": .string(status(at: now)),
            "ApproximateCreationDateTimePrecision": .string(precision.rawValue),
        ]
    }
}

/// The streams of one table: one that is on, and those that were.
struct KinesisDestinations: Sendable {
    private(set) var all: [KinesisDestination] = []

    mutating func enable(
        _ streamARN: String, _ precision: KinesisDestination.Precision, _ time: ChangeTime
    ) throws(ServiceError) -> String {
        guard all.allSatisfy({ $0.status(at: time.now) == "DISABLED" }) else {
            throw .validation(
                "Table is not in a valid state to enable Kinesis Streaming Destination: "
                    + "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to "
                    + "perform ENABLE operation.")
        }
        all.removeAll { $0.streamARN == streamARN }
        var destination = KinesisDestination(streamARN: streamARN, precision: precision)
        destination.isOn.change(to: true, at: time.now, settledAt: time.end)
        all.append(destination)
        return destination.status(at: time.now)
    }

    mutating func disable(_ streamARN: String, _ time: ChangeTime) throws(ServiceError) -> String {
        guard
            let place = all.firstIndex(where: {
                $0.streamARN == streamARN && $0.status(at: time.now) == "ACTIVE"
            })
        else {
            throw .validation(
                "Table is not in a valid state to enable Kinesis Streaming Destination: "
                    + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
        }
        all[place].isOn.change(to: false, at: time.now, settledAt: time.end)
        return all[place].status(at: time.now)
    }
}
