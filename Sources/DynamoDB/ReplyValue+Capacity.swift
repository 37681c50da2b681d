import AWS
import DynamoModel

extension ReplyValue {
    /// `ConsumedCapacity` (API reference), of one table. What a request has consumed is estimated
    /// where it is unknown.
    static func consumed(_ units: ClosedRange<Double>) -> ReplyValue {
        .object([
            .informing("CapacityUnits", .number(units)),
            .informing(
                "GlobalSecondaryIndexes",
                .map(.object([.informing("CapacityUnits", .number(units))]))),
        ])
    }

    /// Names of tables, indexes and attributes are no longer than this; other short texts neither.
    static let name = ReplyValue.text(max: 255)
    static let attributeName = ReplyValue.text(max: 65_535)
    static let arn = ReplyValue.text(max: 2_048)
}
