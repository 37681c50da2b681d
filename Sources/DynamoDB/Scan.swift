import AWS
import DynamoModel
import JSON

extension ReadableTable {
    /// Reads one item, or none, of the first segment of so many: whether the table can be scanned
    /// as a copy will is found out before anything is made of it.
    package func tryScan(segments: Int) async throws(AWSError) {
        var body: JSON = ["TableName": .string(name), "Limit": 1, "Select": "COUNT"]
        if segments > 1 {
            body["Segment"] = 0
            body["TotalSegments"] = JSON(segments)
        }
        _ = try await reader.call(.scan, body)
    }

    /// Whether the table holds any item, found by scanning: `ItemCount` may be six hours old. Only
    /// an absent `LastEvaluatedKey` ends a scan; empty pages may come before (API reference, Scan).
    package func holdsItems() async throws(AWSError) -> Bool {
        var startKey: JSON?
        repeat {
            var body: JSON = ["TableName": .string(name), "Limit": 1, "Select": "COUNT"]
            if let startKey { body["ExclusiveStartKey"] = startKey }
            let reply = try await reader.call(.scan, body)
            if let count = reply["Count"]?.int(in: ServiceRanges.pageItems), count > 0 {
                return true
            }
            startKey = reply["LastEvaluatedKey"]
        } while startKey?.members?.isEmpty == false
        return false
    }
}

extension ReadOperation {
    /// Read in place, by `PageCutter`, where items are copied. A `LastEvaluatedKey` without members
    /// is none: the segment has ended.
    package static let scan = ReadOperation(
        "Scan", items: true,
        reply: ReplyShape([
            .optional("Items", .list(.item)),
            .required("Count", .whole(ServiceRanges.pageItems)),
            .optional("LastEvaluatedKey", .item),
            .informing("ConsumedCapacity", .consumed(ServiceRanges.scanUnits)),
        ]))
}
