import AWS
import DynamoModel
import JSON

extension ReadableTable {
    func kinesisDestinations() async throws(AWSError) -> [TableSettings.KinesisDestination] {
        let reply = try await ask(.describeKinesisStreamingDestination)
        return (reply["KinesisDataStreamDestinations"]?.array ?? []).compactMap { destination in
            let status = destination["DestinationStatus"]?.string
            guard status == "ACTIVE" || status == "ENABLING" || status == "UPDATING",
                let arn = destination["StreamArn"]?.string
            else { return nil }
            return .init(
                streamARN: arn,
                precision: destination["ApproximateCreationDateTimePrecision"]?.string)
        }
    }
}

extension TargetTable {
    /// (API reference, EnableKinesisStreamingDestination.)
    package func setKinesis(
        _ destination: TableSettings.KinesisDestination
    ) async throws(AWSError) {
        let isOn = try await kinesisDestinations().contains {
            $0.streamARN == destination.streamARN
        }
        guard !isOn else { return }
        var body: JSON = [
            "TableName": .string(name), "StreamArn": .string(destination.streamARN),
        ]
        if let precision = destination.precision {
            body["EnableKinesisStreamingConfiguration"] = [
                "ApproximateCreationDateTimePrecision": .string(precision)
            ]
        }
        try await set(.enableKinesisStreamingDestination, body)
    }
}

extension ReadOperation {
    package static let describeKinesisStreamingDestination = ReadOperation(
        "DescribeKinesisStreamingDestination",
        reply: ReplyShape([
            .required(
                "KinesisDataStreamDestinations",
                .list(
                    .object([
                        .optional("DestinationStatus", .name), .optional("StreamArn", .arn),
                        .optional("ApproximateCreationDateTimePrecision", .name),
                    ])))
        ]))
}

extension Operation {
    package static let enableKinesisStreamingDestination = Operation(
        writing: "EnableKinesisStreamingDestination", reply: .empty)
}
