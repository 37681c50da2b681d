import JSON

/// DescribeKinesisStreamingDestination, EnableKinesisStreamingDestination and
/// DisableKinesisStreamingDestination (API reference). Nothing is ever sent to the streams.
extension Service {
    func describeKinesisDestination(_ request: Parameters) throws(ServiceError) -> JSON {
        let now = time.now
        let table = try table(of: request, at: now)
        let all = table.itemLock.reading { table.features.kinesis.all }
        return [
            "TableName": .string(table.name),
            "KinesisDataStreamDestinations": .array(all.map { $0.description(at: now) }),
        ]
    }

    func enableKinesisDestination(_ request: Parameters) throws(ServiceError) -> JSON {
        let streamARN = try kinesisStream(request)
        let given = try request.json("EnableKinesisStreamingConfiguration")
        let text = given?["ApproximateCreationDateTimePrecision"]?.string ?? "MILLISECOND"
        guard let precision = KinesisDestination.Precision(rawValue: text) else {
            throw .constraint(
                text,
                at: "enableKinesisStreamingConfiguration.approximateCreationDateTimePrecision",
                "Member must satisfy enum value set: [MILLISECOND, MICROSECOND]")
        }
        return try change(request, .enableKinesisStreamingDestination) {
            (table, now) throws(ServiceError) in
            guard table.servesItems(at: now) else {
                throw .busy(table.name, table.phase(at: now))
            }
            let status = try table.features.kinesis.enable(streamARN, precision, changeTime())
            var reply = Self.kinesisReply(table, streamARN, status)
            reply["EnableKinesisStreamingConfiguration"] = [
                "ApproximateCreationDateTimePrecision": .string(precision.rawValue)
            ]
            return reply
        }
    }

    func disableKinesisDestination(_ request: Parameters) throws(ServiceError) -> JSON {
        let streamARN = try kinesisStream(request)
        return try change(request, .disableKinesisStreamingDestination) {
            (table, _) throws(ServiceError) in
            let status = try table.features.kinesis.disable(streamARN, changeTime())
            return Self.kinesisReply(table, streamARN, status)
        }
    }

    private static func kinesisReply(
        _ table: Table, _ streamARN: String, _ status: String
    ) -> JSON {
        [
            "TableName": .string(table.name), "StreamArn": .string(streamARN),
            "DestinationStatus": .string(status),
        ]
    }

    /// A stream must be of the table's account and region.
    private func kinesisStream(_ request: Parameters) throws(ServiceError) -> String {
        guard let arn = try request.string("StreamArn") else {
            throw .constraint(nil, at: "streamArn", "Member must not be null")
        }
        guard arn.hasPrefix(tables.arn("kinesis", "stream/")) else {
            throw .validation(
                "Invalid Request: no Kinesis stream of this account and Region has the ARN \(arn)")
        }
        return arn
    }
}
