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

    /// The keys of the items that a scan of the whole table gives first.
    /// - Parameter names: of the key attributes.
    package func firstKeys(_ count: Int, names: [String]) async throws(AWSError) -> Set<Item> {
        let reply = try await reader.call(
            .scan,
            ["TableName": .string(name), "Limit": JSON(count), "ConsistentRead": true])
        let keys = Set(names.map { Array($0.utf8) })
        do {
            return Set(
                try (reply["Items"]?.array ?? []).map { item in
                    try Item(item).filter { keys.contains($0.key) }
                })
        } catch {
            throw AWSError(absurd: ReadOperation.scan.operation, "Items: \(error)")
        }
    }

    /// Whether the table holds any item, found by scanning: `ItemCount` may be six hours old. Only
    /// an absent `LastEvaluatedKey` ends a scan; empty pages may come before (API reference, Scan).
    package func holdsItems() async throws(AWSError) -> Bool {
        var startKey: JSON?
        var loop = CursorLoop()
        repeat {
            var body: JSON = ["TableName": .string(name), "Limit": 1, "Select": "COUNT"]
            if let startKey { body["ExclusiveStartKey"] = startKey }
            let reply = try await reader.call(.scan, body)
            if let count = reply["Count"]?.int(in: ServiceRanges.pageItems), count > 0 {
                return true
            }
            startKey = reply["LastEvaluatedKey"]
            if let startKey, !loop.advance(to: startKey.bytes) {
                throw AWSError(
                    absurd: ReadOperation.scan.operation, "LastEvaluatedKey does not lead on")
            }
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

    /// Read as a Scan is: pages of one partition key's items, in the order of their sort keys.
    package static let query = ReadOperation("Query", items: true, reply: scan.operation.reply)
}
